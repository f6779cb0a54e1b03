#include "graph/walk.h"

namespace rhumb::coded {

void Walk::search(WalkKey start, uint32_t level, uint32_t ef) {
  const Cleaner cleaner{scratch_};
  std::vector<WalkKey>& keys = scratch_.pool;
  if (keys.size() < ef + 1) keys.resize(ef + 1);
  WalkKey* const pool = keys.data();
  std::vector<WalkKey>& closer_keys = scratch_.closer;
  if (closer_keys.size() < kStepNodes * links_max_ + 1)
    closer_keys.resize(kStepNodes * links_max_ + 1);
  WalkKey* const closer = closer_keys.data();
  uint32_t found = 1;
  pool[0] = start;
  visit(walk_slot(start));
  if (hidden_ != kNoLink) visit(hidden_);
  for (uint32_t at = 0; at < found;) {
    // Takes the nearest nodes that are not expanded yet. The lowest bit marks expanded ones.
    const size_t first = scratch_.touched_n;
    uint32_t taken = 0, next = at;
    for (; next < found && taken < kStepNodes; ++next) {
      if ((pool[next] & 1) != 0) continue;
      if (taken++ == 0) at = next;
      expand(walk_slot(pool[next]), level);
      pool[next] |= 1;
    }
    if (taken == 0) break;
    if (reach_ > 0 && found >= stop_rank_ && beyond_reach(pool[at], pool[stop_rank_ - 1])) break;
    const auto n = static_cast<uint32_t>(scratch_.touched_n - first);
    const uint32_t* const ids = scratch_.touched.data() + first;
    // The walk goes on at these nodes unless something closer turns up, so they are prefetched.
    if (level == 0) {
      for (uint32_t i = next, ahead = 0; i < found && ahead < kStepNodes; ++i) {
        if ((pool[i] & 1) != 0) continue;
        graph_.prefetch(walk_slot(pool[i]));
        ++ahead;
      }
    }
    score(ids, n, scratch_.distances.data());
    uint32_t lowest = next;
    // A first pass without branches, because most nodes that a walk meets late are too far.
    const WalkKey worst = found == ef ? pool[ef - 1] : ~WalkKey{0};
    uint32_t near = 0;
    for (uint32_t i = 0; i < n; ++i) {
      const WalkKey key = walk_key(scratch_.distances[i], ids[i]);
      closer[near] = key;
      near += key < worst ? 1 : 0;
    }
    for (uint32_t i = 0; i < near; ++i) {
      const uint32_t went = insert_sorted(pool, found, ef, closer[i]);
      if (went < lowest) lowest = went;
      if (went <= at + 1 && level == 0) graph_.prefetch(walk_slot(closer[i]));
    }
    at = lowest;
  }
  for (uint32_t i = 0; i < found; ++i) pool[i] &= ~WalkKey{1};
  keys.resize(found);
}

}  // namespace rhumb::coded
