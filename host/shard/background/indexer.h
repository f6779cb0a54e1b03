// Brings graphs and payload indexes up to the rows, a slice at a time, behind apply and beside
// searches. All of it is derived data: a failure is reported in the shard's state and leaves scans,
// which are right and slower.
//
// Runs on a background strand of its own. wake() is for any thread; the rest says.
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

  // There may be something to do: new rows, or payload indexes that are not ready.
  void wake();
  // Fires when no payload index of the configuration with this version, or a later one, is missing
  // any more.
  void when_configured(uint64_t version, std::function<void(base::Status)> done);
  // Fires when everything that was there to index at the time of the call is indexed, as far as it
  // can be.
  void when_idle(std::function<void()> done);
  void fail(const base::Status& reason);
  // Graphs that are built anew end without effect.
  void stop() { renewer_.stop(); }

  // A checkpoint begins: until it ended, graphs take in no slot that it does not make durable, so
  // that they can be saved then.
  void checkpoint_begins(const Watermark& watermark);
  // durable: its lengths are durable, so graphs that grew and indexes of sealed segments are saved;
  // null: it failed.
  void checkpoint_ended(std::shared_ptr<const Watermark> durable);

  // A search scanned `rows` that wait for a graph in `ns`.
  void tail_scanned(uint64_t rows, uint64_t ns);
  struct Tail {
    uint64_t rows = 0;   // that wait for a graph, over all segments and vectors
    double scan_ms = 0;  // what a search spends on them, about
  };
  Tail tail(const View& view) const;
  std::string warning() const;
  // Nothing is built anew, or to be.
  bool settled(const View& view) const;
  // At most kMaxIndexStates.
  std::vector<model::IndexState> indexes(const View& view) const;

 private:
  void run();
  // One slice of one piece of work; false when there was none.
  bool step();
  std::optional<base::Status> build_field();  // none: there was nothing to build
  bool extend_graph(const ViewPtr& view);
  bool renew_graph(const ViewPtr& view);
  bool release_memory(const ViewPtr& view);
  base::MemoryLevel memory_level() const;
  uint32_t graph_end(const SegmentView& part, size_t column) const;
  void settle(const SchemaPtr& schema);
  void tell_idle();
  void save(const Watermark& durable);
  void graph_failed(segment::Segment& segment, size_t column, const base::Status& reason);
  void warn(const std::string& text);

  Core& core_;
  base::Strand& strand_;
  std::atomic<bool> scheduled_{false};
  std::atomic<double> ns_per_row_{
      // of a tail's scan: measured, smoothed; the start is a guess for some hundred dimensions
      50};
  std::map<std::pair<uint32_t, size_t>, uint32_t>
      // [strand] of a segment's column: after a few it is left to scans
      failures_;
  std::set<uint32_t> fields_saved_;            // [strand] sealed segments
  std::set<uint32_t> released_;                // [strand] sealed segments, while memory is short
  std::map<uint32_t, uint32_t> durable_rows_;  // [strand] of segments, by the latest checkpoint

  mutable base::Mutex mutex_;
  std::optional<Watermark> limit_ RHUMB_GUARDED_BY(mutex_);  // of the checkpoint under way
  std::string warning_ RHUMB_GUARDED_BY(mutex_);
  base::Status failure_ RHUMB_GUARDED_BY(mutex_);
  // version of the newest configuration without missing indexes
  uint64_t configured_ RHUMB_GUARDED_BY(mutex_) = 0;
  std::vector<std::pair<uint64_t, std::function<void(base::Status)>>> waiting_
      RHUMB_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> idle_waiters_ RHUMB_GUARDED_BY(mutex_);
  Renewer renewer_;
};

}  // namespace rhumb::shard
