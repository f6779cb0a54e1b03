#include "host/shard/shard.h"

#include <future>
#include <utility>

#include "host/base/log.h"
#include "host/shard/read/search.h"
#include "host/shard/recovery/recover.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

Shard::Shard(ShardOptions options)
    : core_(std::move(options)),
      apply_state_(core_.options.requests),
      applier_(core_, apply_state_),
      apply_strand_(*core_.options.apply),
      maintenance_strand_(*core_.options.background),
      indexing_strand_(*core_.options.background),
      merging_strand_(core_.options.mergers != nullptr ? *core_.options.mergers
                                                       : *core_.options.background),
      measurer_(core_),
      indexer_(core_, indexing_strand_),
      maintenance_(core_, apply_state_, indexer_, apply_strand_, maintenance_strand_),
      merger_(core_, apply_state_, maintenance_, apply_strand_, merging_strand_),
      images_(core_, apply_state_, maintenance_, apply_strand_, indexing_strand_),
      scrubber_(core_) {
  measurer_.promise(core_.schema()->contract.recall);
}

Result<std::unique_ptr<Shard>> Shard::open(ShardOptions options) {
  RHUMB_ASSERT(options.kv != nullptr && options.apply != nullptr && options.background != nullptr);
  RHUMB_ASSIGN(const uint64_t begins_at, open_directory(options));
  auto shard = std::unique_ptr<Shard>(new Shard(std::move(options)));
  RHUMB_TRY(shard->recover());
  // The engine of the key-value store may be another than that of the image.
  if (shard->start_index_ < begins_at)
    return base::corrupt(shard->core_.options.directory + "/kv: the store ends at " +
                         std::to_string(shard->start_index_) +
                         ", the image that it was made of at " + std::to_string(begins_at));
  shard->begins_at_ = begins_at;
  return shard;
}

Status Shard::group_began() {
  if (begins_at_.exchange(0) == 0) return base::ok();
  return write_directory_manifest(core_.options.directory, core_.options.shard, 0);
}

Status Shard::recover() {
  RHUMB_TRY(load_apply_state(core_, apply_state_));
  start_index_ = apply_state_.watermark.index;
  indexer_.recovered(apply_state_.watermark);
  replayer_.emplace(core_, apply_state_);
  if (!replayer_->done()) {
    to_replay_ = replayer_->target() - start_index_;
    base::log_info(
        "shard", "replaying",
        {{"shard", core_.options.shard}, {"from", start_index_ + 1}, {"to", replayer_->target()}});
    return base::ok();
  }
  replayer_.reset();
  RHUMB_TRY(finish_recovery(core_, apply_state_));
  if (maintenance_.has_full_segments()) maintenance_.seal();
  indexer_.wake();
  merger_.changed();
  scrubber_.begin();
  return base::ok();
}

void Shard::apply(std::vector<consensus::Entry> entries, consensus::StateMachine::Done done) {
  apply_strand_.post(
      [this, entries = std::move(entries), done = std::move(done)] { apply_now(entries, done); });
}

void Shard::apply_now(const std::vector<consensus::Entry>& entries,
                      const consensus::StateMachine::Done& done) {
  Status outcome = core_.fenced();
  // An image may need what was merged before the first entry came.
  if (outcome.ok() && apply_state_.images == 0 && !std::exchange(unreferenced_removed_, true))
    outcome = remove_unreferenced_files(core_, apply_state_);
  if (outcome.ok()) outcome = apply_all(entries);
  if (!outcome.ok()) core_.fence(outcome);
  done(outcome);
}

Status Shard::apply_all(std::span<const consensus::Entry> entries) {
  if (replayer_ && !entries.empty()) {
    const uint64_t left = replayer_->target() - entries.front().index + 1;
    const auto old = entries.first(std::min<size_t>(left, entries.size()));
    RHUMB_TRY(replayer_->replay(old));
    replayed_ += old.size();
    entries = entries.subspan(old.size());
    if (!replayer_->done()) return base::ok();
    replayer_.reset();
    RHUMB_TRY(finish_recovery(core_, apply_state_));
    maintenance_.seal();
    indexer_.wake();
    merger_.changed();
    scrubber_.begin();
  }
  while (!entries.empty()) {
    size_t n = 0;
    for (uint64_t bytes = 0; n < entries.size() && n < core_.options.apply_batch_entries &&
                             bytes < base::limits::kApplyBatchBytes;
         ++n) {
      bytes += entries[n].data.size();
    }
    RHUMB_ASSIGN(const Applier::Outcome applied, applier_.apply(entries.first(n)));
    entries = entries.subspan(n);
    if (applied.rolled) maintenance_.seal();
    maintenance_.applied(applied.log_bytes, applied.points);
    if (applied.points == 0) continue;
    indexer_.wake();
    merger_.changed();
  }
  return base::ok();
}

