// A shard replica: the state machine of its consensus group, and the calls that read it.
//
// A shard owns its directory: segments (host/segment), the key-value store of points, the manifest.
// Its work runs on four strands and on the readers' threads: the apply strand (entries, one batch
// at a time), the maintenance strand (checkpoints, sealing), the indexing strand (graphs, payload
// indexes) and the merging strand (merges of segments). Reads pin a view of one applied index and
// never block apply.
//
// Invariants: everything visible was committed by the group and applied in order; replicas at one
// applied index have the same content hash; a point is in exactly one live slot. Everything up to
// the watermark survives a crash by itself, and the rest with the log.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/base/status.h"
#include "host/consensus/state_machine.h"
#include "host/model/operation.h"
#include "host/model/optimization.h"
#include "host/model/query.h"
#include "host/shard/background/indexer.h"
#include "host/shard/background/maintenance.h"
#include "host/shard/background/measurer.h"
#include "host/shard/background/merger.h"
#include "host/shard/background/scrubber.h"
#include "host/shard/image/take.h"
#include "host/shard/read/point_reads.h"
#include "host/shard/read/read_context.h"
#include "host/shard/read/verification.h"
#include "host/shard/recovery/replay.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"
#include "host/shard/write/admission.h"
#include "host/shard/write/apply.h"
#include "host/shard/write/resolution.h"
#include "host/shard/write/resolve.h"

namespace rhumb::shard {

class Shard final : public consensus::StateMachine {
 public:
  using Done = std::function<void(base::Status)>;

  // Creates the directory's manifest for a new shard, or recovers an existing one. Blocks; any
  // thread. Reads answer kUnavailable until apply() has taken in the entries in (durable_index(),
  // target of the replay].
  static base::Result<std::unique_ptr<Shard>> open(ShardOptions options);
  // Calls close() if the shard was not ended. Must not run on one of the executors' threads.
  ~Shard() override;

  // These implement consensus::StateMachine.
  uint64_t durable_index() const override { return start_index_; }
  void apply(std::vector<consensus::Entry> entries, consensus::StateMachine::Done done) override;

  // Any thread. Fires once, at once if `index` is applied. A fenced or closed shard answers with
  // the reason.
  void wait_applied(uint64_t index, Done done) { core_.views.wait(index, std::move(done)); }
  uint64_t applied_index() const { return core_.views.applied(); }
  // Any thread. Runs the function behind the entries that apply() was given before.
  void after_apply(std::function<void()> fn) { apply_strand_.post(std::move(fn)); }
  // Any thread. Which part of the entries to replay is done, in percent; nothing if no replay runs.
  std::optional<uint32_t> replay_percent() const;

  // Any thread. The collection's configuration has changed: payload indexes are built or dropped
  // after apply, and graph parameters hold for new graphs. when_configured fires when no payload
  // index of that version is missing.
  void configure(const model::CollectionConfig& config, uint64_t version, Done done);
  void when_configured(uint64_t version, Done done) {
    indexer_.when_configured(version, std::move(done));
  }

  // Called on the leader before it proposes. kBusy means that the tail, that is, the rows that are
  // not in the graph yet, is too long. kNoSpace means that the disk is nearly full or the process
  // has reached its limit of memory. A fenced shard answers with the reason.
  base::Status admit(model::OperationKind kind = model::OperationKind::kUpsert) const {
    return shard::admit(core_, indexer_, kind);
  }
  // Called on the leader. Returns the points that the operation's filter selects in the newest
  // view, or those that it names. `done_at` has the log indexes at which parts of the same
  // operation were applied already; the points that those parts changed are left out.
  base::Result<Resolution> resolve(model::Operation operation, const ReadContext& context,
                                   std::span<const uint64_t> done_at = {}) {
    return shard::resolve(core_, std::move(operation), context, done_at);
  }
  // Any thread. Both return what is done of the operation of this header, if this shard knows the
  // operation and shows it.
  std::optional<CommandOutcome> known(const model::CommandHeader& header) const;
  std::vector<uint64_t> known_parts(const model::CommandHeader& header) const;
  OutcomeBoard& outcomes() { return core_.outcomes; }
  // The number of requests that commands of this shard's leader allow to be remembered.
  uint32_t request_limit() const;

