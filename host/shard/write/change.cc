#include "host/shard/write/change.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/payload/json/mutate.h"

namespace rhumb::shard {

using base::Code;
using base::Result;
using base::Status;
using model::Command;
using model::OperationKind;

namespace {

size_t column_of(const std::vector<segment::VectorSpec>& vectors, std::string_view name) {
  const auto it = std::find_if(vectors.begin(), vectors.end(),
                               [&](const segment::VectorSpec& spec) { return spec.name == name; });
  return static_cast<size_t>(it - vectors.begin());
}

// Returns false if the collection has no vector of a given name.
bool place(const std::vector<model::VectorView>& given,
           const std::vector<segment::VectorSpec>& vectors, std::vector<std::string_view>& out) {
  for (const model::VectorView& v : given) {
    const size_t column = column_of(vectors, v.name);
    if (column == vectors.size() || !vectors[column].params.takes(v.bytes.size())) return false;
    out[column] = v.bytes;
  }
  return true;
}

Result<Change> upsert(const model::PointView& write,
                      const std::vector<segment::VectorSpec>& vectors) {
  Change change;
  change.vectors.resize(vectors.size());
  const bool known = place(write.vectors, vectors, change.vectors) &&
                     write.payload.size() <= base::limits::kMaxPayloadBytes;
  RHUMB_UNEXPECTED(!known);
  if (!known) return Change();
  change.effect = Effect::kRow;
  change.borrowed = write.payload;
  return change;
}

Status current_row(Change& change, size_t columns, PointState& point) {
  RHUMB_ASSIGN(change.borrowed, point.payload());
  return complete_row(change, columns, point);
}

Result<Change> update_vectors(const model::PointView& write,
                              const std::vector<segment::VectorSpec>& vectors, PointState& point) {
  Change change;
  RHUMB_TRY(current_row(change, vectors.size(), point));
  const bool known = place(write.vectors, vectors, change.vectors);
  RHUMB_UNEXPECTED(!known);
  return known ? std::move(change) : Change();
}

Result<Change> delete_vectors(const std::vector<std::string>& names,
                              const std::vector<segment::VectorSpec>& vectors, PointState& point) {
  Change change;
  RHUMB_TRY(current_row(change, vectors.size(), point));
  bool had_one = false;
  for (const std::string& name : names) {
    const size_t column = column_of(vectors, name);
    if (column == vectors.size() || change.vectors[column].data() == nullptr) continue;
    change.vectors[column] = {};
    had_one = true;
  }
  return had_one ? std::move(change) : Change();
}

std::optional<payload::PayloadChange> payload_change_of(const Command& command) {
  switch (command.header.kind) {
    case OperationKind::kSetPayload:
      return payload::PayloadChange::merge_v1(command.payload, command.payload_key);
    case OperationKind::kOverwritePayload:
      return payload::PayloadChange::overwrite_v1(command.payload, command.payload_key);
    case OperationKind::kDeletePayload:
      return payload::PayloadChange::delete_v1(command.names);
    default:
      return std::nullopt;
  }
}

}  // namespace

Status complete_row(Change& change, size_t columns, PointState& point) {
  change.effect = Effect::kRow;
  change.vectors.resize(columns);
  for (size_t i = 0; i < columns; ++i) {
    RHUMB_ASSIGN(change.vectors[i], point.vector(i));
  }
  return base::ok();
}

PreparedCommand::PreparedCommand(const Command& command,
                                 const std::vector<segment::VectorSpec>& vectors,
                                 const std::vector<std::string>& vector_names)
    : command_(command),
      vectors_(vectors),
      filter_(CommandFilter::of(command, vector_names)),
      payload_(payload_change_of(command)) {}

Result<Change> PreparedCommand::new_payload(PointState& point) const {
  RHUMB_ASSIGN(const std::string_view before, point.payload());
  auto after = payload_ ? payload_->apply(before) : Result<std::string>(std::string());
  if (!after.ok() && after.status().code() == Code::kCorrupt) return after.status();
  // The merged payload is damaged or larger than a payload may be. Like a damaged patch, it changes
  // nothing, on every replica.
  if (!after.ok() || after->size() > base::limits::kMaxPayloadBytes) return Change();
  Change change;
  change.effect = Effect::kPayload;
  change.text = std::move(*after);
  return change;
}

Result<Change> PreparedCommand::change_of(size_t i, PointState& point) const {
  RHUMB_ASSIGN(const bool passes, filter_.lets_pass(command_, i, point));
  if (!passes) return Change();
  if (command_.header.kind == OperationKind::kUpsert) return upsert(command_.points[i], vectors_);
  if (!point.exists()) return Change();
  switch (command_.header.kind) {
    case OperationKind::kDelete: {
      Change change;
      change.effect = Effect::kRemove;
      return change;
    }
    case OperationKind::kUpdateVectors:
      return update_vectors(command_.points[i], vectors_, point);
    case OperationKind::kDeleteVectors:
      return delete_vectors(command_.names, vectors_, point);
    case OperationKind::kSetPayload:
    case OperationKind::kOverwritePayload:
    case OperationKind::kDeletePayload:
    case OperationKind::kClearPayload:
      return new_payload(point);
    default:
      return base::unsupported("command of kind " +
                               std::to_string(static_cast<unsigned>(command_.header.kind)));
  }
}

}  // namespace rhumb::shard
