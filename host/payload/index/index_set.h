// All payload indexes of one segment. Owned by the segment; derived data: whatever is missing or
// damaged is built again from the payloads.
//
// Threads: configure(), put() and remove() belong to the one writer (the shard's apply thread);
// build(), save() and load_fields() may run on a background thread beside it; lookups (planner.h)
// and the const members run on any thread. A lookup sees each slot's payload as of some moment
// during the call: a search that pinned an older view checks again the hits whose payload changed
// since.
//
// A row that dies keeps its entries: searches hold older views in which it lives, and every answer
// is cut down to the view's live bits. remove() is for a slot that no view holds any more.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/payload/json/json_path.h"

namespace rhumb::payload {

class FieldIndex;
using FieldConfigs = std::map<std::string, model::PayloadIndexConfig>;  // by JSON path

// What a field needs after load_fields(): nothing (ready), or a build() because its file was
// missing or damaged.
struct LoadedField {
  std::string field;
  base::Status status;  // ok, kNotFound, kCorrupt (file and section named), kIo
  // of the file: payload changes with a later version must be put() again
  uint64_t through_version = 0;
  // slots [0, slots) were in when it was saved: later ones must be put()
  uint32_t slots = 0;
};

class IndexSet {
 public:
  IndexSet();
  ~IndexSet();
  IndexSet(const IndexSet&) = delete;
  IndexSet& operator=(const IndexSet&) = delete;

  // Makes the set of fields equal to `fields`. New fields (and those whose type changed) start
  // unready: put() feeds them at once, lookups leave them alone until build() or load_fields() made
  // them ready. kUnsupported (geo, text) or kInvalid (path): nothing changed.
  base::Status configure(const FieldConfigs& fields);
  std::vector<std::string> unready() const;

  // Puts the payloads of slots [0, slot_end) into a field that is not ready, then makes it ready.
  // `slot_end` is what the writer had reached when it called configure(): it put() everything later
  // itself. `payload_of` is called without any lock and returns the newest text of a slot (store it
  // before put()), valid until its next call; slots that put() reached meanwhile keep what put()
  // gave them. kCancelled once `cancelled` says so (build() may be called again), kNotFound if
  // there is no such field.
  base::Status build(const std::string& field, uint32_t slot_end,
                     const std::function<std::string_view(uint32_t slot)>& payload_of,
                     const std::function<bool()>& cancelled = {});
  // For an empty segment: every field is ready, since there is nothing to build from.
  void make_ready();

  // The payload of a slot, first or changed, into every field. Empty text is a point without
  // payload: need not be told of a slot that is used for the first time.
  void put(uint32_t slot, std::string_view payload);
  void remove(uint32_t slot);

  // One checksummed file a ready field in `dir` (docs/formats/payload_index.md), each replaced
  // atomically; files of fields that are no more are removed. `slots`, `through_version`: put() has
  // been called for all slots below and for all changes up to that version.
  base::Status save(const std::string& dir, uint32_t slots, uint64_t through_version) const;
  // For each field that is not ready: reads its file, verifies every byte, makes it ready. What
  // fails needs build(). Call it before put().
  std::vector<LoadedField> load_fields(const std::string& dir);

  // Points that have at least one indexed value, by field as configured; `live` cuts (bit = slot).
  // For collection info.
  std::vector<std::pair<std::string, uint64_t>> points(std::span<const uint64_t> live) const;
  uint64_t memory_bytes() const;

  // The index of a path, if there is one and it is ready; for the planner, facets and ordering.
  std::shared_ptr<const FieldIndex> find(std::string_view field) const;

 private:
  struct Field;
  using Fields = std::map<std::string, std::shared_ptr<Field>, std::less<>>;
  std::shared_ptr<const Fields> fields() const;

  mutable base::Mutex mutex_;
  // The map is immutable; configure() replaces it.
  std::shared_ptr<const Fields> fields_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::payload
