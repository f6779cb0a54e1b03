// The slots that hold one value: none, one (inline), a few (sorted array) or many (bitmap). A
// posting takes 16 bytes, because in a field with many values most values are held by one row each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "host/payload/index/bitmap.h"

namespace rhumb::payload {

class Posting {
 public:
  static constexpr size_t kArraySlots = 32;  // beyond this: a bitmap

  bool empty() const { return std::holds_alternative<std::monostate>(slots_); }
  uint64_t count() const;
  uint32_t first() const;      // requires a posting that is not empty
  void add(uint32_t slot);     // the slot must not be in the posting yet
  void remove(uint32_t slot);  // the slot must be in the posting; removing the last one empties it
  uint64_t memory_bytes() const;
  std::span<const uint64_t> plain() const;  // like Bitmap::plain()

  // In ascending order.
  template <typename Fn>
  void for_each_below(uint32_t end, Fn fn) const {
    if (const uint32_t* one = std::get_if<uint32_t>(&slots_)) {
      if (*one < end) fn(*one);
    } else if (const Array* few = std::get_if<Array>(&slots_)) {
      for (const uint32_t slot : **few) {
        if (slot >= end) return;
        fn(slot);
      }
    } else if (const Bitmap* many = std::get_if<Bitmap>(&slots_)) {
      many->for_each_below(end, fn);
    }
  }

 private:
  using Array = std::unique_ptr<std::vector<uint32_t>>;
  std::variant<std::monostate, uint32_t, Array, Bitmap> slots_;
};
static_assert(sizeof(Posting) == 16);

}  // namespace rhumb::payload
