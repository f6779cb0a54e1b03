#include "tests/shard/harness.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <future>

#include "host/base/file.h"
#include "host/base/log.h"
#include "tests/places.h"

namespace rhumb::shard::test {

TempDir::TempDir() {
  // Uses a directory in memory if there is one. These tests simulate crashes by copying files, so
  // an fsync that waits for a disk would test nothing more.
  const std::filesystem::path memory = "/dev/shm";
  const auto parent =
      std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  std::string pattern = (parent / "rhumb_shard_XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}
TempDir::~TempDir() { std::filesystem::remove_all(path_); }

Embeddings::Embeddings(uint64_t seed, uint32_t dim, uint32_t rank, uint32_t clusters)
    : random_(seed), dim_(dim), rank_(std::min(rank, dim)) {
  std::normal_distribution<float> normal;
  const auto draw = [&](uint32_t n) {
    std::vector<float> v(n);
    for (float& x : v) x = normal(random_);
    return v;
  };
  for (uint32_t i = 0; i < rank_; ++i) basis_.push_back(draw(dim_));
  for (uint32_t i = 0; i < clusters; ++i) centres_.push_back(draw(rank_));
}

std::vector<float> Embeddings::next() {
  std::normal_distribution<float> normal;
  const std::vector<float>& centre = centres_[random_() % centres_.size()];
  std::vector<float> v(dim_, 0.0f);
  for (uint32_t r = 0; r < rank_; ++r) {
    const float weight = centre[r] + 0.4f * normal(random_);
    for (uint32_t d = 0; d < dim_; ++d) v[d] += weight * basis_[r][d];
  }
  for (float& x : v) x += 0.05f * normal(random_);
  rhumb_normalise_f32(v.data(), dim_);
  return v;
}

std::string bytes_of(const std::vector<float>& vector) {
  return {reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)};
}
std::string Embeddings::next_bytes() { return bytes_of(next()); }

base::Executor& background_pool() {
  static base::Executor pool("background", 2, 1024);
  return pool;
}

const plugin::PluginRegistry& plugins() {
  static const auto registry = [] {
    base::log_configure(base::LogLevel::kWarn, base::LogFormat::kAuto);
    auto loaded = std::make_unique<plugin::PluginRegistry>(background_pool());
    for (const char* name : {"storage_sqlite", "index_flat", "index_hnsw", "index_rhumb"}) {
      const base::Status status = loaded->load_file(places::plugin(name));
      if (!status.ok()) {
        ADD_FAILURE() << status.to_string();
        std::abort();
      }
    }
    return loaded;
  }();
  return *registry;
}

model::CollectionConfig config_of(model::Distance distance, uint32_t dim) {
  model::CollectionConfig config;
  model::VectorParams params;
  params.size = dim;
  params.distance = distance;
  config.vectors[""] = params;
  config.single_vector = true;
  return config;
}

Harness::Harness(model::CollectionConfig config)
    : directory_(temp_.path() + "/shards/1024"), apply_pool_("apply", 2, 1024) {
  kv_ = std::make_unique<KvCache>(plugins(), "sqlite");
  options.shard = 1024;
  options.directory = directory_;
  options.config = std::move(config);
  options.config_version = 1;
  options.segment.plugins = &plugins();
  options.kv = kv_.get();
  options.apply = &apply_pool_;
  options.background = &background_pool();
  options.disk_reserve_bytes = 0;
  options.release_log = [this](uint64_t index) { released_.store(index); };
}

Harness::~Harness() {
  if (shard_) abandon();
}

void Harness::set_directory(const std::string& directory) {
  ASSERT_FALSE(is_open());
  directory_ = options.directory = directory;
  released_.store(0);  // another disk, perhaps with an earlier state
}

void Harness::begin_log_at(uint64_t index) {
  ASSERT_TRUE(log_.empty());
  while (log_.size() < index) noop();  // they are never fed
  fed_ = index;
}

void Harness::open() {
  ASSERT_FALSE(is_open());
  auto opened = Shard::open(options);
  ASSERT_TRUE(opened.ok()) << opened.status().to_string();
  shard_ = std::move(*opened);
  fed_ = shard_->durable_index();
  ASSERT_LE(fed_, log_.size());
  ASSERT_GE(fed_, released_.load());
  const base::Status applied = apply();
  ASSERT_TRUE(applied.ok()) << applied.to_string();
}

void Harness::close() {
  const base::Status closed = shard_->close();
  EXPECT_TRUE(closed.ok()) << closed.to_string();
  shard_.reset();
}

void Harness::abandon() {
  shard_->stop();
  shard_.reset();
}

uint64_t Harness::propose(const model::Command& command) {
  log_.push_back({log_.size() + 1, 1, consensus::EntryType::kData, model::encode_command(command)});
  return log_.size();
}

uint64_t Harness::noop() {
  log_.push_back({log_.size() + 1, 1, consensus::EntryType::kNoop, {}});
  return log_.size();
}

base::Status Harness::apply() {
  if (fed_ == log_.size()) return base::ok();
  std::vector<consensus::Entry> entries(log_.begin() + static_cast<ptrdiff_t>(fed_), log_.end());
  fed_ = log_.size();
  std::promise<base::Status> applied;
  shard_->apply(std::move(entries),
                [&applied](const base::Status& status) { applied.set_value(status); });
  return applied.get_future().get();
}

base::Status Harness::checkpoint() {
  std::promise<base::Status> done;
  shard_->checkpoint([&done](const base::Status& status) { done.set_value(status); });
  return done.get_future().get();
}

base::Status Harness::compact() {
  std::promise<base::Status> done;
  shard_->compact([&done](const base::Status& status) { done.set_value(status); });
  RHUMB_TRY(done.get_future().get());
  wait_indexed();  // files are removed on the indexing strand
  return base::ok();
}

base::Status Harness::configure(const model::CollectionConfig& config) {
  ++config_version_;
  std::promise<base::Status> taken, built;
  shard_->configure(config, config_version_,
                    [&taken](const base::Status& status) { taken.set_value(status); });
  RHUMB_TRY(taken.get_future().get());
  options.config = config;
  options.config_version = config_version_;
  shard_->when_configured(config_version_,
                          [&built](const base::Status& status) { built.set_value(status); });
  return built.get_future().get();
}

void Harness::wait_indexed(const std::string&) {
  std::promise<void> idle;
  shard_->when_indexed([&idle] { idle.set_value(); });
  idle.get_future().get();
}

model::Command upsert(const std::vector<model::PointWrite>& points) {
  model::Command command;
  command.header.kind = model::OperationKind::kUpsert;
  for (const model::PointWrite& p : points) command.targets.push_back({p.id, model::kAnyVersion});
  command.show(std::make_shared<const std::vector<model::PointWrite>>(points));
  return command;
}

model::PointWrite point(uint64_t id, const std::string& vector, const std::string& payload) {
  model::PointWrite write;
  write.id = model::PointId::number(id);
  write.payload = payload;
  if (!vector.empty()) write.vectors.push_back({"", vector});
  return write;
}

model::Command on(model::OperationKind kind, const std::vector<uint64_t>& ids) {
  model::Command command;
  command.header.kind = kind;
  for (const uint64_t id : ids)
    command.targets.push_back({model::PointId::number(id), model::kAnyVersion});
  return command;
}

model::Command set_payload(uint64_t id, const std::string& payload, const std::string& key) {
  model::Command command = on(model::OperationKind::kSetPayload, {id});
  command.payload = payload;
  command.payload_key = key;
  return command;
}

model::Condition any_of(const std::string& key, std::vector<model::MatchValue> values) {
  model::Condition condition;
  condition.key = key;
  condition.test = model::MatchAny{std::move(values)};
  return condition;
}

model::Filter match(const std::string& key, model::MatchValue value) {
  model::Filter filter;
  filter.must.push_back(any_of(key, {std::move(value)}));
  return filter;
}

model::SearchRequest nearest(const std::string& vector, uint32_t limit) {
  model::SearchRequest request;
  request.vector = vector;
  request.limit = limit;
  request.with_payload.mode = model::PayloadSelector::Mode::kAll;
  return request;
}

}  // namespace rhumb::shard::test
