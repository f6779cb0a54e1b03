// One segment of a shard: columns of rows addressed by slot, payload indexes, and one graph per
// named vector.
//
// Slots are append-only and never reused. What a slot holds does not change, except that a payload
// may be overridden. The shard knows which slots are live and how many are published, and readers
// pass that in (Bounds), so that a search sees exactly one view. Threads: calls marked [apply]
// belong to the shard's apply thread, calls marked [background] to its one background strand; the
// others may come from any thread, for slots below the row count of the caller's view. What
// survives a crash: the rows, ids, payloads, vectors and overrides that sync() covered. Graphs,
// codes and payload indexes are derived.
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
#include "host/base/uuid.h"
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

// A row to be written. `vectors` has one entry per column of the segment; data() == nullptr means
// that the point does not have that vector.
struct RowInput {
  std::string_view id_key, payload;
  uint64_t version = 0;
  Hash content_hash{};
  std::vector<std::string_view> vectors;
};

// A point's row as stored, with payload overrides applied. Its views point into the segment and are
// valid as long as the segment is.
struct StoredRow {
  std::string_view id_key, payload;
  uint64_t version = 0, presence = 0;
};

// The part of a segment that a caller may see. `live` has one bit per slot, at least `rows` bits.
// `live_rows` is where the view keeps the live rows of multivectors.
struct Bounds {
  uint32_t rows = 0;
  std::span<const uint64_t> live;
  uint64_t live_count = 0;
  LiveRows* live_rows = nullptr;
};

class Segment {
 public:
  // [apply] Creates an empty segment in `directory` and makes the directory durable with its
  // manifest.
  static base::Result<std::shared_ptr<Segment>> create(
      const std::string& directory, uint32_t id, const std::vector<VectorSpec>& vectors,
      const SegmentOptions& options, const base::Uuid& uuid = base::random_uuid());
  // Opens a segment of which `lengths` says what is there and durable; kCorrupt names file and
  // offset if that is not so. begin_replay() and finish_recovery() must follow.
  static base::Result<std::shared_ptr<Segment>> open(const std::string& directory, uint32_t id,
                                                     const std::vector<VectorSpec>& vectors,
                                                     const SegmentOptions& options,
                                                     const Lengths& lengths);
  ~Segment();

  uint32_t id() const { return id_; }
  const base::Uuid& uuid() const { return uuid_; }
  const std::string& directory() const { return directory_; }
  State state() const { return state_.load(std::memory_order_acquire); }
  const std::vector<VectorSpec>& vectors() const { return specs_; }
  // Returns vectors().size() if there is no such vector.
  size_t column_of(std::string_view vector_name) const;

  // [apply] Writing. fits() says whether one more row stays within the segment's limits; an empty
  // segment takes any row.
  bool fits(const RowInput& row) const;
  base::Result<uint32_t> append(const RowInput& row);  // returns the slot; readable after flush()
  // kTooLarge means that the file is full, so the caller must write a new row.
  base::Status override_payload(uint32_t slot, uint64_t version, std::string_view payload);
  bool override_fits(std::string_view payload) const { return overrides_.fits(payload.size()); }
  base::Status flush();
  Lengths lengths() const;
  uint64_t bytes() const;  // in the files of rows and overrides

  // [apply] For a segment that is written by a merge, in place of flush(). make_codes() follows
  // when the graphs are built, because rows in a graph need no codes.
  base::Status flush_without_codes() { return flush_files(); }
  void make_codes();

  // [apply] Recovery. begin_replay() makes the slots from the rows of `durable` up to `rows` void
  // until rewrite() writes them, and forgets blobs and overrides beyond `durable`.
  // finish_recovery() checks the live rows, sets up presence, and loads the saved graphs; rows that
  // no graph covers get codes.
  base::Status begin_replay(const Lengths& durable, uint32_t rows);
  base::Status rewrite(uint32_t slot, const RowInput& row);
  base::Status finish_recovery(std::span<const uint64_t> live);

