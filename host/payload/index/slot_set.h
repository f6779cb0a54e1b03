// A set of slots below a fixed end, for the planner's set operations. A small set is a sorted list,
// a larger one is plain bits. Both operands of an operation have the same end.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace rhumb::payload {

// Counting is a good part of the cost of a selective filter on a large segment, and baseline x86-64
// code counts without the popcnt instruction. This function uses the instruction if the machine has
// it.
uint64_t count_bits(std::span<const uint64_t> bits);

class SlotSet {
 public:
  explicit SlotSet(uint32_t end) : end_(end) {}  // an empty set
  static SlotSet from_bits(std::span<const uint64_t> bits, uint32_t end);

  uint32_t end() const { return end_; }
  uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  bool contains(uint32_t slot) const;
  std::vector<uint64_t> to_bits() const;

  SlotSet& operator|=(const SlotSet& other);
  SlotSet& operator&=(const SlotSet& other);
  SlotSet& operator-=(const SlotSet& other);

  // Visits the slots in ascending order. fn returns void or bool; false stops the visit. Returns
  // false if the visit was stopped.
  template <typename Fn>
  bool for_each(Fn fn) const {
    const auto go_on = [&fn](uint32_t slot) {
      if constexpr (std::is_void_v<decltype(fn(slot))>) {
        fn(slot);
        return true;
      } else {
        return fn(slot);
      }
    };
    if (!dense_) {
      for (const uint32_t slot : list_) {
        if (!go_on(slot)) return false;
      }
      return true;
    }
    for (size_t word = 0; word < bits_.size(); ++word) {
      for (uint64_t left = bits_[word]; left != 0; left &= left - 1) {
        if (!go_on(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left)))))
          return false;
      }
    }
    return true;
  }

  // Collects slots in any order, with repetitions. Slots at or beyond the end are dropped.
  class Builder {
   public:
    explicit Builder(uint32_t end) : end_(end), list_limit_(list_limit(end)) {}
    void add(uint32_t slot) {
      if (slot >= end_) return;
      if (!bits_.empty()) {
        bits_[slot / 64] |= uint64_t{1} << slot % 64;
        return;
      }
      list_.push_back(slot);
      if (list_.size() > list_limit_) spill();
    }
    void add_bits(std::span<const uint64_t> bits);  // bit = slot
    SlotSet finish();

   private:
    void spill();
    uint32_t end_;
    size_t list_limit_;
    std::vector<uint32_t> list_;
    std::vector<uint64_t> bits_;  // in use once it is not empty
  };

 private:
  // A list of this length takes half the memory of the bits.
  static size_t list_limit(uint32_t end) { return end / 64 + 16; }
  void make_dense();
  void recount();

  uint32_t end_;
  uint64_t count_ = 0;
  bool dense_ = false;
  std::vector<uint32_t> list_;  // in use if !dense_
  std::vector<uint64_t> bits_;  // in use if dense_
};

}  // namespace rhumb::payload
