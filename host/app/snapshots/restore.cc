#include "host/app/snapshots/restore.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "host/app/snapshots/prepared.h"

namespace rhumb::app {

using archive::SnapshotScope;
using base::Deadline;
using base::Result;
using base::Status;

namespace {

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
    Prepared one(parts, directory, /*own=*/false);
    const Status ready = one.prepare(name, present, *from, scope);
    if (!ready.ok()) return ready.within("Collection `" + name + "`");
    prepared.push_back(std::move(one));
  }
  for (Prepared& one : prepared) {
    const Status done = one.commit();
    if (!done.ok()) return done.within("Collection `" + one.name() + "`");
  }
  return document.kind == SnapshotKind::kFull && scope.collection.empty()
             ? restore_aliases(parts, document)
             : base::ok();
}

}  // namespace rhumb::app
