#include "host/shard/write/apply.h"

#include "host/base/limits.h"
#include "host/base/planted.h"
#include "host/shard/state/stored_point.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using segment::Segment;

Result<Applier::Outcome> Applier::apply(std::span<const consensus::Entry> entries) {
  RHUMB_ASSERT(!entries.empty() && entries.size() <= core_.options.apply_batch_entries);
  RHUMB_ASSERT(entries.front().index == core_.views.applied() + 1);
  retire_dead();
  batch_ = {};
  batch_.first_index = entries.front().index;
  schema_ = core_.schema();
  for (const consensus::Entry& entry : entries) {
    batch_.outcome.log_bytes += entry.data.size();
    if (entry.type == consensus::EntryType::kData) RHUMB_TRY(apply_entry(entry));
  }
  RHUMB_TRY(commit(entries.back().index));
  return batch_.outcome;
}

Status Applier::apply_entry(const consensus::Entry& entry) {
  auto command = model::decode_command(entry.data);
  if (!command.ok()) return command.status().within("log entry " + std::to_string(entry.index));
  AppliedCommands& known = apply_state_.commands;
  known.advance(*command);
  const auto who = AppliedCommands::identity(*command, entry.data);
  const bool named = who != AppliedCommands::Identity{};
  switch (known.judge(who, *command, entry.index)) {
    case AppliedCommands::Verdict::kApply:
      break;
    case AppliedCommands::Verdict::kDone:
      if (const auto first = known.outcome(who, entry.index))
        batch_.told.push_back({command->attempt, *first, true});
      return base::ok();
    case AppliedCommands::Verdict::kSuperseded: {
      CommandOutcome other;
      other.superseded = true;
      batch_.told.push_back({command->attempt, other, true});
      return base::ok();
    }
  }
  RHUMB_ASSIGN(const uint64_t affected, change_points(*command, entry.index));
  batch_.told.push_back(
      {command->attempt, known.remember(who, *command, entry.index, affected), named});
  return base::ok();
}

// Returns how many points the command changed.
Result<uint64_t> Applier::change_points(const model::Command& command, uint64_t index) {
  const PreparedCommand prepared(command, schema_->vectors, schema_->filter.vector_names);
  uint64_t changed = 0;
  for (size_t i = 0; i < command.targets.size(); ++i) {
    RHUMB_ASSIGN(const bool first_change, change_point(prepared, i, index));
    changed += first_change ? 1 : 0;
  }
  return changed;
}

Result<Applier::Pending*> Applier::lookup(const std::string& key) {
  const auto it = batch_.points.find(key);
  if (it != batch_.points.end()) return &it->second;
  RHUMB_ASSIGN(const auto row, core_.store.newest(key));
  return &batch_.points.emplace(key, Pending{row, row}).first->second;
}

// Returns false if the point stays as it was, or if this entry has already changed it.
Result<bool> Applier::change_point(const PreparedCommand& command, size_t i, uint64_t index) {
  const std::string& key = command.targets()[i].id.key();
  RHUMB_ASSIGN(Pending * pending, lookup(key));
  const bool again = pending->now && pending->now->version == index;
  StoredPoint point(apply_state_, pending->now, batch_.first_index);
  RHUMB_ASSIGN(Change change, command.change_of(i, point));
  switch (change.effect) {
    case Effect::kNone:
      return false;
    case Effect::kRemove:
      remove(key, *pending, index);
      break;
    case Effect::kPayload:
      RHUMB_TRY(write_payload(key, *pending, change, point, index));
      break;
    case Effect::kRow:
      RHUMB_TRY(write_row(key, *pending, change, index));
      break;
  }
  ++batch_.outcome.points;
  return !again;
}

Status Applier::write_row(const std::string& key, Pending& pending, const Change& change,
                          uint64_t index) {
  segment::RowInput row{key, change.payload(), index, {}, change.vectors};
  RHUMB_ASSIGN(row.content_hash,
               content_hash(key, row.payload, named(schema_->vectors, row.vectors)));
  RHUMB_ASSIGN(Segment * into, segment_for(row));
  RHUMB_ASSIGN(const uint32_t slot, into->append(row));
  const uint32_t id = into->id();
  apply_state_.segments.at(id).live.set(slot);
  batch_.live_blocks.insert({id, segment::LiveBits::block_of(slot)});
  touched(id).set.push_back(slot);
  if (pending.now) {
    retire_row(*pending.now, index);
    apply_state_.hashes.subtract(key, pending.now->content_hash);
  } else {
    ++apply_state_.applied.points;
  }
  apply_state_.hashes.add(key, row.content_hash);
  pending.now = PointRow{id, slot, index, row.content_hash};
  return base::ok();
}

Status Applier::write_payload(const std::string& key, Pending& pending, Change& change,
                              PointState& point, uint64_t index) {
  RHUMB_ASSERT(pending.now.has_value());
  Segment* in = apply_state_.find(pending.now->segment);
  Change whole{Effect::kRow, change.payload(), std::nullopt, {}};
  RHUMB_TRY(complete_row(whole, schema_->vectors.size(), point));
  if (!in->override_fits(whole.payload())) return write_row(key, pending, whole, index);
  RHUMB_ASSIGN(const Hash hash,
               content_hash(key, whole.payload(), named(schema_->vectors, whole.vectors)));
  RHUMB_TRY(in->override_payload(pending.now->slot, index, whole.payload()));
  touched(in->id());
  apply_state_.hashes.subtract(key, pending.now->content_hash);
  apply_state_.hashes.add(key, hash);
  pending.now->version = index;
  pending.now->content_hash = hash;
  return base::ok();
}

