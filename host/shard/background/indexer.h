// Builds graphs and payload indexes for the rows that apply has written, a slice at a time, while
// searches go on. All of it is derived data: a failure is reported in the shard's state and leaves
// scans, which give the same answers more slowly.
//
// Runs on a background strand of its own. Any thread may call wake().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/base/executor.h"
#include "host/base/memory_guard.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/model/query.h"
#include "host/shard/background/renewer.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class Indexer {
 public:
  Indexer(Core& core, base::Strand& strand)
      : core_(core), strand_(strand), renewer_(core, [this] { wake(); }) {}

  // Before all other calls: what is durable in the shard's own files.
  void recovered(const Watermark& durable);
  // There may be something to do: new rows, or payload indexes that are not ready.
  void wake();
  // Fires when no payload index is missing any more for this version of the configuration or a
  // later one.
  void when_configured(uint64_t version, std::function<void(base::Status)> done);
  // Fires when everything that was there to index at the time of the call is indexed, as far as
  // possible.
  void when_idle(std::function<void()> done);
  void fail(const base::Status& reason);
  // Ends the renewals of graphs without effect.
  void stop() { renewer_.stop(); }

  // A checkpoint begins. Until it has ended, graphs take in no slot that it does not make durable,
  // so that they can be saved afterwards.
  void checkpoint_begins(const Watermark& watermark);
  // A checkpoint ended. If `durable` is set, its lengths are durable, so graphs that grew and
  // indexes of sealed segments are saved. Null means that the checkpoint failed.
  void checkpoint_ended(std::shared_ptr<const Watermark> durable);

  // Removes files and directories of segments that no view has that is taken from now on. `done`
  // fires when they are gone.
  void remove_files(std::vector<std::string> paths, std::function<void()> done);

  // A search spent `ns` on scanning `rows` that wait for a graph.
  void tail_scanned(uint64_t rows, uint64_t ns);
  // The tail: the rows that are not in the graph yet.
  struct Tail {
    uint64_t rows = 0;   // over all segments and vectors
    double scan_ms = 0;  // about what a search spends on them
  };
  Tail tail(const View& view) const;
  std::string warning() const;
  // True if no graph is built again, or needs to be.
  bool settled(const View& view) const;
  // Returns at most kMaxIndexStates entries.
  std::vector<model::IndexState> indexes(const View& view) const;

 private:
  void run();
  // Does one slice of one piece of work. False means that there was none.
  bool step();
  std::optional<base::Status> build_field();  // nullopt if there was nothing to build
  bool extend_graph(const ViewPtr& view);
  bool renew_graph(const ViewPtr& view);
  bool release_memory(const ViewPtr& view);
  base::MemoryLevel memory_level() const;
  uint32_t graph_end(const SegmentView& part, size_t column) const;
  void settle(const SchemaPtr& schema);
  void tell_idle();
  void save(const Watermark& durable);
  void save_fields(segment::Segment& segment, uint32_t durable_rows, bool sealed);
  void graph_failed(segment::Segment& segment, size_t column, const base::Status& reason);
  void warn(const std::string& text);

  Core& core_;
  base::Strand& strand_;
  std::atomic<bool> scheduled_{false};
  // Measured time to scan a row of the tail, smoothed. The start value is a guess for some hundred
  // dimensions.
  std::atomic<double> ns_per_row_{50};
  // [strand] Failures per segment and column. After a few failures a column is left to scans.
  std::map<std::pair<uint32_t, size_t>, uint32_t> failures_;
  struct SavedFields {
    uint32_t rows = 0;
    bool whole = false;  // of a sealed segment
  };
  std::map<uint32_t, SavedFields> fields_saved_;  // [strand] by segment
  std::set<uint32_t> released_;                   // [strand] sealed segments, while memory is short
  std::map<uint32_t, uint32_t> durable_rows_;  // [strand] by segment, as of the latest checkpoint

  mutable base::Mutex mutex_;
  std::optional<Watermark> limit_ RHUMB_GUARDED_BY(mutex_);  // of the checkpoint under way
  std::string warning_ RHUMB_GUARDED_BY(mutex_);
  base::Status failure_ RHUMB_GUARDED_BY(mutex_);
  // The version of the newest configuration without missing indexes.
  uint64_t configured_ RHUMB_GUARDED_BY(mutex_) = 0;
  std::vector<std::pair<uint64_t, std::function<void(base::Status)>>> waiting_
      RHUMB_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> idle_waiters_ RHUMB_GUARDED_BY(mutex_);
  Renewer renewer_;
};

}  // namespace rhumb::shard
