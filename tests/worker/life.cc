#include "tests/worker/life.h"
#include "tests/places.h"

#include <stdlib.h>

#include <filesystem>

namespace rhumb::worker {
namespace {

const plugin::PluginRegistry& plugins() {
  static base::Executor executor("plugins", 1, 64);
  static plugin::PluginRegistry* const registry = [] {
    auto* loaded = new plugin::PluginRegistry(executor);
    for (const char* name : {"storage_wal", "storage_sqlite", "consensus_raft"}) {
      const base::Status status = loaded->load_file(places::plugin(name));
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
    return loaded;
  }();
  return *registry;
}

}  // namespace

Life::Life(const std::string& directory) {
  auto log =
      storage::LogStore::open(plugins(), "wal", directory + "/log", R"({"segment_bytes":1048576})");
  EXPECT_TRUE(log.ok()) << log.status().to_string();
  log_ = std::move(*log);
  consensus::GroupHostOptions group_options;
  group_options.seed = 42;
  group_options.tick_ms = 10;
  groups_ = std::make_unique<consensus::GroupHost>(plugins(), *log_, group_options, nullptr);
  const base::Status started = groups_->start();
  EXPECT_TRUE(started.ok()) << started.to_string();
  kv_ = std::make_unique<shard::KvCache>(plugins(), "sqlite");
  constexpr uint64_t kBound = 1 << 30;
  const auto measure = [this]() -> base::Result<storage::LogUse> {
    if (log_full_) return storage::LogUse{2 * kBound, model::kFirstShard};
    return log_->use();
  };
  log_bound_ = std::make_unique<LogBound>(
      kBound, measure, [] { return std::vector<uint64_t>{}; },
      [this](uint64_t shard, std::function<void()> done) {
        worker_->checkpoint(shard, std::move(done));
      },
      background_);
  WorkerOptions options;
  options.pool = &pool_;
  options.timers = &timers_;
  options.log_bound = log_bound_.get();
  options.replicas.directory = directory + "/shards";
  options.replicas.images = directory + "/images";
  options.replicas.groups = groups_.get();
  options.replicas.kv = kv_.get();
  options.replicas.apply = &apply_;
  options.replicas.background = &background_;
  worker_ = std::make_unique<Worker>(options);
  worker_->bind(dispatcher_);
  bind_placement();
  worker_->start(channel_);
}

Life::~Life() {
  log_bound_->stop();
  stop_worker();
  groups_->stop();
  pool_.stop();
  apply_.stop();
  timers_.stop();
  background_.stop();
  worker_.reset();
}

void Life::stop_worker() { worker_->stop(); }

void Life::bind_placement() {
  dispatcher_.on<peer::WatchMap>([this](peer::WatchMap watch, base::Deadline, auto done) {
    std::shared_ptr<const model::ClusterMap> newer;
    {
      const std::lock_guard lock(mutex_);
      if (map_->version <= watch.known_version)
        return watchers_.emplace_back(watch.known_version, std::move(done)), void();
      newer = map_;
    }
    done(peer::MapReply{newer});
  });
}

void Life::publish(const model::ClusterMap& map) {
  decltype(watchers_) waiting;
  auto shown = std::make_shared<const model::ClusterMap>(map);
  {
    const std::lock_guard lock(mutex_);
    map_ = shown;
    waiting.swap(watchers_);
  }
  for (auto& [known, done] : waiting) done(peer::MapReply{shown});
}

base::Status Life::await(uint64_t shard, uint64_t config_version) {
  return ask(peer::AwaitConfigMessage{shard, config_version}).status();
}

uint64_t Life::count(uint64_t shard, uint64_t min_applied) {
  peer::CountMessage message;
  message.shard = shard;
  message.level.min_applied = min_applied;
  const auto reply = ask(std::move(message));
  EXPECT_TRUE(reply.ok()) << reply.status().to_string();
  return reply.ok() ? reply->count : 0;
}

void WorkerTest::SetUp() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rhumb-worker-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  directory_ = pattern;
  std::filesystem::create_directory(directory_ + "/shards");
  map_.version = 1;
  map_.cluster_uuid = "test";
  map_.nodes[1] = {1, ""};
}

void WorkerTest::TearDown() {
  end();
  std::filesystem::remove_all(directory_);
}

void WorkerTest::begin() {
  end();
  life_ = std::make_unique<Life>(directory_);
  life_->publish(map_);
}

base::Status WorkerTest::fill_log(uint64_t shard) {
  life_->log_is_full(true);
  base::Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) {
    model::Operation heavy = upsert(3, 1);
    heavy.points[0].payload = R"({"text":")" + std::string(3 << 20, 'x') + "\"}";
    status = life_->ask(write_to(shard, true, std::move(heavy))).status();
  }
  return status;
}

void WorkerTest::begin_serving() {
  begin();
  for (const auto& [name, collection] : map_.collections) {
    const auto& shard = collection->shards.front();
    if (shard.replicas.front().node == 1)
      ASSERT_TRUE(life_->await(shard.shard, version_of(name)).ok()) << name;
  }
}

uint64_t WorkerTest::add(const std::string& name, uint64_t node) {
  auto collection = std::make_shared<model::Collection>();
  collection->name = name;
  collection->uuid = "uuid-of-" + name;
  collection->config_version = ++map_.version;
  collection->config.vectors[""] = {.size = 4, .distance = model::Distance::kEuclid};
  collection->config.single_vector = true;
  const uint64_t shard = map_.next_shard++;
  collection->shards.push_back({shard, {{map_.next_replica++, node}}});
  collection->runs.push_back({0, model::kBuckets, shard});
  map_.collections[name] = std::move(collection);
  return shard;
}

void WorkerTest::change(const std::string& name,
                        const std::function<void(model::CollectionConfig&)>& edit) {
  auto changed = std::make_shared<model::Collection>(*map_.collections.at(name));
  edit(changed->config);
  changed->config_version = ++map_.version;
  map_.collections[name] = std::move(changed);
}

void WorkerTest::show() { life_->publish(map_); }

model::Operation upsert(uint64_t first, uint64_t count) {
  model::Operation o;
  for (uint64_t id = first; id < first + count; ++id) {
    const float vector[4] = {static_cast<float>(id), 1, 0, 0};
    model::PointWrite point{
        model::PointId::number(id),
        R"({"n":)" + std::to_string(id) + R"(,"even":)" + (id % 2 == 0 ? "true" : "false") + "}",
        {}};
    point.vectors.push_back(
        {"", std::string(reinterpret_cast<const char*>(vector), sizeof(vector))});
    o.points.push_back(std::move(point));
  }
  return o;
}

model::Operation remove_ids(std::vector<uint64_t> ids) {
  model::Operation o;
  o.kind = model::OperationKind::kDelete;
  for (const uint64_t id : ids) o.ids.push_back(model::PointId::number(id));
  return o;
}

model::Filter even() {
  model::Filter filter;
  filter.must.push_back({"even", model::MatchAny{{true}}});
  return filter;
}

}  // namespace rhumb::worker
