// The index of one field of one segment. Holds what each slot's payload says at a path: the values
// of the index's type (dictionary, postings, forward column), whether there is any value, a null,
// and which values are foreign (of a type that it does not hold).
//
// Threads: put(), put_untouched() and remove() from the writer and the builder, everything else
// from any thread; one lock inside, shared by readers for the length of a lookup. Survives a crash
// through encode()/decode() only: derived data.
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
  // The slots of a lookup that surely satisfy the condition, and those that the index cannot tell;
  // disjoint. The rest surely do not.
  struct Answer {
    SlotSet sure, open;
    uint64_t examined = 0;  // entries looked at
  };

  // Types that have an index: keyword, integer, float, bool, datetime, uuid. nullptr for the
  // others.
  static std::unique_ptr<FieldIndex> make(model::FieldType type, JsonPath path);
  virtual ~FieldIndex() = default;

  const JsonPath& path() const { return path_; }
  model::FieldType type() const { return type_; }

  // The slot's payload is now this one.
  virtual void put(uint32_t slot, std::string_view payload) = 0;
  // The same, unless put() or remove() touched the slot already. An index is being built from its
  // start until end_build().
  virtual void put_untouched(uint32_t slot, std::string_view payload) = 0;
  void remove(uint32_t slot) { put(slot, {}); }
  void end_build();

  // About how many slots lookup() would find sure or open: for the order of lookups, not a bound.
  virtual uint64_t estimate(const CompiledCondition& condition) const = 0;
  virtual Answer lookup(const CompiledCondition& condition, const SlotSet& within) const = 0;

  // live slots with at least one value of the index's type
  uint64_t points(std::span<const uint64_t> live) const;
  virtual uint64_t memory_bytes() const = 0;

  // Everything but the postings, which follow from the rest.
  virtual IndexFile encode(uint32_t slots, uint64_t through_version) const = 0;
  // Into an index that was put() nothing yet (else kInvalid); kCorrupt if the sections contradict
  // themselves or each other.
  virtual base::Status decode(const IndexFile& file) = 0;

 protected:
  FieldIndex(model::FieldType type, JsonPath path) : type_(type), path_(std::move(path)) {}

  // What a payload says at the path, beside the values.
  struct Facts {
    bool has_value = false;  // not empty in the sense of `is_empty`
    bool has_null = false;
    uint8_t foreign = 0;  // ForeignBit
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
  // Slots of `within` that hold one of these foreign kinds.
  SlotSet foreign_within(uint8_t bits, const SlotSet& within) const RHUMB_REQUIRES_SHARED(mutex_);
  uint64_t foreign_count(uint8_t bits) const RHUMB_REQUIRES_SHARED(mutex_);

  mutable base::SharedMutex mutex_;  // guards what the subclass holds, too
  States states_ RHUMB_GUARDED_BY(mutex_);
  bool building_ RHUMB_GUARDED_BY(mutex_) = true;
  Bitmap touched_ RHUMB_GUARDED_BY(mutex_);  // while building_

 private:
  const model::FieldType type_;
  const JsonPath path_;
};

// The slots of `within` that are in the bitmap.
SlotSet intersect(const Bitmap& bitmap, const SlotSet& within);

}  // namespace rhumb::payload
