#include "host/app/snapshots/document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "host/archive/tar_name.h"
#include "host/base/checked_json.h"
#include "host/base/file.h"
#include "host/base/version.h"

namespace rhumb::app {

using base::Result;
using base::Status;
using nlohmann::json;

namespace {

constexpr std::array<std::pair<SnapshotKind, std::string_view>, 3> kKinds{
    {{SnapshotKind::kShard, "shard"},
     {SnapshotKind::kCollection, "collection"},
     {SnapshotKind::kFull, "full"}}};

std::string_view kind_name(SnapshotKind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(), [&](auto& k) { return k.first == kind; })
      ->second;
}

json collection_json(const SnapshotCollection& collection) {
  json shards = json::array(), runs = json::array();
  for (const SnapshotShard& s : collection.shards)
    shards.push_back({{"ordinal", s.ordinal},
                      {"directory", s.directory},
                      {"image", s.image},
                      {"applied_index", s.applied_index},
                      {"points", s.points}});
  for (const model::BucketRun& run : collection.runs)
    runs.push_back({run.first, run.count, run.shard});
  return {{"name", collection.name},
          {"uuid", collection.uuid},
          {"router", collection.router},
          {"config", json::parse(model::to_json(collection.config))},
          {"shard_count", collection.shard_count},
          {"runs", runs},
          {"shards", shards}};
}

Result<SnapshotShard> read_shard(const json& j, uint32_t shard_count) {
  SnapshotShard shard;
  shard.ordinal = j.at("ordinal").get<uint32_t>();
  shard.directory = j.at("directory").get<std::string>();
  shard.image = j.at("image").get<std::string>();
  shard.applied_index = j.at("applied_index").get<uint64_t>();
  shard.points = j.at("points").get<uint64_t>();
  if (shard.ordinal >= shard_count)
    return base::invalid("it has shard " + std::to_string(shard.ordinal) + " of " +
                         std::to_string(shard_count));
  RHUMB_TRY(archive::check_tar_name(shard.directory));
  return shard;
}

Result<SnapshotCollection> read_collection(const json& j) {
  SnapshotCollection collection;
  collection.name = j.at("name").get<std::string>();
  collection.uuid = j.at("uuid").get<std::string>();
  collection.router = j.at("router").get<std::string>();
  RHUMB_ASSIGN(collection.config, model::collection_config_from_json(j.at("config").dump()));
  collection.shard_count = j.at("shard_count").get<uint32_t>();
  for (const json& run : j.at("runs"))
    collection.runs.push_back(
        {run.at(0).get<uint32_t>(), run.at(1).get<uint32_t>(), run.at(2).get<uint64_t>()});
  RHUMB_TRY(model::check_runs(collection.runs));
  for (const model::BucketRun& run : collection.runs) {
    if (run.shard >= collection.shard_count)
      return base::invalid("a bucket run names shard " + std::to_string(run.shard));
  }
  std::set<uint32_t> ordinals;
  for (const json& s : j.at("shards")) {
    RHUMB_ASSIGN(SnapshotShard shard, read_shard(s, collection.shard_count));
    if (!ordinals.insert(shard.ordinal).second)
      return base::invalid("it has shard " + std::to_string(shard.ordinal) + " twice");
    collection.shards.push_back(std::move(shard));
  }
  return collection;
}

Result<SnapshotDocument> read_members(const json& j) {
  SnapshotDocument document;
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                 [&](const auto& k) { return j.at("kind") == k.second; });
  if (kind == kKinds.end())
    return base::invalid("snapshots of kind " + j.at("kind").dump() + " are not known");
  document.kind = kind->first;
  for (const json& c : j.at("collections")) {
    auto collection = read_collection(c);
    if (!collection.ok()) return collection.status();
    document.collections.push_back(std::move(*collection));
  }
  document.aliases = j.at("aliases").get<std::map<std::string, std::string>>();
  if (document.kind != SnapshotKind::kFull && document.collections.size() != 1)
    return base::invalid("it has " + std::to_string(document.collections.size()) +
                         " collections, not one");
  return document;
}

}  // namespace

std::string_view words(SnapshotKind kind) {
  switch (kind) {
    case SnapshotKind::kShard:
      return "a shard";
    case SnapshotKind::kCollection:
      return "a collection";
    case SnapshotKind::kFull:
      break;
  }
  return "the full storage";
}

std::string to_text(const SnapshotDocument& document) {
  json collections = json::array();
  for (const SnapshotCollection& collection : document.collections)
    collections.push_back(collection_json(collection));
  return base::checked_json_text({{"format", kSnapshotFormat},
                                  {"release", base::kRhumbVersion},
                                  {"kind", kind_name(document.kind)},
                                  {"collections", collections},
                                  {"aliases", document.aliases}});
}

Result<SnapshotDocument> read_snapshot_document(const std::string& directory) {
  const std::string name = kSnapshotDocument, path = directory + "/" + name;
  if (!base::exists(path))
    return base::invalid("the archive has no " + name + ", so it is no snapshot of this server");
  RHUMB_ASSIGN(const std::string text, base::read_file(path, kMaxSnapshotDocumentBytes));
  try {
    const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object() || !document.contains("format"))
      return base::invalid(name + " cannot be read");
    if (document["format"] != kSnapshotFormat)
      return base::unsupported("the snapshot has format " + document["format"].dump() +
                               ", this release reads " + std::to_string(kSnapshotFormat));
    if (base::checked_json_text(document) != text)
      return base::invalid(name + ": the checksum does not match");
    auto read = read_members(document);
    if (!read.ok()) return base::invalid(name + ": " + read.status().message());
    return read;
  } catch (const json::exception& error) {
    return base::invalid(name + ": " + error.what());
  }
}

}  // namespace rhumb::app
