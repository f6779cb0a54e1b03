#include "tests/gateway/fake_cluster.h"

#include <gtest/gtest.h>

#include "host/placement/command.h"
#include "host/placement/map_table.h"
#include "tests/places.h"

namespace rhumb::gateway {

template <typename Req>
void FakeCluster::bind(Answer<Req>& answer) {
  dispatcher_.on<Req>([&answer](Req request, base::Deadline, auto done) {
    if (answer == nullptr) return done(base::internal("nobody expected this message"));
    done(answer(request));
  });
}

FakeCluster::FakeCluster() {
  const base::Status loaded = plugins_.load_file(places::plugin("router_hash"));
  EXPECT_TRUE(loaded.ok()) << loaded.message();
  auto router = router::Router::open(plugins_, "hash");
  EXPECT_TRUE(router.ok()) << router.status().message();
  router_ = std::move(*router);
  bind(on_write);
  bind(on_search);
  bind(on_get);
  bind(on_scroll);
  bind(on_hashes);
  bind(on_count);
  bind(on_state);
  bind(on_optimizations);
  bind(on_await_config);
  bind(on_verify);
  bind(on_contract);
  bind_metadata();
  on_await_config = [](const peer::AwaitConfigMessage&) { return peer::EmptyReply{}; };
  map_.version = 1;
  map_.cluster_uuid = "fake";
  for (const uint64_t node : {1, 2}) map_.nodes[node] = {node, ""};
  const auto way = [this](uint64_t node) -> peer::Channel& {
    nodes_called.push_back(node);
    return channel_;
  };
  gateway_ = std::make_unique<ClusterGateway>(way, *router_);
  gateway_->start();
}

void FakeCluster::bind_metadata() {
  dispatcher_.on<peer::WatchMap>([this](peer::WatchMap watch, base::Deadline, auto done) {
    if (map_.version > watch.known_version)
      return done(peer::MapReply{std::make_shared<const model::ClusterMap>(map_)});
    watchers_.emplace_back(watch.known_version, std::move(done));
  });
  dispatcher_.on<peer::MetadataCommand>(
      [this](peer::MetadataCommand command, base::Deadline, auto done) {
        ++commands;
        if (before_command) before_command();
        auto parsed = placement::command_from_json(command.json);
        if (!parsed.ok()) return done(parsed.status());
        const placement::Outcome outcome = placement::apply(map_, map_.version + 1, *parsed);
        const uint64_t index = map_.version;
        publish();
        if (!outcome.status.ok()) return done(outcome.status);
        done(peer::MetadataReply{index, outcome.changed});
      });
}

void FakeCluster::publish() {
  auto watchers = std::move(watchers_);
  watchers_.clear();
  for (auto& [known, done] : watchers)
    done(peer::MapReply{std::make_shared<const model::ClusterMap>(map_)});
}

void FakeCluster::change(const std::function<void(model::ClusterMap&)>& edit) {
  edit(map_);
  ++map_.version;
  publish();
}

CollectionPtr FakeCluster::add(const std::string& name, uint32_t shards, model::Distance distance) {
  placement::CreateCollection create{name, "uuid-of-" + name, {}, "hash", {}, {}};
  create.config.vectors[""] = {.size = 4, .distance = distance};
  std::vector<uint64_t> ordinals;
  for (uint32_t i = 0; i < shards; ++i) {
    ordinals.push_back(i);
    create.nodes.push_back({1 + i % 2});
  }
  create.runs = *router_->assign({}, ordinals);
  change([&](model::ClusterMap& map) {
    EXPECT_TRUE(placement::apply(map, map.version + 1, create).status.ok());
  });
  return *gateway_->find(name);
}

uint64_t FakeCluster::shard_of(const model::Collection& collection,
                               const model::PointId& id) const {
  return collection.shard_of_bucket(model::bucket_of_key(id.key()));
}

model::Record record(uint64_t id, float score) {
  model::Record r;
  r.id = model::PointId::number(id);
  r.score = score;
  return r;
}

std::string ids_of(const std::vector<model::Record>& records) {
  std::string out;
  for (const model::Record& r : records) out += (out.empty() ? "" : " ") + r.id.to_text();
  return out;
}

std::string ids_of(const model::SearchResult& result) { return ids_of(result.points); }

}  // namespace rhumb::gateway
