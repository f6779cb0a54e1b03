#include "host/payload/bitmap.h"

#include <roaring/roaring.h>

#include <new>

#include "host/base/assert.h"

namespace rhumb::payload {

Bitmap::~Bitmap() {
  if (bitmap_ != nullptr) roaring_bitmap_free(bitmap_);
}

bool Bitmap::add(uint32_t slot) {
  if (bitmap_ == nullptr) {
    bitmap_ = roaring_bitmap_create();
    if (bitmap_ == nullptr) throw std::bad_alloc();
  }
  return roaring_bitmap_add_checked(bitmap_, slot);
}

bool Bitmap::remove(uint32_t slot) { return bitmap_ != nullptr && roaring_bitmap_remove_checked(bitmap_, slot); }

bool Bitmap::contains(uint32_t slot) const { return bitmap_ != nullptr && roaring_bitmap_contains(bitmap_, slot); }

uint64_t Bitmap::count() const { return bitmap_ == nullptr ? 0 : roaring_bitmap_get_cardinality(bitmap_); }

uint32_t Bitmap::first() const { return roaring_bitmap_minimum(bitmap_); }

uint64_t Bitmap::memory_bytes() const {
  return bitmap_ == nullptr ? 0 : roaring_bitmap_portable_size_in_bytes(bitmap_) + sizeof(roaring_bitmap_t);
}

std::string Bitmap::serialize_below(uint32_t end) const {
  std::string out;
  if (bitmap_ == nullptr || end == 0) return out;
  if (roaring_bitmap_maximum(bitmap_) >= end) {
    Bitmap below;
    for_each_below(end, [&below](uint32_t slot) { below.add(slot); });
    return below.serialize_below(end);
  }
  out.resize(roaring_bitmap_portable_size_in_bytes(bitmap_));
  const size_t written = roaring_bitmap_portable_serialize(bitmap_, out.data());
  RHUMB_ASSERT(written == out.size());
  return out;
}

std::optional<Bitmap> Bitmap::deserialize(std::string_view bytes) {
  Bitmap out;
  if (bytes.empty()) return out;
  out.bitmap_ = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
  if (out.bitmap_ == nullptr || roaring_bitmap_portable_size_in_bytes(out.bitmap_) != bytes.size()) return std::nullopt;
  return out;
}

Bitmap::Reader::Reader(const Bitmap& bitmap) {
  if (bitmap.bitmap_ != nullptr) iterator_ = roaring_create_iterator(bitmap.bitmap_);
}

Bitmap::Reader::~Reader() {
  if (iterator_ != nullptr) roaring_free_uint32_iterator(iterator_);
}

size_t Bitmap::Reader::read(uint32_t* slots) {
  return iterator_ == nullptr ? 0 : roaring_read_uint32_iterator(iterator_, slots, kBlockSlots);
}

}  // namespace rhumb::payload
