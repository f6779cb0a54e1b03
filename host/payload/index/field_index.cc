#include "host/payload/index/field_index.h"

#include "host/base/bytes.h"

namespace rhumb::payload {
namespace {

void set_to(Bitmap& bitmap, uint32_t slot, bool in) {
  if (in) {
    bitmap.add(slot);
  } else {
    bitmap.remove(slot);
  }
}

}  // namespace

SlotSet intersect(const Bitmap& bitmap, const SlotSet& within) {
  SlotSet::Builder found(within.end());
  const std::span<const uint64_t> plain = bitmap.plain();
  if (within.count() * 64 < within.end() || (plain.empty() && within.count() < bitmap.count())) {
    within.for_each([&](uint32_t slot) {
      if (bitmap.contains(slot)) found.add(slot);
    });
    return found.finish();
  }
  if (plain.empty()) {
    bitmap.for_each_below(within.end(), [&](uint32_t slot) { found.add(slot); });
  } else {
    found.add_bits(plain);
  }
  SlotSet both = found.finish();
  both &= within;
  return both;
}

void FieldIndex::States::set(uint32_t slot, const Facts& facts) {
  set_to(has_value, slot, facts.has_value);
  set_to(has_null, slot, facts.has_null);
  for (uint32_t kind = 0; kind < kForeignKinds; ++kind)
    set_to(foreign[kind], slot, (facts.foreign >> kind & 1) != 0);
}

uint64_t FieldIndex::States::memory_bytes() const {
  uint64_t bytes = has_value.memory_bytes() + has_null.memory_bytes();
  for (const Bitmap& bitmap : foreign) bytes += bitmap.memory_bytes();
  return bytes;
}

std::string FieldIndex::States::encode(uint32_t slots) const {
  std::string out;
  base::ByteWriter writer(out);
  writer.blob(has_value.serialize_below(slots));
  writer.blob(has_null.serialize_below(slots));
  for (const Bitmap& bitmap : foreign) writer.blob(bitmap.serialize_below(slots));
  return out;
}

base::Status FieldIndex::States::decode(std::string_view bytes) {
  base::ByteReader reader(bytes);
  std::array<Bitmap*, 2 + kForeignKinds> bitmaps{&has_value, &has_null};
  for (uint32_t kind = 0; kind < kForeignKinds; ++kind) bitmaps[2 + kind] = &foreign[kind];
  for (Bitmap* bitmap : bitmaps) {
    std::optional<Bitmap> read = Bitmap::deserialize(reader.blob());
    if (reader.failed() || !read) return base::corrupt("payload index: a bitmap cannot be read");
    *bitmap = std::move(*read);
  }
  return reader.done() ? base::ok()
                       : base::corrupt("payload index: there are bytes after the bitmaps");
}

void FieldIndex::end_build() {
  const base::WriterLock lock(mutex_);
  building_ = false;
  touched_ = Bitmap{};
}

uint64_t FieldIndex::points(std::span<const uint64_t> live) const {
  const base::ReaderLock lock(mutex_);
  uint64_t count = 0;
  const uint64_t end = std::min<uint64_t>(live.size() * 64, 0xffffffff);
  valued().for_each_below(static_cast<uint32_t>(end),
                          [&](uint32_t slot) { count += live[slot / 64] >> slot % 64 & 1; });
  return count;
}

SlotSet FieldIndex::foreign_within(uint8_t bits, const SlotSet& within) const {
  SlotSet found(within.end());
  for (uint32_t kind = 0; kind < kForeignKinds; ++kind) {
    if ((bits >> kind & 1) != 0 && states_.foreign[kind].count() > 0)
      found |= intersect(states_.foreign[kind], within);
  }
  return found;
}

uint64_t FieldIndex::foreign_count(uint8_t bits) const {
  uint64_t count = 0;
  for (uint32_t kind = 0; kind < kForeignKinds; ++kind) {
    if ((bits >> kind & 1) != 0) count += states_.foreign[kind].count();
  }
  return count;
}

}  // namespace rhumb::payload
