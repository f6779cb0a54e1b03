#include "host/shard/background/merge_job.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/shard/state/stored_point.h"

namespace rhumb::shard {

using base::Code;
using base::Status;
using segment::Segment;

namespace {

constexpr uint32_t kPollRows = 256;  // rows between two looks at whether the shard stops

Status stopped() { return {Code::kCancelled, "the shard is being closed"}; }

std::vector<uint64_t> words_of(const segment::LiveBits& live, uint32_t rows) {
  std::vector<uint64_t> words(live.words().begin(), live.words().end());
  words.resize(segment::words_for(rows), 0);
  return words;
}

}  // namespace

MergeJob::MergeJob(Core& core, ApplyState& apply_state, const std::vector<uint32_t>& inputs)
    : core_(core),
      apply_state_(apply_state),
      schema_(core.schema()),
      ids_(inputs),
      output_id_(apply_state.applied.next_segment++) {
  apply_state.making = output_id_;
  for (const uint32_t id : ids_) {
    const ApplyState::Held& held = apply_state.segments.at(id);
    RHUMB_ASSERT(held.segment->state() == segment::State::kSealed);
    Input input;
    input.segment = held.segment;
    input.rows = held.segment->lengths().rows;
    input.live = words_of(held.live, input.rows);
    input.carried = held.segment->lengths().overrides;
    rows_ += held.live.count();
    bytes_ += held.segment->bytes();
    description_.segments.push_back({held.segment->uuid(), held.live.count()});
    inputs_.push_back(std::move(input));
  }
  description_.uuid = base::random_uuid();
  description_.total = rows_;
}

// The output takes no rows but these, so it has exactly their capacity.
segment::SegmentOptions MergeJob::output_options() const {
  segment::SegmentOptions options = core_.options.segment;
  options.max_rows = static_cast<uint32_t>(rows_);
  // Overrides that come while the rows are copied may make payloads longer.
  options.max_bytes = std::max(options.max_bytes, 2 * bytes_ + base::limits::kMaxPayloadBytes);
  options.build_threads = core_.options.compaction.threads;
  return options;
}

Status MergeJob::copy() {
  if (rows_ == 0) return base::ok();
  phase_ = "copying rows";
  RHUMB_ASSIGN(output_, Segment::create(core_.segment_directory(output_id_), output_id_,
                                        schema_->vectors, output_options(), description_.uuid));
  RHUMB_TRY(output_->fields().configure(schema_->fields()));
  output_->fields().make_ready();
  for (Input& input : inputs_) RHUMB_TRY(copy_input(input));
  RHUMB_TRY(output_->flush_without_codes());
  phase_ = "building graphs";
  RHUMB_TRY(build_graphs());
  phase_ = "writing";
  RHUMB_TRY(output_->seal());
  for (size_t c = 0; c < output_->vectors().size(); ++c) {
    const Status saved = output_->graph(c).save(output_->lengths().rows, true);
    if (!saved.ok())
      base::log_warn("shard", "the graph of a merged segment is saved later",
                     {{"shard", core_.options.shard}, {"reason", saved.to_string()}});
  }
  phase_ = "catching up";
  return write_slots();
}

Status MergeJob::copy_input(Input& input) {
  const Segment& from = *input.segment;
  input.slots.assign(input.rows, Forward::kNowhere);
  for (uint32_t slot = 0; slot < input.slots.size(); ++slot) {
    if (slot % kPollRows == 0 && core_.stopping.load()) return stopped();
    if (!segment::bit(input.live, slot)) continue;
    RHUMB_TRY(copy_row(input, slot, &input.slots[slot]));
    done_.fetch_add(1, std::memory_order_relaxed);
  }
  return from.intact();
}

// A row without an override must have the hash that it was written with, so that damaged bytes get
// no new checksum.
Status MergeJob::copy_row(const Input& input, uint32_t slot, uint32_t* to) {
  const Segment& from = *input.segment;
  RHUMB_ASSIGN(const segment::StoredRow stored, from.fetch(slot));
  segment::RowInput row{stored.id_key, stored.payload, stored.version, {}, {}};
  row.vectors.resize(from.vectors().size());
  for (size_t c = 0; c < row.vectors.size(); ++c) {
    if ((stored.presence >> c & 1) == 0) continue;
    RHUMB_ASSIGN(row.vectors[c], from.fetch_vector(c, slot));
  }
  RHUMB_ASSIGN(row.content_hash,
               content_hash(row.id_key, row.payload, named(from.vectors(), row.vectors)));
  if (row.content_hash != from.content_hash(slot) && !from.overridden(slot)) {
    RHUMB_TRY(from.intact());
    return base::corrupt(from.directory() + ": slot " + std::to_string(slot) +
                         " does not have the content that was written (" + from.places(slot) + ")");
  }
  RHUMB_ASSIGN(*to, output_->append(row));
  live_.set(*to);
  return base::ok();
}

// A graph that cannot be built here is built later by the indexer; until then its rows are scanned.
Status MergeJob::build_graphs() {
  const uint32_t rows = output_->lengths().rows;
  for (size_t c = 0; c < output_->vectors().size(); ++c) {
    if (!output_->waits_for_graph(c, rows)) continue;
    segment::Graph& graph = output_->graph(c);
    while (graph.available() && graph.built() < rows) {
      const auto more = graph.extend(rows, core_.options.index_slice_rows, /*sealed=*/true,
                                     live_.words(), core_.stopping);
      if (!more.ok() && more.status().code() == Code::kCancelled) return stopped();
      if (!more.ok()) {
        base::log_warn("shard", "the graph of a merged segment is built later",
                       {{"shard", core_.options.shard}, {"reason", more.status().to_string()}});
        graph.drop();
      }
      if (!more.ok() || !*more) break;
    }
  }
  output_->make_codes();
  return base::ok();
}

Status MergeJob::write_slots() {
  for (const Input& input : inputs_) {
    RHUMB_TRY(shard::write_slots(
        output_->directory() + "/" + segment::moved_file(input.segment->id()), input.slots));
  }
  return base::ok();
}

void MergeJob::look() {
  for (Input& input : inputs_) input.seen = input.segment->lengths().overrides;
  seen_applied_ = core_.views.applied();
}

Status MergeJob::catch_up() {
  if (output_ == nullptr) return base::ok();
  for (Input& input : inputs_) RHUMB_TRY(carry_over(input, input.seen));
  RHUMB_TRY(output_->sync());
  caught_up_ = seen_applied_;
  durable_ = output_->lengths();
  return base::ok();
}

Status MergeJob::carry_over(Input& input, uint64_t to) {
  RHUMB_TRY(input.segment->each_override(
      input.carried, to, [&](uint32_t slot) { return carry_override(input, slot); }));
  input.carried = to;
  return input.segment->intact();
}

Status MergeJob::carry_override(const Input& input, uint32_t slot) {
  if (slot >= input.slots.size() || input.slots[slot] == Forward::kNowhere) return base::ok();
  const uint32_t to = input.slots[slot];
  RHUMB_ASSIGN(const segment::StoredRow newest, input.segment->fetch(slot));
  if (newest.version <= output_->version(to)) return base::ok();
  return output_->override_payload(to, newest.version, newest.payload);
}

bool MergeJob::far_behind() const {
  uint64_t bytes = 0;
  for (const Input& input : inputs_) bytes += input.segment->lengths().overrides - input.carried;
  return output_ != nullptr && bytes > kMaxCarriedBytes;
}

// Looks at words of 64 rows, so it costs little more than the rows that died.
void MergeJob::clear_dead() {
  for (const Input& input : inputs_) {
    const auto now = apply_state_.segments.at(input.segment->id()).live.words();
    for (size_t w = 0; w < input.live.size(); ++w) {
      uint64_t died = input.live[w] & ~(w < now.size() ? now[w] : 0);
      for (; died != 0; died &= died - 1) {
        const auto slot =
            static_cast<uint32_t>(w * 64) + static_cast<uint32_t>(std::countr_zero(died));
        const uint32_t to = input.slots[slot];
        live_.clear(to);
        output_->fields().remove(to);
      }
    }
  }
}

Status MergeJob::finish() {
  if (apply_state_.pending_watermark) return {Code::kBusy, "a checkpoint is under way"};
  SegmentEdit edit;
  for (const Input& input : inputs_) edit.remove[input.segment->id()] = nullptr;
  if (output_ != nullptr) {
    if (apply_state_.watermark.index > caught_up_)
      return {Code::kBusy, "a checkpoint has ended meanwhile"};
    for (Input& input : inputs_) RHUMB_TRY(carry_over(input, input.segment->lengths().overrides));
    clear_dead();
    for (Input& input : inputs_) {
      edit.remove[input.segment->id()] =
          std::make_shared<const Forward>(Forward{output_id_, std::move(input.slots)});
    }
    const SchemaPtr schema = core_.schema();
    RHUMB_TRY(output_->fields().configure(schema->fields()));
    output_->configure_graphs(schema->vectors);
    edit.durable = durable_;
    edit.add = output_;
    edit.live = std::move(live_);
  }
  Status committed = commit_edit(core_, apply_state_, std::move(edit));
  if (!committed.ok()) core_.fence(committed);
  return committed;
}

std::vector<std::shared_ptr<Segment>> MergeJob::take_inputs() {
  std::vector<std::shared_ptr<Segment>> segments;
  for (Input& input : inputs_) segments.push_back(std::move(input.segment));
  return segments;
}

void MergeJob::discard() {
  output_.reset();
  const Status removed = base::remove_all(core_.segment_directory(output_id_));
  if (!removed.ok())
    base::log_warn("shard", "what is left of a merge is removed at the next start",
                   {{"shard", core_.options.shard}, {"reason", removed.to_string()}});
}

}  // namespace rhumb::shard
