// One segment of a shard: columns of rows addressed by slot, payload indexes, one graph per named
// vector.
//
// Slots are append-only and never reused; what a slot holds does not change, except that a payload
// may be overridden. Which slots are live, and how many are published, is the shard's knowledge:
// readers pass it in (Bounds), so that a search sees exactly one view. Threads: calls marked
// [apply] belong to the shard's apply thread; [background] to its one background strand; the others
// to any thread, for slots below the row count the caller was given by a view. What survives a
// crash: rows, ids, payloads, vectors and overrides that sync() covered. Graphs, codes and payload
// indexes are derived.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/payload/filter/planner.h"
#include "host/payload/index/index_set.h"
#include "host/segment/columns/checksums.h"
#include "host/segment/columns/column.h"
#include "host/segment/columns/live_bits.h"
#include "host/segment/columns/override_log.h"
#include "host/segment/columns/row_bits.h"
#include "host/segment/columns/vector_column.h"
#include "host/segment/format.h"
#include "host/segment/graph.h"
#include "host/segment/manifest.h"
#include "host/segment/options.h"

namespace rhumb::segment {

// A row to be written. vectors: one per column of the segment, data() == nullptr where the point
// has none.
struct RowInput {
  std::string_view id_key, payload;
  uint64_t version = 0;
  Hash content_hash{};
  std::vector<std::string_view> vectors;
};

// A point's row as stored, payload overrides taken into account. Views into the segment: valid as
// long as it is.
struct StoredRow {
  std::string_view id_key, payload;
  uint64_t version = 0, presence = 0;
};

// What of a segment a caller may see. live: bit = slot, at least `rows` bits. live_rows: of the
// view, where it keeps them.
struct Bounds {
  uint32_t rows = 0;
  std::span<const uint64_t> live;
  uint64_t live_count = 0;
  LiveRows* live_rows = nullptr;
};

class Segment {
 public:
  // [apply] A new, empty segment in `directory`, which is made durable with its manifest.
  static base::Result<std::shared_ptr<Segment>> create(const std::string& directory, uint32_t id,
                                                       const std::vector<VectorSpec>& vectors,
                                                       const SegmentOptions& options);
  // What `lengths` says is there and durable; kCorrupt with file and offset if it is not.
  // begin_replay() and finish_recovery() come next.
  static base::Result<std::shared_ptr<Segment>> open(const std::string& directory, uint32_t id,
                                                     const std::vector<VectorSpec>& vectors,
                                                     const SegmentOptions& options,
                                                     const Lengths& lengths);
  ~Segment();

  uint32_t id() const { return id_; }
  const std::string& directory() const { return directory_; }
  State state() const { return state_.load(std::memory_order_acquire); }
  const std::vector<VectorSpec>& vectors() const { return specs_; }
  size_t column_of(std::string_view vector_name) const;  // vectors().size() if there is none

  // [apply] Writing. fits: whether one more row stays within the segment's limits; an empty segment
  // takes any row.
  bool fits(const RowInput& row) const;
  base::Result<uint32_t> append(const RowInput& row);  // the slot; readable after flush()
  base::Status override_payload(uint32_t slot, uint64_t version,
                                // kTooLarge: the file is full, write a new row
                                std::string_view payload);
  bool override_fits(std::string_view payload) const { return overrides_.fits(payload.size()); }
  base::Status flush();
  Lengths lengths() const;

  // [apply] Recovery. begin_replay: slots from the rows of `durable` up to `rows` are void until
  // rewrite() writes them; blobs and overrides behind `durable` are forgotten. finish_recovery:
  // checks the live rows, sets up presence, and loads the graphs that were saved, with codes for
  // the rest.
  base::Status begin_replay(const Lengths& durable, uint32_t rows);
  base::Status rewrite(uint32_t slot, const RowInput& row);
  base::Status finish_recovery(std::span<const uint64_t> live);

