#include "graph/transplant.h"

#include <algorithm>

namespace rhumb::coded {

void Transplant::copy_nodes(uint32_t first, uint32_t end) {
  for (uint32_t slot = first; slot < end; ++slot) {
    if (taken(slot) && from_.has(slot)) to_.adopt(from_, slot, mapped(slot));
  }
}

void Transplant::copy_row(uint32_t slot, uint32_t level) {
  std::vector<uint32_t> links(from_.row_links(level) + kSlackLinks), beyond(links.size()), kept;
  const uint32_t n = from_.copy_links(slot, level, links.data());
  bool whole = true;
  for (uint32_t i = 0; i < n; ++i) {
    if (taken(links[i])) {
      kept.push_back(mapped(links[i]));
      continue;
    }
    whole = false;
    const uint32_t m = from_.copy_links(links[i], level, beyond.data());
    for (uint32_t j = 0; j < m; ++j) {
      if (beyond[j] != slot && taken(beyond[j])) kept.push_back(mapped(beyond[j]));
    }
  }
  const uint32_t to = mapped(slot);
  if (whole && kept.size() <= to_.row_links(level)) {
    to_.set_row(to, level, kept);
    return;
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  to_.choose_row(to, level, kept);
}

void Transplant::copy_links(uint32_t first, uint32_t end) {
  for (uint32_t slot = first; slot < end; ++slot) {
    if (!taken(slot) || !from_.has(slot)) continue;
    for (uint32_t level = 0; level <= from_.level(slot); ++level) copy_row(slot, level);
  }
}

void Transplant::finish() {
  EntryPoint entry;
  bool any = false;
  for (uint32_t slot = 0; slot < to_.end(); ++slot) {
    if (!to_.has(slot) || (any && to_.level(slot) <= entry.level)) continue;
    entry = {slot, to_.level(slot)};
    any = true;
  }
  if (any) to_.set_entry(entry);
}

}  // namespace rhumb::coded
