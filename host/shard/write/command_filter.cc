#include "host/shard/write/command_filter.h"

#include "host/base/planted.h"
#include "host/shard/write/change.h"

namespace rhumb::shard {

CommandFilter CommandFilter::of(const model::Command& command,
                                const std::vector<std::string>& vector_names) {
  CommandFilter out;
  if (command.filter == nullptr) return out;
  payload::FilterSchema schema;
  schema.vector_names = vector_names;
  schema.uuid_fields.insert(command.uuid_fields.begin(), command.uuid_fields.end());
  auto compiled = payload::compile_pinned_v2(*command.filter, schema);
  RHUMB_UNEXPECTED(!compiled.ok());
  if (compiled.ok()) out.matcher_ = std::move(*compiled);
  return out;
}

base::Result<bool> CommandFilter::lets_pass(const model::Command& command, size_t i,
                                            PointState& point) const {
  const model::Target& target = command.targets[i];
  const uint64_t expected = target.expected_version;
  if (!point.exists())
    return command.mode != model::UpdateMode::kUpdateOnly &&
           (expected == model::kAnyVersion || expected == model::kAbsent);
  if (command.mode == model::UpdateMode::kInsertOnly || expected == model::kAbsent) return false;
  if (point.version() == expected) return true;
  if (command.filter == nullptr) return expected == model::kAnyVersion;
  if (RHUMB_PLANTED(kSkipsWhatMoved) || !matcher_) return false;
  payload::PointFacts facts;
  facts.id_key = target.id.key();
  RHUMB_ASSIGN(facts.payload, point.payload());
  RHUMB_ASSIGN(facts.presence, point.presence());
  return matcher_->matches(facts);
}

}  // namespace rhumb::shard
