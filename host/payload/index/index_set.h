// All payload indexes of one segment, which owns them. They are derived data: an index that is
// missing or damaged is rebuilt from the payloads.
//
// Threads: configure(), put() and remove() belong to the one writer (the shard's apply thread).
// build(), save() and load_fields() may run on a background thread at the same time. Lookups
// (planner.h) and the const members run on any thread. A lookup sees each slot's payload as of some
// moment during the call, so a search that pinned an older view rechecks hits whose payload has
// changed since.
//
// A row that dies keeps its entries, because searches hold older views in which it lives. Every
// answer is restricted to the live bits of the view. remove() is for a slot that no view holds any
// more.
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

// The state of a field after load_fields(): it is ready, or it needs build() because its file was
// missing or damaged.
struct LoadedField {
  std::string field;
  // One of ok, kNotFound, kCorrupt (which names the file and the section) and kIo.
  base::Status status;
  // The version of the file. Payload changes with a later version must be put() again.
  uint64_t through_version = 0;
  // Slots [0, slots) were indexed when the file was saved. Later slots must be put().
  uint32_t slots = 0;
};

class IndexSet {
 public:
  IndexSet();
  ~IndexSet();
  IndexSet(const IndexSet&) = delete;
  IndexSet& operator=(const IndexSet&) = delete;

  // Makes the set of fields equal to `fields`. New fields, and fields whose type changed, start
  // unready: put() feeds them at once, but lookups ignore them until build() or load_fields() has
  // made them ready. On kUnsupported (geo, text) and kInvalid (path) nothing changes.
  base::Status configure(const FieldConfigs& fields);
  std::vector<std::string> unready() const;

  // Puts the payloads of slots [0, slot_end) into a field that is not ready, then makes it ready.
  // `slot_end` is the slot that the writer had reached when it called configure(); the writer
  // itself has put() all later slots. `payload_of` is called without any lock and returns the
  // newest text of a slot, valid until its next call. The writer therefore stores a text before it
  // calls put(). Slots that put() reaches meanwhile keep what put() gave them. Returns kCancelled
  // once `cancelled` returns true (build() may be called again), and kNotFound if there is no such
  // field.
  base::Status build(const std::string& field, uint32_t slot_end,
                     const std::function<std::string_view(uint32_t slot)>& payload_of,
                     const std::function<bool()>& cancelled = {});
  // For an empty segment: every field becomes ready, because there is nothing to build from.
  void make_ready();

  // Puts the first or the changed payload of a slot into every field. Empty text means a point
  // without payload; a slot that is used for the first time and has no payload need not be put.
  void put(uint32_t slot, std::string_view payload);
  void remove(uint32_t slot);

  // Writes one file with checksums per ready field to `dir` (docs/formats/payload_index.md). Each
  // file is replaced atomically. Files of fields that no longer exist are removed. The caller has
  // called put() for all slots below `slots` and for all changes up to `through_version`.
  base::Status save(const std::string& dir, uint32_t slots, uint64_t through_version) const;
  // For each field that is not ready: reads its file, verifies every byte and makes the field
  // ready. A field that fails needs build(). Must be called before put().
  std::vector<LoadedField> load_fields(const std::string& dir);

  // For collection info: the number of points with at least one indexed value, by field as
  // configured. Only slots in `live` count (bit = slot).
  std::vector<std::pair<std::string, uint64_t>> points(std::span<const uint64_t> live) const;
  uint64_t memory_bytes() const;

  // The index of a path, if there is one and it is ready. Used by the planner, facets and ordering.
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
