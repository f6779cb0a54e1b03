// Rhumb plugin SDK, C++ face: the slots of a column that a search may return. They follow from a
// rhumb_filter_t and the present bits of the column.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "rhumb/cpp/guard.h"
#include "rhumb/index.h"

namespace rhumb {

// Borrows the filter and the column for one call. Any thread of the call may use it. Every present
// slot passes if the filter is NULL, or if its kind is ALL, it has no live bits and its bit_count
// is 0.
class SlotFilter {
 public:
  SlotFilter(const rhumb_vectors_t& column, const rhumb_filter_t* filter)
      : present_(column.present) {
    if (filter == nullptr) return;
    switch (filter->kind) {
      case RHUMB_FILTER_ALL:
        words_ = filter->live;
        if (words_ != nullptr || filter->bit_count != 0) bound_ = filter->bit_count;
        counted_ = words_ != nullptr || filter->pass_count != 0;
        break;
      case RHUMB_FILTER_BITS:
        words_ = filter->bits;
        bound_ = words_ != nullptr ? filter->bit_count : 0;
        counted_ = true;
        break;
      case RHUMB_FILTER_SLOTS:
        if (filter->slots == nullptr && filter->pass_count != 0)
          throw Error(RHUMB_INVALID, "filter: slots expected, found NULL");
        slots_ = filter->slots;
        by_slots_ = true;
        counted_ = true;
        break;
      default:
        throw Error(RHUMB_UNSUPPORTED, "filter: unknown kind " + std::to_string(filter->kind));
    }
    pass_count_ = filter->pass_count;
  }

  // Returns true if the filter is a sorted list. Otherwise it has bits or lets every slot pass.
  bool by_slots() const noexcept { return by_slots_; }
  const uint32_t* slots() const noexcept { return slots_; }
  // Returns how many slots pass, as the filter says, or `otherwise` if it does not say. Slots
  // without this vector may be among them.
  uint64_t pass_count(uint64_t otherwise) const noexcept {
    return counted_ ? pass_count_ : otherwise;
  }

  // Returns whether a slot that has the vector passes. It takes constant time, except for a sorted
  // list, where it searches.
  bool passes(uint32_t slot) const noexcept {
    if (by_slots_) return std::binary_search(slots_, slots_ + pass_count_, slot);
    return slot < bound_ && (words_ == nullptr || (words_[slot >> 6] >> (slot & 63) & 1) != 0);
  }

  bool present(uint32_t slot) const noexcept {
    return present_ == nullptr || (present_word(slot >> 6) >> (slot & 63) & 1) != 0;
  }

  // Calls fn(slot) for every slot of [first, end) that passes and has the vector. The slots ascend.
  template <typename Fn>
  void for_each(uint32_t first, uint32_t end, Fn fn) const {
    if (by_slots_) {
      const uint32_t* const stop = slots_ + pass_count_;
      for (const uint32_t* s = std::lower_bound(slots_, stop, first); s != stop && *s < end; ++s) {
        if (present(*s)) fn(*s);
      }
      return;
    }
    end = static_cast<uint32_t>(std::min<uint64_t>(end, bound_));
    for (uint64_t word = first >> 6; word * 64 < end; ++word) {
      uint64_t bits = words_ != nullptr ? words_[word] : ~uint64_t{0};
      if (present_ != nullptr) bits &= present_word(word);
      if (word == first >> 6) bits &= ~uint64_t{0} << (first & 63);
      if (end - word * 64 < 64) bits &= (uint64_t{1} << (end & 63)) - 1;
      for (; bits != 0; bits &= bits - 1)
        fn(static_cast<uint32_t>(word * 64 + static_cast<uint64_t>(std::countr_zero(bits))));
    }
  }

 private:
  // The host may set bits of later slots in the same word during the call, so the read is atomic.
  uint64_t present_word(uint64_t word) const noexcept {
    return __atomic_load_n(present_ + word, __ATOMIC_RELAXED);
  }

  const uint64_t* present_;
  const uint64_t* words_ = nullptr;
  const uint32_t* slots_ = nullptr;
  uint64_t bound_ = std::numeric_limits<uint64_t>::max();
  uint64_t pass_count_ = 0;
  bool by_slots_ = false, counted_ = false;
};

}  // namespace rhumb
