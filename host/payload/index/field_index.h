// The index of one field of one segment. For each slot it holds what the payload has at a path: the
// values of the index's type (dictionary, postings, forward column), whether there is any value,
// whether there is a null, and which foreign values there are (values of other types).
//
// Threads: the writer and the builder call put(), put_untouched() and remove(); any thread may call
// the rest. One internal lock protects the index; readers share it for the length of a lookup. The
// index is derived data: only what encode() wrote survives a crash.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/payload/filter/compiled_filter.h"
#include "host/payload/index/bitmap.h"
#include "host/payload/index/field_kinds.h"
#include "host/payload/index/index_file.h"
#include "host/payload/index/slot_set.h"
#include "host/payload/json/json_path.h"

namespace rhumb::payload {

class FieldIndex {
 public:
  // The slots of a lookup that surely satisfy the condition, and those that the index cannot
  // decide. The two sets are disjoint. All other slots surely do not satisfy it.
  struct Answer {
    SlotSet sure, open;
    uint64_t examined = 0;  // index entries examined
  };

  // Makes an index of type keyword, integer, float, bool, datetime or uuid. Returns nullptr for the
  // other types, which have no index.
  static std::unique_ptr<FieldIndex> make(model::FieldType type, JsonPath path);
  virtual ~FieldIndex() = default;

  const JsonPath& path() const { return path_; }
  model::FieldType type() const { return type_; }

  // Replaces the slot's payload by this one.
  virtual void put(uint32_t slot, std::string_view payload) = 0;
  // Like put(), unless put() or remove() has already touched the slot. An index is being built from
  // its construction until end_build().
  virtual void put_untouched(uint32_t slot, std::string_view payload) = 0;
  void remove(uint32_t slot) { put(slot, {}); }
  void end_build();

  // About how many slots lookup() would find sure or open. It serves to order lookups and is not a
  // bound.
  virtual uint64_t estimate(const CompiledCondition& condition) const = 0;
  virtual Answer lookup(const CompiledCondition& condition, const SlotSet& within) const = 0;

  // The number of live slots with at least one value of the index's type.
  uint64_t points(std::span<const uint64_t> live) const;
  virtual uint64_t memory_bytes() const = 0;

  // Encodes everything except the postings, which follow from the rest.
  virtual IndexFile encode(uint32_t slots, uint64_t through_version) const = 0;
  // Fills an empty index; if put() was called before, it returns kInvalid. Returns kCorrupt if the
  // sections contradict themselves or each other.
  virtual base::Status decode(const IndexFile& file) = 0;

 protected:
  FieldIndex(model::FieldType type, JsonPath path) : type_(type), path_(std::move(path)) {}

  // What a payload has at the path, apart from the values.
  struct Facts {
    bool has_value = false;  // not empty in the sense of `is_empty`
    bool has_null = false;
    uint8_t foreign = 0;  // bits of ForeignBit
  };
  struct States {
    Bitmap has_value, has_null;
    std::array<Bitmap, kForeignKinds> foreign;
    void set(uint32_t slot, const Facts& facts);
    uint64_t memory_bytes() const;
    std::string encode(uint32_t slots) const;
    base::Status decode(std::string_view bytes);
  };

  virtual const Bitmap& valued() const RHUMB_REQUIRES_SHARED(mutex_) = 0;
  // The slots of `within` that hold one of these foreign kinds.
  SlotSet foreign_within(uint8_t bits, const SlotSet& within) const RHUMB_REQUIRES_SHARED(mutex_);
  uint64_t foreign_count(uint8_t bits) const RHUMB_REQUIRES_SHARED(mutex_);

  mutable base::SharedMutex mutex_;  // guards what the subclass holds, too
  States states_ RHUMB_GUARDED_BY(mutex_);
  bool building_ RHUMB_GUARDED_BY(mutex_) = true;
  Bitmap touched_ RHUMB_GUARDED_BY(mutex_);  // in use while building_

 private:
  const model::FieldType type_;
  const JsonPath path_;
};

// The slots of `within` that are in the bitmap.
SlotSet intersect(const Bitmap& bitmap, const SlotSet& within);

}  // namespace rhumb::payload
