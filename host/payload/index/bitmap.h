// A set of slots in the representation that suits it. A sparse set is compressed (CRoaring, whose
// header stays in bitmap.cc). A set that holds a good part of the slots is plain bits, because
// those combine with other sets at memory speed. The object takes 8 bytes until the first add.
// Slots are below 2^32 - 1. The class is not thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct roaring_bitmap_s;
struct roaring_uint32_iterator_s;

namespace rhumb::payload {

class Bitmap {
 public:
  static constexpr uint64_t kPlainMinSlots = 4096;  // smaller sets are always compressed
  static constexpr uint64_t kPlainDensity = 16;     // plain from one slot in 16 on
  static constexpr uint64_t kThinDensity = 64;      // compressed again below one slot in 64

  Bitmap();
  Bitmap(Bitmap&& other) noexcept;
  Bitmap& operator=(Bitmap&& other) noexcept;
  ~Bitmap();

  bool add(uint32_t slot);     // true if the slot was not in the set
  bool remove(uint32_t slot);  // true if the slot was in the set
  bool contains(uint32_t slot) const;
  uint64_t count() const;  // O(1)
  uint32_t first() const;  // requires a set that is not empty
  uint64_t memory_bytes() const;
  // The bits of a plain set (bit = slot), else empty. Slots beyond the bits are not in the set.
  std::span<const uint64_t> plain() const;

  // The slots below `end` in the portable Roaring format, which other libraries can read.
  std::string serialize_below(uint32_t end) const;
  // Fails if `bytes` is not exactly one serialized set.
  static std::optional<Bitmap> deserialize(std::string_view bytes);

  // Calls fn(slot) for every slot below `end`, in ascending order.
  template <typename Fn>
  void for_each_below(uint32_t end, Fn fn) const {
    const std::span<const uint64_t> words = plain();
    for (size_t word = 0; word < words.size(); ++word) {
      for (uint64_t left = words[word]; left != 0; left &= left - 1) {
        const auto slot =
            static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left)));
        if (slot >= end) return;
        fn(slot);
      }
    }
    Reader reader(*this);
    uint32_t block[Reader::kBlockSlots];
    for (size_t n = reader.read(block); n > 0; n = reader.read(block)) {
      for (size_t i = 0; i < n; ++i) {
        if (block[i] >= end) return;
        fn(block[i]);
      }
    }
  }

 private:
  // Reads the slots of a compressed set in blocks, in ascending order. Reads nothing from a plain
  // set.
  class Reader {
   public:
    static constexpr size_t kBlockSlots = 256;
    explicit Reader(const Bitmap& bitmap);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    size_t read(uint32_t* slots);  // returns up to kBlockSlots slots, 0 at the end

   private:
    roaring_uint32_iterator_s* iterator_ = nullptr;
  };
  struct Body;

  void make_plain();
  void make_compressed();
  std::unique_ptr<Body> body_;
};

}  // namespace rhumb::payload
