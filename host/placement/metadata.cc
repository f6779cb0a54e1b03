#include "host/placement/metadata.h"

#include <algorithm>

#include "host/base/bytes.h"
#include "host/base/log.h"

namespace rhumb::placement {
namespace {

using base::Status;

// Rows: "c" + name -> collection, "a" + alias -> name, "s" -> everything else.
constexpr uint32_t kTable = 1;
constexpr size_t kRecentOutcomes = 4096;  // outcomes remembered for a proposer that asks late
// The number of entries between two flushes, which is the most that a restart replays.
constexpr uint64_t kFlushEntries = 1024;

std::string encode_scalars(const model::ClusterMap& map, uint64_t applied) {
  std::string out;
  base::ByteWriter w(out);
  w.u32(1);  // format
  w.u64(applied);
  w.u64(map.version);
  w.blob(map.cluster_uuid);
  w.u64(map.next_shard);
  w.u64(map.next_replica);
  w.u32(static_cast<uint32_t>(map.nodes.size()));
  for (const auto& [id, node] : map.nodes) {
    w.u64(id);
    w.blob(node.address);
  }
  return out;
}

Status decode_scalars(std::string_view bytes, model::ClusterMap& map, uint64_t& applied) {
  base::ByteReader r(bytes);
  const uint32_t format = r.u32();
  if (format != 1)
    return base::unsupported("metadata store: format " + std::to_string(format) +
                             ", this release reads 1");
  applied = r.u64();
  map.version = r.u64();
  map.cluster_uuid = std::string(r.blob());
  map.next_shard = r.u64();
  map.next_replica = r.u64();
  const uint32_t nodes = r.count(12);
  for (uint32_t i = 0; i < nodes; ++i) {
    model::Node node;
    node.id = r.u64();
    node.address = std::string(r.blob());
    map.nodes[node.id] = node;
  }
  return r.done() ? base::ok() : base::corrupt("metadata store: damaged head row");
}

void write_rows(const model::ClusterMap& map, const Outcome& outcome, storage::KvBatch& batch) {
  for (const std::string& name : outcome.collections) {
    auto it = map.collections.find(name);
    if (it == map.collections.end()) {
      batch.erase(kTable, "c" + name);
      continue;
    }
    std::string row;
    base::ByteWriter w(row);
    model::encode(*it->second, w);
    batch.put(kTable, "c" + name, std::move(row));
  }
  for (const std::string& alias : outcome.aliases) {
    auto it = map.aliases.find(alias);
    if (it == map.aliases.end())
      batch.erase(kTable, "a" + alias);
    else
      batch.put(kTable, "a" + alias, it->second);
  }
}

}  // namespace

base::Result<std::unique_ptr<Metadata>> Metadata::open(std::unique_ptr<storage::KvStore> store,
                                                       base::Executor& executor,
                                                       std::function<void(uint64_t)> release) {
  std::unique_ptr<Metadata> metadata(new Metadata(std::move(store), executor, std::move(release)));
  RHUMB_TRY(metadata->load());
  return metadata;
}

Metadata::Metadata(std::unique_ptr<storage::KvStore> store, base::Executor& executor,
                   std::function<void(uint64_t)> release)
    : store_(std::move(store)), strand_(executor), release_(std::move(release)) {}

Status Metadata::load() {
  auto map = std::make_shared<model::ClusterMap>();
  uint64_t applied = 0;
  Status row_status;
  RHUMB_TRY(store_->visit_range(kTable, "", "", [&](std::string_view key, std::string_view value) {
    if (key == "s") {
      row_status = decode_scalars(value, *map, applied);
    } else if (key.starts_with("a")) {
      map->aliases[std::string(key.substr(1))] = std::string(value);
    } else if (key.starts_with("c")) {
      base::ByteReader r(value);
      auto collection = model::decode_collection(r);
      if (collection.ok())
        map->collections[std::string(key.substr(1))] =
            std::make_shared<const model::Collection>(std::move(*collection));
      else
        row_status =
            collection.status().within("metadata store, collection " + std::string(key.substr(1)));
    }
    return row_status.ok();
  }));
  RHUMB_TRY(row_status);
  const base::MutexLock lock(mutex_);
  map_ = std::move(map);
  applied_ = applied;
  return base::ok();
}

uint64_t Metadata::durable_index() const {
  base::MutexLock lock(mutex_);
  return applied_;
}

MapPtr Metadata::map() const {
  base::MutexLock lock(mutex_);
  return map_;
}

void Metadata::apply(std::vector<consensus::Entry> entries, Done done) {
  strand_.post(
      [this, entries = std::move(entries), done = std::move(done)] { done(apply_batch(entries)); });
}

Status Metadata::apply_batch(const std::vector<consensus::Entry>& entries) {
  if (entries.empty()) return base::ok();
  auto next = std::make_shared<model::ClusterMap>(*map());
  storage::KvBatch batch;
  std::vector<std::pair<uint64_t, Applied>> outcomes;
  for (const consensus::Entry& entry : entries) {
    if (entry.type != consensus::EntryType::kData) continue;
    RHUMB_ASSIGN(const Command command, command_from_json(entry.data));
    Outcome outcome = placement::apply(*next, entry.index, command);
    write_rows(*next, outcome, batch);
    outcomes.emplace_back(entry.index, Applied{std::move(outcome.status), outcome.changed});
  }
  const uint64_t applied = entries.back().index;
  batch.put(kTable, "s", encode_scalars(*next, applied));
  RHUMB_TRY(store_->write(batch));
  publish(next, applied, std::move(outcomes));
  return checkpoint_if_due(entries.size());
}

Status Metadata::checkpoint_if_due(size_t entries) {
  entries_since_flush_ += entries;
  return entries_since_flush_ < kFlushEntries ? base::ok() : flush();
}

void Metadata::checkpoint(Done done) {
  strand_.post([this, done = std::move(done)] { done(flush()); });
}

Status Metadata::flush() {
  entries_since_flush_ = 0;
  RHUMB_TRY(store_->flush());
  if (const uint64_t applied = durable_index(); applied > 0) release_(applied);
  return base::ok();
}

void Metadata::publish(const MapPtr& map, uint64_t applied,
                       std::vector<std::pair<uint64_t, Applied>>&& outcomes) {
  std::vector<std::function<void()>> ready;
  {
    base::MutexLock lock(mutex_);
    const bool newer = map->version > map_->version;
    map_ = map;
    applied_ = applied;
    for (auto& [index, outcome] : outcomes) {
      auto [first, last] = awaiting_.equal_range(index);
      for (auto it = first; it != last; ++it)
        ready.emplace_back([done = std::move(it->second), o = outcome] { done(o); });
      awaiting_.erase(first, last);
      recent_.emplace_back(index, std::move(outcome));
      if (recent_.size() > kRecentOutcomes) recent_.pop_front();
    }
    if (newer) {
      for (auto& [known, done] : watching_)
        ready.emplace_back([done = std::move(done), map] { done(map); });
      watching_.clear();
    }
  }
  for (auto& fire : ready) fire();
}

void Metadata::await(uint64_t index, std::function<void(Applied)> done) {
  Applied found;
  {
    base::MutexLock lock(mutex_);
    if (stopped_) {
      found.status = {base::Code::kUnavailable, "stopping"};
    } else if (applied_ < index) {
      awaiting_.emplace(index, std::move(done));
      return;
    } else {
      auto it = std::find_if(recent_.begin(), recent_.end(),
                             [&](const auto& entry) { return entry.first == index; });
      if (it != recent_.end())
        found = it->second;
      else
        found.status = {base::Code::kTimeout, "the outcome of metadata command " +
                                                  std::to_string(index) +
                                                  " is no longer remembered"};
    }
  }
  done(found);
}

void Metadata::watch(uint64_t known_version, std::function<void(base::Result<MapPtr>)> done) {
  MapPtr newest;
  {
    base::MutexLock lock(mutex_);
    if (!stopped_ && map_->version <= known_version) {
      watching_.emplace_back(known_version, std::move(done));
      return;
    }
    if (!stopped_) newest = map_;
  }
  if (newest)
    done(std::move(newest));
  else
    done(base::Status(base::Code::kUnavailable, "stopping"));
}

void Metadata::stop() {
  decltype(awaiting_) awaiting;
  decltype(watching_) watching;
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
    awaiting.swap(awaiting_);
    watching.swap(watching_);
  }
  const Status stopping(base::Code::kUnavailable, "stopping");
  for (auto& [index, done] : awaiting) done({stopping, false});
  for (auto& [known, done] : watching) done(stopping);
  strand_.drain();
}

}  // namespace rhumb::placement
