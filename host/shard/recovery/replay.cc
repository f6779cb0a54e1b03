#include "host/shard/recovery/replay.h"

#include "host/shard/state/content_hash.h"
#include "host/shard/state/stored_point.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

Result<std::string_view> Replayer::Traced::vector(size_t column) {
  if (column >= vectors_.size() || !vectors_[column]) return std::string_view();
  return std::string_view(*vectors_[column]);
}

Result<uint64_t> Replayer::Traced::presence() {
  uint64_t bits = 0;
  for (size_t i = 0; i < vectors_.size(); ++i) bits |= vectors_[i] ? uint64_t{1} << i : 0;
  return bits;
}

void Replayer::Traced::take(const Change& change, uint64_t index) {
  if (change.effect == Effect::kRemove) {
    *this = {};
    return;
  }
  // Both may point into what is replaced.
  std::string payload(change.payload());
  if (change.effect == Effect::kRow) {
    std::vector<std::optional<std::string>> vectors;
    for (const std::string_view v : change.vectors)
      vectors.push_back(v.data() == nullptr ? std::nullopt : std::optional<std::string>(v));
    vectors_ = std::move(vectors);
  }
  payload_ = std::move(payload);
  exists_ = true;
  version_ = index;
}

Status Replayer::Traced::take(const ApplyState& apply_state, const PointRow& row, size_t columns) {
  StoredPoint stored(apply_state, row, ~0ull);
  Change whole;
  RHUMB_ASSIGN(whole.borrowed, stored.payload());
  RHUMB_TRY(complete_row(whole, columns, stored));
  take(whole, row.version);
  return base::ok();
}

Status Replayer::replay(std::span<const consensus::Entry> entries) {
  for (const consensus::Entry& entry : entries) {
    RHUMB_ASSERT(entry.index == next_ && entry.index <= target());
    if (entry.type == consensus::EntryType::kData) RHUMB_TRY(replay_entry(entry));
    ++next_;
  }
  return base::ok();
}

Status Replayer::replay_entry(const consensus::Entry& entry) {
  auto command = model::decode_command(entry.data);
  if (!command.ok()) return command.status().within("log entry " + std::to_string(entry.index));
  if (!apply_state_.commands.applied_at(AppliedCommands::identity(*command, entry.data),
                                        entry.index))
    return base::ok();
  const SchemaPtr schema = core_.schema();
  const PreparedCommand prepared(*command, schema->vectors, schema->filter.vector_names);
  for (size_t i = 0; i < command->targets.size(); ++i)
    RHUMB_TRY(replay_point(prepared, i, entry.index));
  return base::ok();
}

Status Replayer::replay_point(const PreparedCommand& command, size_t i, uint64_t index) {
  const std::string& key = command.targets()[i].id.key();
  RHUMB_ASSIGN(const auto row, core_.store.newest(key));
  // Either the point is gone at X, so nothing of it must be written, or its row is older than the
  // entry, so the entry's condition did not hold.
  if (!row || row->version < index) return base::ok();
  RHUMB_ASSIGN(Traced * point, trace(key));
  RHUMB_ASSIGN(const Change change, command.change_of(i, *point));
  if (change.effect == Effect::kNone) return base::ok();
  point->take(change, index);
  if (row->version > index) return base::ok();
  RHUMB_TRY(write(key, *row, *point));
  traced_.erase(key);
  return base::ok();
}

// Finds the point's state at W. The undo table has it if the point was changed or deleted since;
// otherwise the point did not exist.
Result<Replayer::Traced*> Replayer::trace(const std::string& key) {
  const auto it = traced_.find(key);
  if (it != traced_.end()) return &it->second;
  Traced& point = traced_[key];
  RHUMB_ASSIGN(const auto before, core_.store.undo(apply_state_.watermark.index, key));
  if (before) RHUMB_TRY(point.take(apply_state_, *before, core_.schema()->vectors.size()));
  return &point;
}

// Returns, for a message, the files that the point's state at W was read from.
std::string Replayer::stood_at(const std::string& key) const {
  const auto before = core_.store.undo(apply_state_.watermark.index, key);
  if (!before.ok() || !*before) return "";
  const segment::Segment* from = apply_state_.find((*before)->segment);
  return from == nullptr ? "" : " (its earlier state is in " + from->places((*before)->slot) + ")";
}

Status Replayer::write(const std::string& key, const PointRow& row, Traced& point) {
  const SchemaPtr schema = core_.schema();
  Change whole;
  RHUMB_ASSIGN(whole.borrowed, point.payload());
  RHUMB_TRY(complete_row(whole, schema->vectors.size(), point));
  RHUMB_ASSIGN(const Hash hash,
               content_hash(key, whole.payload(), named(schema->vectors, whole.vectors)));
  segment::Segment* in = apply_state_.find(row.segment);
  if (hash != row.content_hash || in == nullptr) {
    return base::corrupt("replay of log entry " + std::to_string(row.version) +
                         " does not lead to the point that " + core_.options.directory +
                         "/kv has for it" + stood_at(key));
  }
  const auto durable = apply_state_.watermark.lengths.find(row.segment);
  const uint32_t durable_rows =
      durable == apply_state_.watermark.lengths.end() ? 0 : durable->second.rows;
  if (row.slot < durable_rows) return in->override_payload(row.slot, row.version, whole.payload());
  return in->rewrite(row.slot, {key, whole.payload(), row.version, hash, whole.vectors});
}

}  // namespace rhumb::shard