std::optional<uint32_t> Shard::replay_percent() const {
  constexpr uint64_t kPercent = 100;
  const uint64_t all = to_replay_, done = replayed_;
  if (done >= all) return std::nullopt;
  return static_cast<uint32_t>(done * kPercent / all);
}

std::optional<CommandOutcome> Shard::known(const model::CommandHeader& header) const {
  const auto who = AppliedCommands::identity(header);
  if (who == AppliedCommands::Identity{} || !core_.serving().ok()) return std::nullopt;
  return apply_state_.commands.outcome(who, core_.views.applied());
}

std::vector<uint64_t> Shard::known_parts(const model::CommandHeader& header) const {
  return apply_state_.commands.parts(AppliedCommands::identity(header));
}

uint32_t Shard::request_limit() const {
  return core_.options.requests == nullptr ? base::limits::kMaxRequests
                                           : core_.options.requests->limit();
}

Result<model::SearchResult> Shard::search(const model::SearchRequest& request,
                                          const ReadContext& context) {
  TailScan tail;
  RHUMB_ASSIGN(auto result, shard::search(core_, request, context, measurer_.widen(), &tail));
  measurer_.offer(request);
  indexer_.tail_scanned(tail.rows, tail.ns);
  return result;
}

void Shard::configure(const model::CollectionConfig& config, uint64_t version, Done done) {
  apply_strand_.post([this, schema = make_schema(config, version), done = std::move(done)] {
    const SchemaPtr known = core_.schema();
    Status outcome = core_.fenced();
    if (outcome.ok() && schema->filter.vector_names != known->filter.vector_names)
      outcome = base::invalid("the vectors of a collection cannot be changed");
    if (outcome.ok() && schema->version >= known->version) {
      for (const auto& [id, held] : apply_state_.segments) {
        if (outcome.ok()) outcome = held.segment->fields().configure(schema->fields());
        if (held.segment->lengths().rows == 0) held.segment->fields().make_ready();
        held.segment->configure_graphs(schema->vectors);
      }
      if (outcome.ok()) {
        core_.set_schema(schema);
        measurer_.promise(schema->contract.recall);
      }
    }
    indexer_.wake();
    done(outcome);
  });
}

Status Shard::close() {
  if (stopped_.load()) return base::ok();
  Status outcome;
  if (core_.serving().ok()) {
    std::promise<Status> saved;
    maintenance_.checkpoint([&saved](const Status& status) { saved.set_value(status); });
    outcome = saved.get_future().get();
    indexing_strand_.drain();  // graphs and payload indexes are saved after the checkpoint
  }
  stop();
  return outcome;
}

void Shard::stop() {
  if (stopped_.exchange(true)) return;
  core_.stopping.store(true);
  const Status closed(base::Code::kUnavailable,
                      "shard " + std::to_string(core_.options.shard) + " is closed");
  core_.views.fail(closed);
  indexer_.fail(closed);
  indexer_.stop();
  apply_strand_.drain();
  merger_.stop();       // before the maintenance, on which it may wait
  images_.wait_idle();  // for the same reason
  apply_strand_.drain();
  maintenance_.wait_idle();
  measurer_.stop();
  scrubber_.stop();
  indexing_strand_.drain();  // a turn that ran may have posted one more, which ends at once
  indexing_strand_.drain();
}

Shard::~Shard() {
  const Status closed = close();
  if (!closed.ok())
    base::log_warn("shard", "closed without a checkpoint",
                   {{"shard", core_.options.shard}, {"reason", closed.to_string()}});
}

}  // namespace rhumb::shard
