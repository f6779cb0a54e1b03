#include "host/payload/index/bitmap.h"

#include <roaring/roaring.h>

#include <algorithm>
#include <new>
#include <utility>

#include "host/base/assert.h"

namespace rhumb::payload {
namespace {

struct FreeRoaring {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using Roaring = std::unique_ptr<roaring_bitmap_t, FreeRoaring>;

Roaring new_roaring() {
  Roaring roaring(roaring_bitmap_create());
  if (roaring == nullptr) throw std::bad_alloc();
  return roaring;
}

}  // namespace

struct Bitmap::Body {
  Roaring roaring;              // null if the set is plain
  std::vector<uint64_t> plain;  // bit = slot
  uint64_t count = 0;
  uint64_t end = 0;  // one more than the largest slot that was ever in the set
};

Bitmap::Bitmap() = default;
Bitmap::Bitmap(Bitmap&& other) noexcept = default;
Bitmap& Bitmap::operator=(Bitmap&& other) noexcept = default;
Bitmap::~Bitmap() = default;

bool Bitmap::add(uint32_t slot) {
  if (body_ == nullptr) {
    body_ = std::make_unique<Body>();
    body_->roaring = new_roaring();
  }
  Body& body = *body_;
  bool fresh = false;
  if (body.roaring != nullptr) {
    fresh = roaring_bitmap_add_checked(body.roaring.get(), slot);
  } else {
    if (slot / 64 >= body.plain.size()) body.plain.resize(size_t{slot} / 64 + 1);
    uint64_t& word = body.plain[slot / 64];
    fresh = (word >> slot % 64 & 1) == 0;
    word |= uint64_t{1} << slot % 64;
  }
  body.count += fresh ? 1 : 0;
  body.end = std::max<uint64_t>(body.end, uint64_t{slot} + 1);
  if (body.roaring != nullptr && body.count >= kPlainMinSlots &&
      body.count * kPlainDensity >= body.end)
    make_plain();
  // One slot may lie far beyond the others.
  if (body.roaring == nullptr && body.count * kThinDensity < body.end) make_compressed();
  return fresh;
}

bool Bitmap::remove(uint32_t slot) {
  if (!contains(slot)) return false;
  Body& body = *body_;
  --body.count;
  if (body.roaring != nullptr) {
    roaring_bitmap_remove(body.roaring.get(), slot);
    return true;
  }
  body.plain[slot / 64] &= ~(uint64_t{1} << slot % 64);
  if (body.count < kPlainMinSlots / 2 || body.count * kThinDensity < body.end) make_compressed();
  return true;
}

bool Bitmap::contains(uint32_t slot) const {
  if (body_ == nullptr) return false;
  if (body_->roaring != nullptr) return roaring_bitmap_contains(body_->roaring.get(), slot);
  return slot / 64 < body_->plain.size() && (body_->plain[slot / 64] >> slot % 64 & 1) != 0;
}

uint64_t Bitmap::count() const { return body_ == nullptr ? 0 : body_->count; }

uint32_t Bitmap::first() const {
  RHUMB_DASSERT(count() > 0);
  if (body_->roaring != nullptr) return roaring_bitmap_minimum(body_->roaring.get());
  const auto word =
      std::find_if(body_->plain.begin(), body_->plain.end(), [](uint64_t w) { return w != 0; });
  return static_cast<uint32_t>((word - body_->plain.begin()) * 64 + std::countr_zero(*word));
}

uint64_t Bitmap::memory_bytes() const {
  if (body_ == nullptr) return 0;
  const uint64_t roaring =
      body_->roaring == nullptr ? 0 : roaring_bitmap_portable_size_in_bytes(body_->roaring.get());
  return sizeof(Body) + roaring + body_->plain.capacity() * sizeof(uint64_t);
}

std::span<const uint64_t> Bitmap::plain() const {
  return body_ == nullptr ? std::span<const uint64_t>() : body_->plain;
}

void Bitmap::make_plain() {
  std::vector<uint64_t> words((body_->end + 63) / 64);
  for_each_below(~uint32_t{0},
                 [&words](uint32_t slot) { words[slot / 64] |= uint64_t{1} << slot % 64; });
  body_->plain = std::move(words);
  body_->roaring.reset();
}

void Bitmap::make_compressed() {
  Roaring roaring = new_roaring();
  std::vector<uint32_t> slots;
  slots.reserve(body_->count);
  for_each_below(~uint32_t{0}, [&slots](uint32_t slot) { slots.push_back(slot); });
  roaring_bitmap_add_many(roaring.get(), slots.size(), slots.data());
  body_->roaring = std::move(roaring);
  body_->plain = {};
}

std::string Bitmap::serialize_below(uint32_t end) const {
  std::string out;
  std::vector<uint32_t> slots;
  slots.reserve(count());
  for_each_below(end, [&slots](uint32_t slot) { slots.push_back(slot); });
  if (slots.empty()) return out;
  const Roaring roaring(roaring_bitmap_of_ptr(slots.size(), slots.data()));
  if (roaring == nullptr) throw std::bad_alloc();
  roaring_bitmap_run_optimize(roaring.get());
  out.resize(roaring_bitmap_portable_size_in_bytes(roaring.get()));
  const size_t written = roaring_bitmap_portable_serialize(roaring.get(), out.data());
  RHUMB_ASSERT(written == out.size());
  return out;
}

std::optional<Bitmap> Bitmap::deserialize(std::string_view bytes) {
  Bitmap out;
  if (bytes.empty()) return out;
  Roaring roaring(roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size()));
  if (roaring == nullptr || roaring_bitmap_portable_size_in_bytes(roaring.get()) != bytes.size())
    return std::nullopt;
  out.body_ = std::make_unique<Body>();
  out.body_->count = roaring_bitmap_get_cardinality(roaring.get());
  out.body_->end = out.body_->count == 0 ? 0 : uint64_t{roaring_bitmap_maximum(roaring.get())} + 1;
  out.body_->roaring = std::move(roaring);
  if (out.body_->count >= kPlainMinSlots && out.body_->count * kPlainDensity >= out.body_->end)
    out.make_plain();
  return out;
}

Bitmap::Reader::Reader(const Bitmap& bitmap) {
  if (bitmap.body_ != nullptr && bitmap.body_->roaring != nullptr)
    iterator_ = roaring_create_iterator(bitmap.body_->roaring.get());
}

Bitmap::Reader::~Reader() {
  if (iterator_ != nullptr) roaring_free_uint32_iterator(iterator_);
}

size_t Bitmap::Reader::read(uint32_t* slots) {
  return iterator_ == nullptr ? 0 : roaring_read_uint32_iterator(iterator_, slots, kBlockSlots);
}

}  // namespace rhumb::payload
