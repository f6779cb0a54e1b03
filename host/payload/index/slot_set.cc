#include "host/payload/index/slot_set.h"

#include <algorithm>
#include <iterator>

#include "host/base/assert.h"

namespace rhumb::payload {
namespace {

size_t words(uint32_t end) { return (size_t{end} + 63) / 64; }

void cut_at(std::vector<uint64_t>& bits, uint32_t end) {
  bits.resize(words(end));
  if (end % 64 != 0) bits.back() &= (uint64_t{1} << end % 64) - 1;
}

uint64_t count_plainly(std::span<const uint64_t> bits) {
  uint64_t count = 0;
  for (const uint64_t word : bits) count += static_cast<uint64_t>(std::popcount(word));
  return count;
}

#if defined(__x86_64__)
[[gnu::target("popcnt")]] uint64_t count_by_instruction(std::span<const uint64_t> bits) {
  uint64_t count = 0;
  for (const uint64_t word : bits) count += static_cast<uint64_t>(__builtin_popcountll(word));
  return count;
}
#endif

}  // namespace

uint64_t count_bits(std::span<const uint64_t> bits) {
#if defined(__x86_64__)
  static const bool kHasPopcnt = __builtin_cpu_supports("popcnt") != 0;
  if (kHasPopcnt) return count_by_instruction(bits);
#endif
  return count_plainly(bits);
}

SlotSet SlotSet::from_bits(std::span<const uint64_t> bits, uint32_t end) {
  RHUMB_ASSERT(bits.size() >= words(end));
  SlotSet set(end);
  set.dense_ = true;
  set.bits_.assign(bits.begin(), bits.begin() + static_cast<std::ptrdiff_t>(words(end)));
  cut_at(set.bits_, end);
  set.recount();
  return set;
}

bool SlotSet::contains(uint32_t slot) const {
  if (slot >= end_) return false;
  return dense_ ? (bits_[slot / 64] >> slot % 64 & 1) != 0
                : std::binary_search(list_.begin(), list_.end(), slot);
}

std::vector<uint64_t> SlotSet::to_bits() const {
  if (dense_) return bits_;
  std::vector<uint64_t> bits(words(end_));
  for (const uint32_t slot : list_) bits[slot / 64] |= uint64_t{1} << slot % 64;
  return bits;
}

void SlotSet::make_dense() {
  if (dense_) return;
  bits_ = to_bits();
  dense_ = true;
  list_ = {};
}

// Counts the slots. A dense set that became small becomes a list, so that further operations cost
// only as much as the set holds.
void SlotSet::recount() {
  if (!dense_) {
    count_ = list_.size();
    return;
  }
  count_ = count_bits(bits_);
  if (count_ > list_limit(end_) / 2) return;
  list_.reserve(count_);
  for_each([this](uint32_t slot) { list_.push_back(slot); });
  dense_ = false;
  bits_ = {};
}

SlotSet& SlotSet::operator|=(const SlotSet& other) {
  RHUMB_ASSERT(end_ == other.end_);
  if (other.empty()) return *this;
  if (empty()) return *this = other;
  if (!dense_ && !other.dense_ && list_.size() + other.list_.size() <= list_limit(end_)) {
    std::vector<uint32_t> both;
    both.reserve(list_.size() + other.list_.size());
    std::set_union(list_.begin(), list_.end(), other.list_.begin(), other.list_.end(),
                   std::back_inserter(both));
    list_ = std::move(both);
  } else {
    make_dense();
    if (other.dense_) {
      for (size_t i = 0; i < bits_.size(); ++i) bits_[i] |= other.bits_[i];
    } else {
      for (const uint32_t slot : other.list_) bits_[slot / 64] |= uint64_t{1} << slot % 64;
    }
  }
  recount();
  return *this;
}

SlotSet& SlotSet::operator&=(const SlotSet& other) {
  RHUMB_ASSERT(end_ == other.end_);
  if (dense_ && other.dense_) {
    for (size_t i = 0; i < bits_.size(); ++i) bits_[i] &= other.bits_[i];
  } else if (dense_) {
    std::vector<uint32_t> both;
    std::copy_if(other.list_.begin(), other.list_.end(), std::back_inserter(both),
                 [this](uint32_t slot) { return contains(slot); });
    list_ = std::move(both);
    bits_ = {};
    dense_ = false;
  } else if (other.dense_) {
    std::erase_if(list_, [&other](uint32_t slot) { return !other.contains(slot); });
  } else {
    std::vector<uint32_t> both;
    std::set_intersection(list_.begin(), list_.end(), other.list_.begin(), other.list_.end(),
                          std::back_inserter(both));
    list_ = std::move(both);
  }
  recount();
  return *this;
}

SlotSet& SlotSet::operator-=(const SlotSet& other) {
  RHUMB_ASSERT(end_ == other.end_);
  if (empty() || other.empty()) return *this;
  if (dense_ && other.dense_) {
    for (size_t i = 0; i < bits_.size(); ++i) bits_[i] &= ~other.bits_[i];
  } else if (dense_) {
    for (const uint32_t slot : other.list_) bits_[slot / 64] &= ~(uint64_t{1} << slot % 64);
  } else if (other.dense_) {
    std::erase_if(list_, [&other](uint32_t slot) { return other.contains(slot); });
  } else {
    std::vector<uint32_t> rest;
    std::set_difference(list_.begin(), list_.end(), other.list_.begin(), other.list_.end(),
                        std::back_inserter(rest));
    list_ = std::move(rest);
  }
  recount();
  return *this;
}

void SlotSet::Builder::spill() {
  bits_.resize(words(end_));
  for (const uint32_t slot : list_) bits_[slot / 64] |= uint64_t{1} << slot % 64;
  list_ = {};
}

void SlotSet::Builder::add_bits(std::span<const uint64_t> bits) {
  if (bits_.empty()) spill();
  const size_t n = std::min(bits.size(), bits_.size());
  for (size_t i = 0; i < n; ++i) bits_[i] |= bits[i];
  if (!bits_.empty()) cut_at(bits_, end_);
}

SlotSet SlotSet::Builder::finish() {
  SlotSet set(end_);
  if (bits_.empty()) {
    std::sort(list_.begin(), list_.end());
    list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
    set.list_ = std::move(list_);
  } else {
    set.dense_ = true;
    set.bits_ = std::move(bits_);
  }
  set.recount();
  return set;
}

}  // namespace rhumb::payload