  // Reading without checks, for filters and apply.
  std::string_view id_key(uint32_t slot) const;
  std::string_view payload(uint32_t slot) const;  // the newest payload
  uint64_t presence(uint32_t slot) const { return record(slot).presence; }
  uint64_t version(uint32_t slot) const;  // version of the newest change
  // The hash of the point when the row was written. An override may have come since.
  const Hash& content_hash(uint32_t slot) const { return record(slot).content_hash; }
  bool overridden(uint32_t slot) const { return overrides_.find(slot).has_value(); }
  std::string_view vector(size_t column, uint32_t slot) const {
    return columns_[column]->row(slot);
  }
  // Reading for an answer. Record, id and payload are always compared with their checksums, vectors
  // once the segment is sealed.
  base::Result<StoredRow> fetch(uint32_t slot) const;
  // Prefetches a row that is fetched next, so that the processor waits for the memory of all such
  // rows at once.
  void prefetch(uint32_t slot) const { __builtin_prefetch(&record(slot)); }
  // Reads the row's record, so call it after the records of some other rows were prefetched.
  void prefetch_blobs(uint32_t slot) const;
  // The files and offsets of a row's vectors, for a message.
  std::string places(uint32_t slot) const;
  // Calls `visit` with the slots of the overrides in [from, to) of the override file. Both are
  // lengths that the file had between two changes.
  base::Status each_override(uint64_t from, uint64_t to,
                             const std::function<base::Status(uint32_t slot)>& visit) const {
    return overrides_.each(from, to, visit);
  }
  base::Result<std::string_view> fetch_vector(size_t column, uint32_t slot) const;
  // Fails with kCorrupt once a page of any column could not be read. The caller must then throw
  // away what it has read since.
  base::Status intact() const;

  // Payload indexes. append() and override_payload() have already called put() [apply].
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
  // Any thread. Passes the collection's vectors on with other settings of their graphs and of when
  // a graph begins.
  void configure_graphs(const std::vector<VectorSpec>& vectors);
  // True if a graph may be begun, or was begun and goes on. A multivector's rows count, not its
  // slots.
  bool enough_for_graph(size_t column, uint32_t slots) const {
    return columns_[column]->rows_end(slots) >=
               graph_min_rows_[column].load(std::memory_order_relaxed) ||
           graphs_[column]->built() > 0;
  }
  bool waits_for_graph(size_t column, uint32_t slots) const {
    return enough_for_graph(column, slots) && graphs_[column]->wanted();
  }

  // [background] Durability. sync() covers everything that was flushed before the call. seal() is
  // called after the last append was flushed: it trims, syncs, and writes the checksums and the
  // manifest. It must not run beside sync().
  base::Status sync();
  base::Status seal();
  // The names of the column files and of their checksums, which never change once the segment is
  // sealed.
  std::vector<std::string> sealed_files() const;
  // Any thread. The column files of a sealed segment with their checksums, which live as long as
  // the segment. Empty before the segment is sealed.
  struct SealedColumn {
    std::string path;
    uint64_t bytes = 0;
    std::span<const uint32_t> crcs;  // CRC-32C of each block of kChecksumBlockBytes
  };
  std::vector<SealedColumn> sealed_columns() const;
  // [background] Reads again all columns that have checksums of their own. `wrong` is called for
  // each damaged block.
  void verify_checksums(const std::function<void(const base::Status&)>& wrong) const;

 private:
  Segment(std::string directory, uint32_t id, const std::vector<VectorSpec>& vectors,
          const SegmentOptions& options, const base::Uuid& uuid);
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
  // In this order: rows, ids, payload, the vectors, the row tables of multivectors.
  std::vector<const Column*> files() const;

  const std::string directory_;
  const uint32_t id_;
  const base::Uuid uuid_;
  const std::vector<VectorSpec> specs_;
  const SegmentOptions options_;
  std::atomic<State> state_{State::kGrowing};
  Column rows_, ids_, payload_;
  OverrideLog overrides_;
  std::vector<std::unique_ptr<VectorColumn>> columns_;
  // One per column. A graph is empty until there are enough rows.
  std::vector<std::unique_ptr<Graph>> graphs_;
  std::vector<std::atomic<uint64_t>> graph_min_rows_;  // per column
  // One for each of files(), set before state_ says sealed.
  std::vector<std::unique_ptr<Checksums>> checksums_;
  std::unique_ptr<payload::IndexSet> fields_;
  uint32_t row_count_ = 0;  // [apply]
  // During recovery: the slots below this one are as they were written.
  uint32_t durable_rows_ = 0;
};

}  // namespace rhumb::segment