  // Any thread, blocking only on the disk. kUnavailable means that the shard is still replaying; a
  // fenced shard answers with the reason. Points of more than kMaxReplyBytes are kTooLarge; a
  // scroll ends with the point whose text goes beyond that.
  base::Result<model::SearchResult> search(const model::SearchRequest& request,
                                           const ReadContext& context);
  base::Result<std::vector<model::Record>> get(const model::GetRequest& request,
                                               const ReadContext& context = {}) {
    return get_points(core_, request, context);
  }
  base::Result<std::vector<model::Record>> scroll(const model::ScrollRequest& request,
                                                  const ReadContext& context) {
    return scroll_points(core_, request, context);
  }
  base::Result<std::vector<model::PointHash>> hashes(const std::string& first, uint32_t limit,
                                                     const ReadContext& context) {
    return point_hashes(core_, first, limit, context);
  }
  base::Result<uint64_t> count(const model::CountRequest& request, const ReadContext& context) {
    return count_points(core_, request, context);
  }
  model::ShardState state() const;
  model::ShardOptimizations optimizations() const;
  // What a scrape of the metrics asks for, which is cheaper than state().
  struct Load {
    uint64_t points = 0, segments = 0;
    Indexer::Tail tail;
  };
  Load load() const;
  // The seconds since the oldest sealed bytes were known to be intact; 0 if there are none.
  uint64_t scrubbed_seconds_ago() const { return scrubber_.oldest_seconds(); }
  // recall() returns what the contract asks for and what is measured. calibrations() returns, by
  // segment and vector, what the graph knows of its own recall.
  Measurer::State recall() const { return measurer_.state(); }
  // Any thread. Fires when there is nothing left to measure for the contract. The work until then
  // is not limited to the contract's share of a core.
  void when_measured(std::function<void()> done) { measurer_.when_measured(std::move(done)); }
  struct Calibration {
    uint64_t segment = 0, rows = 0;
    std::string vector, table_json;  // [[ef, recall at 10], ..]
  };
  std::vector<Calibration> calibrations();
  // Reads every byte of every point again. It takes long, so call it on a background thread.
  base::Result<Verification> verify(const ReadContext& context) {
    return shard::verify(core_, context);
  }

  // Any thread. When `done` fires, everything that was applied before the call is durable in the
  // shard's own files, and the log is released.
  void checkpoint(Done done) { maintenance_.checkpoint(std::move(done)); }
  // Any thread. Fires when what there is to index now is in graphs and payload indexes.
  void when_indexed(std::function<void()> done) { indexer_.when_idle(std::move(done)); }

  // Any thread. Merges what there is to merge, as in an idle shard. When `done` fires without a
  // failure, the space of dead rows is given back, but for what is not worth a merge.
  void compact(Done done) { merger_.compact(std::move(done)); }

  // Makes an image of the shard in a new directory, while writes and searches go on (image/take.h).
  // Blocks until the image is durable. Any thread but those of the shard's executors.
  base::Result<TakenImage> take_image(const std::string& directory) {
    return images_.take(directory);
  }
  // The index at which the shard's group has to begin, because the shard was restored from an image
  // (image/restore.h). 0 for all others, and once group_began() was called, which is durable.
  uint64_t begins_at() const { return begins_at_; }
  base::Status group_began();

  // Both end the shard; apply() is not called afterwards. They block, are idempotent, and must not
  // run on an executor's thread. close() makes a checkpoint, so that the next start replays
  // nothing. stop() makes none, like the end of a shard that is dropped or of a process that is
  // killed.
  base::Status close();
  void stop();
  base::Status fenced() const { return core_.fenced(); }
  // Any thread. The memory guard's level changed, so graphs leave memory or may grow again.
  void memory_changed() { indexer_.wake(); }

 private:
  explicit Shard(ShardOptions options);
  base::Status recover();
  void apply_now(const std::vector<consensus::Entry>& entries,
                 const consensus::StateMachine::Done& done);
  base::Status apply_all(std::span<const consensus::Entry> entries);

  Core core_;
  ApplyState apply_state_;  // [apply]
  Applier applier_;         // [apply]
  // [apply] Set until the key-value store's applied index is reached.
  std::optional<Replayer> replayer_;
  bool unreferenced_removed_ = false;  // [apply]
  uint64_t start_index_ = 0;
  // The entries of the replay and those that are done, which any thread may read.
  std::atomic<uint64_t> to_replay_{0}, replayed_{0};
  base::Strand apply_strand_, maintenance_strand_, indexing_strand_, merging_strand_;
  Measurer measurer_;
  Indexer indexer_;
  Maintenance maintenance_;
  Merger merger_;
  ImageTaker images_;
  Scrubber scrubber_;
  std::atomic<uint64_t> begins_at_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace rhumb::shard