  // Reading without checks, for filters and apply.
  std::string_view id_key(uint32_t slot) const;
  std::string_view payload(uint32_t slot) const;  // newest
  uint64_t presence(uint32_t slot) const { return record(slot).presence; }
  uint64_t version(uint32_t slot) const;  // of the newest change
  std::string_view vector(size_t column, uint32_t slot) const {
    return columns_[column]->row(slot);
  }
  // Reading for an answer: record, id and payload are compared with their checksums always, vectors
  // once the segment is sealed.
  base::Result<StoredRow> fetch(uint32_t slot) const;
  // Rows that are fetched next: what a processor waits for comes meanwhile, for all of them at
  // once.
  void prefetch(uint32_t slot) const { __builtin_prefetch(&record(slot)); }
  // after some other prefetches: it reads the row's record
  void prefetch_blobs(uint32_t slot) const;
  // Where a row's vectors lie, for a message: files and offsets.
  std::string places(uint32_t slot) const;
  base::Result<std::string_view> fetch_vector(size_t column, uint32_t slot) const;
  // kCorrupt once a page of any column could not be read; what was read since is to be thrown away.
  base::Status intact() const;

  // Payload indexes. put() [apply] was done by append and override_payload.
  payload::IndexSet& fields() { return *fields_; }
  const payload::IndexSet& fields() const { return *fields_; }
  base::Result<payload::FilterResult> filter(const payload::Matcher& matcher, const Bounds& bounds,
                                             const payload::EvaluateOptions& options) const;
  std::string fields_directory() const { return directory_ + "/" + kPayloadIndexDir; }
  base::Status save_fields(uint32_t rows, uint64_t through_version);  // [background]

  VectorColumn& column(size_t i) { return *columns_[i]; }
  const VectorColumn& column(size_t i) const { return *columns_[i]; }
  Graph& graph(size_t i) { return *graphs_[i]; }
  const Graph& graph(size_t i) const { return *graphs_[i]; }
  bool has_multivectors() const;
  // Any thread. The collection's vectors with other settings of their graphs, and of when these
  // begin.
  void configure_graphs(const std::vector<VectorSpec>& vectors);
  // A graph may be begun, or goes on since it was: of a multivector its rows count, not the slots.
  bool enough_for_graph(size_t column, uint32_t slots) const {
    return columns_[column]->rows_end(slots) >=
               graph_min_rows_[column].load(std::memory_order_relaxed) ||
           graphs_[column]->built() > 0;
  }
  bool waits_for_graph(size_t column, uint32_t slots) const {
    return enough_for_graph(column, slots) && graphs_[column]->wanted();
  }

  // [background] Durability. sync() covers all that was flushed before the call. seal() after the
  // last append was flushed: trims, syncs, writes checksums and the manifest. Not beside sync().
  base::Status sync();
  base::Status seal();
  // [background] Reads all columns again that have checksums of their own; `wrong` hears of each
  // damaged block.
  void verify_checksums(const std::function<void(const base::Status&)>& wrong) const;

 private:
  Segment(std::string directory, uint32_t id, const std::vector<VectorSpec>& vectors,
          const SegmentOptions& options);
  base::Status flush_files();
  base::Status open_files(const Lengths& lengths);
  base::Status load_checksums();
  base::Status check_record(uint32_t slot) const;
  base::Status check_bytes(size_t file, uint64_t offset, uint64_t bytes) const;
  base::Status write_record(uint32_t slot, const RowInput& row, uint64_t id_offset,
                            uint64_t payload_offset, bool at_end);
  const RowRecord& record(uint32_t slot) const {
    return *reinterpret_cast<const RowRecord*>(rows_.data() + slot * sizeof(RowRecord));
  }
  uint64_t bytes_with(const RowInput& row) const;
  template <typename F>
  void each_file(F&& use) const;
  // rows, ids, payload, then the vectors, then the row tables of multivectors
  std::vector<const Column*> files() const;

  const std::string directory_;
  const uint32_t id_;
  const std::vector<VectorSpec> specs_;
  const SegmentOptions options_;
  std::atomic<State> state_{State::kGrowing};
  Column rows_, ids_, payload_;
  OverrideLog overrides_;
  std::vector<std::unique_ptr<VectorColumn>> columns_;
  // one per column; empty until there are rows enough
  std::vector<std::unique_ptr<Graph>> graphs_;
  std::vector<std::atomic<uint64_t>> graph_min_rows_;  // of each column
  std::vector<std::unique_ptr<Checksums>> checksums_;  // of files(), set before state_ says sealed
  std::unique_ptr<payload::IndexSet> fields_;
  uint32_t row_count_ = 0;     // [apply]
  uint32_t durable_rows_ = 0;  // during recovery: slots below are as they were written
};

}  // namespace rhumb::segment
