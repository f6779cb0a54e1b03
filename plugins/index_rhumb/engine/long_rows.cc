#include "engine/long_rows.h"

#include <algorithm>

namespace rhumb::coded {

bool LongRows::add(uint32_t slot, float length) {
  const std::lock_guard lock(mutex_);
  const auto same = [slot](const Row& row) { return row.slot == slot; };
  if (std::any_of(rows_->begin(), rows_->end(), same)) return true;
  if (rows_->size() >= kLongRowsMax) return false;
  auto next = std::make_shared<std::vector<Row>>(*rows_);
  const auto at = std::upper_bound(next->begin(), next->end(), length,
                                   [](float l, const Row& row) { return l > row.length; });
  next->insert(at, Row{length, slot});
  rows_ = std::move(next);
  return true;
}

bool LongRows::has(uint32_t slot) const {
  const Snapshot rows = snapshot();
  return std::any_of(rows->begin(), rows->end(),
                     [slot](const Row& row) { return row.slot == slot; });
}

}  // namespace rhumb::coded
