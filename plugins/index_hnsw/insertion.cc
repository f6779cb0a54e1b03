#include "insertion.h"

#include <vector>

namespace rhumb::hnsw {

void Insertion::add(uint32_t slot, Pacer& pacer, Scratch& scratch) {
  if (graph_.level(slot)) return;
  const uint32_t level = graph_.draw_level(slot);
  std::unique_lock top(top_, std::defer_lock);
  std::optional<EntryPoint> entry = graph_.entry();
  if (!entry || level > entry->level) {
    top.lock();
    entry = graph_.entry();
    if (entry && level <= entry->level) top.unlock();
  }

  std::vector<std::vector<HitKey>> candidates;  // by level
  if (entry) {
    Walk walk(graph_, column_, kernel_, row_of(column_, slot), pacer, scratch);
    HitKey at = walk.measured(entry->slot);
    for (uint32_t l = entry->level; l > level; --l) at = walk.descend(at, l);
    candidates.resize(std::min(level, entry->level) + 1);
    for (size_t l = candidates.size(); l-- > 0;) {
      walk.search_level(at, static_cast<uint32_t>(l), graph_.ef_construct(), kNoBudget,
                        [](uint32_t) { return true; });
      const auto found = scratch.best.sorted();
      candidates[l].assign(found.begin(), found.end());
      at = found.front();
    }
  }

  graph_.create(slot, level);
  for (size_t l = 0; l < candidates.size(); ++l)
    graph_.link(slot, static_cast<uint32_t>(l), candidates[l]);
  if (top.owns_lock()) graph_.set_entry({slot, level});
}

}  // namespace rhumb::hnsw
