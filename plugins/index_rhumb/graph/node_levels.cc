#include "graph/node_levels.h"

#include "rhumb/cpp/guard.h"

namespace rhumb::coded {

void NodeLevels::reach(uint32_t slot, uint32_t level, uint32_t first_row) {
  if (first_row + level > kUpperRowsMax)
    throw Error(RHUMB_OVER_LIMIT, "more than 2^28 rows above level 0");
  upper_.reserve(uint64_t{first_row} + level);
  uint32_t& head = group(slot).upper;
  at(first_row) = {slot, level & kLevelMax,
                   __atomic_load_n(&head, __ATOMIC_RELAXED) & kUpperRowsMax};
  __atomic_store_n(&head, first_row + 1, __ATOMIC_RELEASE);
}

}  // namespace rhumb::coded
