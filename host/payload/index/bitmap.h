// A set of slots in the form that suits it: compressed (CRoaring, whose header stays in bitmap.cc)
// while it is thin, plain bits once it holds a good part of the slots, since those join with other
// sets at the speed of memory. 8 bytes until the first add. Slots are below 2^32 - 1. Not
// thread-safe by itself.
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
  static constexpr uint64_t kPlainMinSlots = 4096;  // fewer are always compressed
  static constexpr uint64_t kPlainDensity = 16;     // plain from one slot in 16 on ...
  static constexpr uint64_t kThinDensity = 64;      // ... and compressed again below one in 64

  Bitmap();
  Bitmap(Bitmap&& other) noexcept;
  Bitmap& operator=(Bitmap&& other) noexcept;
  ~Bitmap();

  bool add(uint32_t slot);     // true if it was not in
  bool remove(uint32_t slot);  // true if it was in
  bool contains(uint32_t slot) const;
  uint64_t count() const;  // O(1)
  uint32_t first() const;  // of one that is not empty
  uint64_t memory_bytes() const;
  // The bits (bit = slot), if it is plain; else empty. Slots beyond them are not in.
  std::span<const uint64_t> plain() const;

  // The slots below `end`, in the portable Roaring format, which other libraries read too.
  std::string serialize_below(uint32_t end) const;
  static std::optional<Bitmap> deserialize(std::string_view bytes);  // exactly these bytes

  // Calls fn(slot) for every slot below `end`, ascending.
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
  // The compressed slots, ascending, in blocks; none if the set is plain.
  class Reader {
   public:
    static constexpr size_t kBlockSlots = 256;
    explicit Reader(const Bitmap& bitmap);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    size_t read(uint32_t* slots);  // up to kBlockSlots; 0 at the end

   private:
    roaring_uint32_iterator_s* iterator_ = nullptr;
  };
  struct Body;

  void make_plain();
  void make_compressed();
  std::unique_ptr<Body> body_;
};

}  // namespace rhumb::payload
