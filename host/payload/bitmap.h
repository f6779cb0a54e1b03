// A compressed set of slots (CRoaring, whose header stays in bitmap.cc). Null until the first add. Not thread-safe by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct roaring_bitmap_s;
struct roaring_uint32_iterator_s;

namespace rhumb::payload {

class Bitmap {
 public:
  Bitmap() = default;
  Bitmap(Bitmap&& other) noexcept : bitmap_(std::exchange(other.bitmap_, nullptr)) {}
  Bitmap& operator=(Bitmap&& other) noexcept {
    std::swap(bitmap_, other.bitmap_);
    return *this;
  }
  ~Bitmap();

  bool add(uint32_t slot);     // true if it was not in
  bool remove(uint32_t slot);  // true if it was in
  bool contains(uint32_t slot) const;
  uint64_t count() const;
  uint32_t first() const;      // of one that is not empty
  uint64_t memory_bytes() const;

  // The slots below `end`, in the portable Roaring format, which other libraries read too.
  std::string serialize_below(uint32_t end) const;
  static std::optional<Bitmap> deserialize(std::string_view bytes);  // exactly these bytes

  // Ascending, in blocks. The bitmap must not change meanwhile.
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

  // Calls fn(slot) for every slot below `end`.
  template <typename Fn>
  void for_each_below(uint32_t end, Fn fn) const {
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
  roaring_bitmap_s* bitmap_ = nullptr;
};

}  // namespace rhumb::payload
