#include "host/app/snapshots/restore.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "host/app/snapshots/document.h"
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

// Damage of an archive is the client's concern, not the server's.
Status of_the_archive(const Status& status) {
  if (status.code() != Code::kCorrupt && status.code() != Code::kUnsupported) return status;
  return base::invalid(status.message());
}

// A collection that is to be restored. Removes the directories of its new shards unless kept.
class Prepared {
 public:
  Prepared(const SnapshotParts& parts, std::string directory)
      : parts_(parts), directory_(std::move(directory)) {}
  Prepared(Prepared&&) = default;
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() {
    for (const std::string& made : made_) {
      if (const Status removed = base::remove_all(made); !removed.ok())
        base::log_error("app", "a shard that was not restored stays until the next start",
                        {{"directory", made}, {"error", removed.message()}});
    }
  }

  // `present`: the collection as it is now, or nullptr.
  Status prepare(const std::string& name, const gateway::CollectionPtr& present,
                 const SnapshotCollection& from, const SnapshotScope& scope);
  // The shards serve when it succeeds. A failure of unknown outcome leaves the directories.
  Status commit();

 private:
  Status plan_config(const gateway::CollectionPtr& present, const SnapshotCollection& from);
  Status verify(const SnapshotShard& shard) const;
  Status fill(const SnapshotShard& shard, uint64_t id);

  const SnapshotParts& parts_;
  const std::string directory_;
  placement::RestoreCollection command_;
  std::vector<std::string> made_;
};

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
  for (const SnapshotShard& shard : from.shards) RHUMB_TRY(verify(shard));
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
  const Status done = answer_of<Status>([&](auto answer) {
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

// The collections of the document that the scope asks for. A snapshot of the full storage can give
// one of its collections, too.
Result<std::vector<const SnapshotCollection*>> wanted(const SnapshotDocument& document,
                                                      const SnapshotScope& scope) {
  std::vector<const SnapshotCollection*> all;
  for (const SnapshotCollection& collection : document.collections) {
    if (document.kind == SnapshotKind::kFull && !scope.collection.empty() &&
        collection.name != scope.collection)
      continue;
    all.push_back(&collection);
  }
  const bool shard = document.kind == SnapshotKind::kShard;
  const SnapshotKind asked = scope.collection.empty() ? SnapshotKind::kFull
                             : scope.shard            ? SnapshotKind::kShard
                                                      : SnapshotKind::kCollection;
  if (shard != (asked == SnapshotKind::kShard) ||
      (asked == SnapshotKind::kFull && document.kind != asked))
    return base::invalid("this is a snapshot of " + std::string(words(document.kind)) +
                         ", and what is to be restored is " + std::string(words(asked)));
  if (all.empty() && !scope.collection.empty())
    return base::invalid("the snapshot has no collection `" + scope.collection + "`");
  return all;
}

// Whoever restores one shard keeps the others, so its buckets have to be those of the snapshot.
Status check_shard(const SnapshotCollection& from, const model::Collection& present,
                   uint64_t ordinal) {
  if (from.shards.front().ordinal != ordinal)
    return base::invalid("the snapshot is of shard " + std::to_string(from.shards.front().ordinal) +
                         ", not of shard " + std::to_string(ordinal));
  const bool same = std::equal(
      from.runs.begin(), from.runs.end(), present.runs.begin(), present.runs.end(),
      [&](const model::BucketRun& a, const model::BucketRun& b) {
        return a.first == b.first && a.count == b.count && a.shard < present.shards.size() &&
               present.shards[a.shard].shard == b.shard;
      });
  if (!same) return base::invalid("the snapshot's shard has other buckets than the collection's");
  return base::ok();
}

Status restore_aliases(const SnapshotParts& parts, const SnapshotDocument& document) {
  std::vector<gateway::AliasAction> actions;
  for (const auto& [alias, collection] : document.aliases)
    actions.push_back({gateway::AliasAction::Kind::kCreate, collection, alias, {}});
  if (actions.empty()) return base::ok();
  return answer_of<Status>([&](auto done) {
    parts.gateway->change_aliases(std::move(actions), Deadline{}, std::move(done));
  });
}

}  // namespace

Status restore_snapshot(const SnapshotParts& parts, const SnapshotScope& scope,
                        const std::string& directory) {
  RHUMB_ASSIGN(const SnapshotDocument document, read_snapshot_document(directory));
  RHUMB_ASSIGN(const auto collections, wanted(document, scope));
  const auto map = parts.gateway->map();
  std::vector<Prepared> prepared;
  for (const SnapshotCollection* from : collections) {
    const std::string name = scope.collection.empty() ? from->name : scope.collection;
    const auto it = map->collections.find(name);
    const gateway::CollectionPtr present = it == map->collections.end() ? nullptr : it->second;
    if (scope.shard) {
      if (present == nullptr) return base::not_found("Collection `" + name + "` doesn't exist!");
      RHUMB_TRY(check_shard(*from, *present, *scope.shard));
    }
    Prepared one(parts, directory);
    const Status ready = one.prepare(name, present, *from, scope);
    if (!ready.ok()) return ready.within("Collection `" + name + "`");
    prepared.push_back(std::move(one));
  }
  for (Prepared& one : prepared) RHUMB_TRY(one.commit());
  return document.kind == SnapshotKind::kFull && scope.collection.empty()
             ? restore_aliases(parts, document)
             : base::ok();
}

}  // namespace rhumb::app
