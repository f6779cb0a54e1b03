// The cluster that a gateway speaks to, without disks and threads: a metadata role that applies
// commands to a map, and workers of several nodes whose answers come from the test. Messages go
// through their frames, so a handler gets a copy. Everything runs on one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/gateway/cluster_gateway.h"
#include "host/peer/channel.h"
#include "host/peer/messages.h"
#include "host/plugin/registry.h"
#include "host/router/router.h"

namespace rhumb::gateway {

class FakeCluster {
 public:
  FakeCluster();  // nodes 1 and 2, no collection, and a gateway that watches the map

  ClusterGateway& gateway() { return *gateway_; }
  router::Router& router() { return *router_; }
  // Adds a collection with that many shards directly to the map, which the gateway sees at once.
  CollectionPtr add(const std::string& name, uint32_t shards,
                    model::Distance distance = model::Distance::kCosine);
  // Applies a change to the map and shows it to the gateway.
  void change(const std::function<void(model::ClusterMap&)>& edit);
  model::ClusterMap& map() { return map_; }
  uint64_t shard_of(const model::Collection& collection, const model::PointId& id) const;

  // The workers' handlers call these; a test sets those that it needs.
  template <typename Req>
  using Answer = std::function<base::Result<typename Req::Reply>(const Req&)>;
  Answer<peer::WriteRequest> on_write;
  Answer<peer::SearchMessage> on_search;
  Answer<peer::GetMessage> on_get;
  Answer<peer::ScrollMessage> on_scroll;
  Answer<peer::HashesMessage> on_hashes;
  Answer<peer::CountMessage> on_count;
  Answer<peer::ShardStateMessage> on_state;
  Answer<peer::OptimizationsMessage> on_optimizations;
  Answer<peer::AwaitConfigMessage> on_await_config;
  Answer<peer::VerifyMessage> on_verify;
  Answer<peer::ContractMessage> on_contract;
  std::function<void()> before_command;  // runs before each metadata command

  std::vector<uint64_t> nodes_called;  // 0 is the metadata role
  int commands = 0;

 private:
  template <typename Req>
  void bind(Answer<Req>& answer);
  void bind_metadata();
  void publish();

  base::Executor executor_{"test", 1, 16};
  plugin::PluginRegistry plugins_{executor_};
  std::unique_ptr<router::Router> router_;
  model::ClusterMap map_;
  std::vector<std::pair<uint64_t, std::function<void(base::Result<peer::MapReply>)>>> watchers_;
  peer::Dispatcher dispatcher_;
  peer::LoopbackChannel channel_{dispatcher_, peer::LoopbackMode::kEncode};
  std::unique_ptr<ClusterGateway> gateway_;
};

// Keeps what a callback was given.
template <typename T>
struct Got {
  int fired = 0;
  base::Result<T> result = base::Status(base::Code::kInternal, "no answer");
  Callback<T> take() {
    return [this](base::Result<T> r) {
      ++fired;
      result = std::move(r);
    };
  }
};
struct GotStatus {
  int fired = 0;
  base::Status status{base::Code::kInternal, "no answer"};
  Done take() {
    return [this](base::Status s) {
      ++fired;
      status = std::move(s);
    };
  }
};

model::Record record(uint64_t id, float score = 0);
std::string ids_of(const std::vector<model::Record>& records);  // separated by blanks
std::string ids_of(const model::SearchResult& result);

}  // namespace rhumb::gateway
