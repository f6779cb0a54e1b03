#include <algorithm>

#include "host/consensus/group.h"

namespace rhumb::consensus {

void EntryTable::reset(uint64_t base_index, uint64_t base_term) {
  base_ = base_index;
  bytes_ = 0;
  sizes_.clear();
  term_starts_ = {{base_index, base_term}};
}

void EntryTable::append(uint64_t index, uint64_t term, uint64_t bytes) {
  RHUMB_ASSERT(index > base_ && index <= last() + 1);
  while (last() >= index) {
    bytes_ -= sizes_.back();
    sizes_.pop_back();
  }
  term_starts_.erase(term_starts_.lower_bound(index), term_starts_.end());
  if (term_starts_.rbegin()->second != term) term_starts_.emplace(index, term);
  sizes_.push_back(static_cast<uint32_t>(bytes));
  bytes_ += bytes;
}

void EntryTable::release(uint64_t index) {
  RHUMB_ASSERT(index <= last());
  for (; base_ < index; ++base_) {
    bytes_ -= sizes_.front();
    sizes_.pop_front();
  }
  term_starts_.erase(term_starts_.begin(), std::prev(term_starts_.upper_bound(base_)));
}

uint64_t EntryTable::term_at(uint64_t index) const {
  RHUMB_ASSERT(index >= base_ && index <= last());
  return std::prev(term_starts_.upper_bound(index))->second;
}

}  // namespace rhumb::consensus
