// What making and restoring snapshots needs of the node, and how they wait for it.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>

#include "host/app/snapshots/allowed_urls.h"
#include "host/archive/snapshot_store.h"
#include "host/base/status.h"
#include "host/gateway/cluster_gateway.h"
#include "host/worker/replicas.h"

namespace rhumb::app {

struct SnapshotParts {
  gateway::ClusterGateway* gateway = nullptr;
  worker::Replicas* replicas = nullptr;
  archive::SnapshotStore* store = nullptr;
  uint64_t node = 1;
  std::string router;  // the id of the router that this node has
  std::string images;  // the directory that `replicas` takes images in
  std::string shards;  // the directory of the node's shards
  AllowedUrls allowed_urls;
  std::function<bool()> stopping;
};

// Calls `start(done)` and blocks until `done` is called, which happens at the latest when the node
// stops.
template <typename T, typename Start>
T answer_of(Start start) {
  auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  start([promise](T answer) { promise->set_value(std::move(answer)); });
  return future.get();
}

}  // namespace rhumb::app
