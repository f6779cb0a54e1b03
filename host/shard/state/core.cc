#include "host/shard/state/core.h"

#include "host/base/log.h"

namespace rhumb::shard {

using base::Code;
using base::Status;

SchemaPtr make_schema(const model::CollectionConfig& config, uint64_t version) {
  auto schema = std::make_shared<Schema>();
  schema->config = config;
  schema->version = version;
  schema->contract = model::contract_of(config);
  schema->vectors = segment::vector_specs(config);
  std::vector<std::string> names;
  for (const auto& spec : schema->vectors) names.push_back(spec.name);
  schema->filter = payload::filter_schema(config, std::move(names));
  for (const auto& [field, index] : config.payload_indexes) {
    if (const auto path = payload::JsonPath::parse(field); path.ok())
      schema->indexed.emplace(path->to_text(), index.type);
  }
  return schema;
}

size_t Schema::column_of(const std::string& name) const {
  size_t column = 0;
  while (column < vectors.size() && vectors[column].name != name) ++column;
  return column;
}

Core::Core(ShardOptions shard_options)
    : options(std::move(shard_options)),
      store(*options.kv, options.directory + "/kv"),
      schema_(make_schema(options.config, options.config_version)) {}

SchemaPtr Core::schema() const {
  const base::MutexLock lock(mutex_);
  return schema_;
}

void Core::set_schema(SchemaPtr schema) {
  const base::MutexLock lock(mutex_);
  schema_ = std::move(schema);
}

void Core::fence(const Status& reason) {
  RHUMB_ASSERT(!reason.ok());
  {
    const base::MutexLock lock(mutex_);
    if (!fence_.ok()) return;
    fence_ = reason;
    is_fenced_.store(true, std::memory_order_release);
  }
  base::log_error("shard", "fenced", {{"shard", options.shard}, {"reason", reason.to_string()}});
  views.fail(reason);
}

Status Core::fenced() const {
  if (!is_fenced_.load(std::memory_order_acquire)) return base::ok();
  const base::MutexLock lock(mutex_);
  return fence_.within("shard " + std::to_string(options.shard) + " is fenced");
}

Status Core::serving() const {
  RHUMB_TRY(fenced());
  if (ready.load(std::memory_order_acquire)) return base::ok();
  return {Code::kUnavailable, "shard " + std::to_string(options.shard) + " is replaying its log"};
}

Status Core::watch(Status status) {
  if (status.code() == Code::kCorrupt || status.code() == Code::kIo) fence(status);
  return status;
}

}  // namespace rhumb::shard
