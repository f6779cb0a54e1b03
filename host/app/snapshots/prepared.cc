#include "host/app/snapshots/prepared.h"

#include <utility>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/base/uuid.h"
#include "host/gateway/definition_rules.h"
#include "host/shard/image/restore.h"
#include "host/shard/image/verify.h"

namespace rhumb::app {

using archive::SnapshotScope;
using base::Code;
using base::Deadline;
using base::Result;
using base::Status;

namespace {

// What is damaged or missing in an archive is the client's concern, not the server's.
Status of_the_archive(const Status& status) {
  switch (status.code()) {
    case Code::kCorrupt:
    case Code::kUnsupported:
    case Code::kNotFound:
      return base::invalid(status.message());
    default:
      return status;
  }
}

}  // namespace

Prepared::~Prepared() {
  for (const std::string& made : made_) {
    if (const Status removed = base::remove_all(made); !removed.ok())
      base::log_error("app", "a shard that was not restored stays until the next start",
                      {{"directory", made}, {"error", removed.message()}});
  }
}

// A collection that exists keeps its settings, and gets the payload indexes of the snapshot, too.
Status Prepared::plan_config(const gateway::CollectionPtr& present,
                             const SnapshotCollection& from) {
  if (from.router != parts_.router)
    return base::invalid("the snapshot was placed by the router '" + from.router +
                         "', this server has '" + parts_.router + "'");
  command_.config = from.config;
  if (present == nullptr) return gateway::check(command_.config);
  if (present->shards.size() != from.shard_count)
    return base::invalid("the collection has " + std::to_string(present->shards.size()) +
                         " shards, that of the snapshot " + std::to_string(from.shard_count));
  command_.config = present->config;
  command_.config.payload_indexes.insert(from.config.payload_indexes.begin(),
                                         from.config.payload_indexes.end());
  return base::ok();
}

Status Prepared::verify(const SnapshotShard& shard) const {
  const auto manifest =
      shard::verify_image(directory_ + "/" + shard.directory, [this] { return parts_.stopping(); });
  if (!manifest.ok()) return of_the_archive(manifest.status());
  RHUMB_TRY(shard::check_vectors(*manifest, segment::vector_specs(command_.config)));
  if (base::uuid_text(manifest->uuid) != shard.image ||
      manifest->applied_index != shard.applied_index || manifest->points != shard.points)
    return base::invalid(shard.directory + " is not the image that " + kSnapshotDocument +
                         " names");
  return base::ok();
}

Status Prepared::fill(const SnapshotShard& shard, uint64_t id) {
  shard::RestoreOptions options;
  options.image = directory_ + "/" + shard.directory;
  options.directory = parts_.shards + "/" + std::to_string(id);
  options.shard = id;
  options.vectors = segment::vector_specs(command_.config);
  options.verified = true;
  options.may_move = own_;
  RHUMB_TRY(shard::restore_image(options).status());
  made_.push_back(options.directory);
  return base::ok();
}

Status Prepared::prepare(const std::string& name, const gateway::CollectionPtr& present,
                         const SnapshotCollection& from, const SnapshotScope& scope) {
  command_.name = name;
  command_.uuid = base::uuid_text(base::random_uuid());
  command_.router = from.router;
  command_.runs = from.runs;
  command_.seen_version = present != nullptr ? present->config_version : 0;
  RHUMB_TRY(plan_config(present, from));
  if (present != nullptr) {
    for (const model::ShardPlacement& placed : present->shards)
      command_.shards.push_back({placed.shard, {parts_.node}});
  } else {
    command_.shards.resize(from.shard_count, {0, {parts_.node}});
  }
  for (const SnapshotShard& shard : from.shards) {
    if (!own_) RHUMB_TRY(verify(shard));
  }
  const auto count = static_cast<uint32_t>(from.shards.size());
  RHUMB_ASSIGN(uint64_t id, answer_of<Result<uint64_t>>([&](auto done) {
                 parts_.gateway->reserve_shards(count, Deadline{}, std::move(done));
               }));
  for (const SnapshotShard& shard : from.shards) {
    const uint32_t to = scope.shard ? static_cast<uint32_t>(*scope.shard) : shard.ordinal;
    RHUMB_TRY(fill(shard, id));
    command_.shards.at(to).shard = id++;
  }
  return base::ok();
}

Status Prepared::commit() {
  Status done = answer_of<Status>([&](auto answer) {
    parts_.gateway->restore_collection(command_, Deadline{}, std::move(answer));
  });
  const bool refused =
      done.code() == Code::kExists || done.code() == Code::kInvalid || done.code() == Code::kBusy;
  if (!refused) made_.clear();
  if (done.ok())
    base::log_info("app", "collection restored from a snapshot",
                   {{"collection", command_.name}, {"shards", command_.shards.size()}});
  return done;
}

}  // namespace rhumb::app