void Applier::remove(const std::string& key, Pending& pending, uint64_t index) {
  retire_row(*pending.now, index);
  apply_state_.hashes.subtract(key, pending.now->content_hash);
  --apply_state_.applied.points;
  pending.now.reset();
}

void Applier::retire_row(const PointRow& row, uint64_t index) {
  if (!RHUMB_PLANTED(kLostLiveBit)) apply_state_.segments.at(row.segment).live.clear(row.slot);
  batch_.live_blocks.insert({row.segment, segment::LiveBits::block_of(row.slot)});
  touched(row.segment).cleared.push_back(row.slot);
  apply_state_.dead.push_back({index, row.segment, row.slot});
}

Publication::Change& Applier::touched(uint32_t segment) {
  Publication::Change& change = batch_.changes[segment];
  if (!change.segment) change.segment = apply_state_.segments.at(segment).segment;
  return change;
}

Result<Segment*> Applier::segment_for(const segment::RowInput& row) {
  if (apply_state_.open) {
    Segment* const open = apply_state_.find(*apply_state_.open);
    if (open->fits(row)) return open;
    batch_.outcome.rolled = true;
  }
  return begin_segment();
}

// Admission tests the number of segments. A command that was committed gets its segment in any
// case.
Result<Segment*> Applier::begin_segment() {
  const uint32_t id = apply_state_.applied.next_segment++;
  RHUMB_ASSIGN(auto begun, Segment::create(core_.segment_directory(id), id, schema_->vectors,
                                           core_.options.segment));
  RHUMB_TRY(begun->fields().configure(schema_->fields()));
  begun->fields().make_ready();
  Segment* segment = begun.get();
  apply_state_.segments[id].segment = std::move(begun);
  apply_state_.open = id;
  return segment;
}

Status Applier::commit(uint64_t last_index) {
  Publication publication;
  publication.applied = last_index;
  publication.points = apply_state_.applied.points;
  publication.content_hash = apply_state_.hashes.total();
  for (auto& [id, change] : batch_.changes) {
    RHUMB_TRY(change.segment->flush());
    RHUMB_TRY(change.segment->intact());  // rows of the segment were read to make other rows
    change.rows = change.segment->lengths().rows;
  }
  apply_state_.applied.index = last_index;
  apply_state_.applied.log_time_ms = apply_state_.commands.log_time_ms();
  apply_state_.applied.requests_forgotten = apply_state_.commands.forgotten_through();
  PendingRows before;
  for (const auto& [key, pending] : batch_.points) {
    if (pending.before != pending.now) before.emplace(key, pending.before);
  }
  // Entries without effect (an election, a membership change) are not worth a transaction. The next
  // one stores their index.
  if (!batch_.changes.empty() || !apply_state_.commands.batch_empty()) {
    storage::KvBatch batch;
    put_points(batch);
    put_state(batch);
    RHUMB_TRY(core_.store.commit(batch, std::move(before)));
  }
  publication.changes = std::move(batch_.changes);
  // The outcomes are posted before publication, so that whoever finds the index applied finds the
  // outcome.
  for (const Told& told : batch_.told) core_.outcomes.post(told.attempt, told.outcome, told.total);
  core_.store.publish_pending([&] { core_.views.publish(publication); });
  core_.views.notify(last_index);
  return base::ok();
}

void Applier::put_points(storage::KvBatch& batch) const {
  for (const auto& [key, pending] : batch_.points) {
    if (pending.before == pending.now) continue;
    if (pending.now)
      batch.put(kPoints, key, encode(*pending.now));
    else
      batch.erase(kPoints, key);
    if (!pending.before) continue;
    // A replay needs the row as of each watermark that it may start after. The row is therefore
    // kept when the point first changes after that watermark.
    const std::string row = encode(*pending.before);
    if (pending.before->version <= apply_state_.watermark.index)
      batch.put(kUndo, undo_key(apply_state_.watermark.index, key), row);
    if (apply_state_.pending_watermark &&
        pending.before->version <= *apply_state_.pending_watermark) {
      batch.put(kUndo, undo_key(*apply_state_.pending_watermark, key), row);
    }
  }
}

void Applier::put_state(storage::KvBatch& batch) {
  for (const auto& [segment, block] : batch_.live_blocks)
    batch.put(kLive, live_key(segment, block), apply_state_.segments.at(segment).live.block(block));
  for (const auto& [segment, change] : batch_.changes)
    batch.put(kSegments, segment_key(segment), encode(change.segment->lengths()));
  for (const uint32_t group : apply_state_.hashes.take_changed()) {
    const Hash& sum = apply_state_.hashes.sum(group);
    batch.put(kHashes, group_key(group),
              std::string(reinterpret_cast<const char*>(sum.data()), sum.size()));
  }
  if (!apply_state_.commands.batch_empty())
    batch.put(kRequests, index_key(apply_state_.applied.index), apply_state_.commands.take_batch());
  batch.put(kState, kAppliedKey, encode(apply_state_.applied));
}

// No view shows these rows any more, so the payload indexes can drop them.
void Applier::retire_dead() {
  if (apply_state_.dead.empty()) return;
  const uint64_t oldest = core_.views.oldest_view();
  while (!apply_state_.dead.empty() && apply_state_.dead.front().index <= oldest) {
    const ApplyState::Dead& dead = apply_state_.dead.front();
    if (Segment* in = apply_state_.find(dead.segment)) in->fields().remove(dead.slot);
    apply_state_.dead.pop_front();
  }
}

}  // namespace rhumb::shard
