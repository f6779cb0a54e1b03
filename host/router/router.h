// The router engine of a collection. It maps a key to a bucket, which never changes, and assigns
// buckets to shards.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/model/topology.h"
#include "host/plugin/registry.h"

namespace rhumb::router {

// A shard and the share of the buckets that it should get.
struct ShardShare {
  uint64_t shard = 0;
  uint64_t weight = 1;  // 0: no buckets
  uint32_t zone = 0;
  bool leaving = false;  // the shard gives all of its buckets away
};

// Owns one instance of a router plugin and has no other state. Any thread may call all members. The
// plugin's answers are checked: a bucket out of range or a map with gaps becomes kInternal and is
// never passed on.
class Router {
 public:
  // `engine` is the plugin's id ("hash"), which is fixed for a collection. The registry must
  // outlive the router.
  static base::Result<std::unique_ptr<Router>> open(const plugin::PluginRegistry& registry,
                                                    std::string_view engine,
                                                    std::string_view config_json = {});
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  const std::string& id() const { return id_; }
  // `keys` are encoded ids (model::PointId::key()). Returns one bucket below RHUMB_BUCKETS for each
  // key, in the same order.
  base::Result<std::vector<uint32_t>> place(std::span<const std::string_view> keys) const;
  base::Result<uint32_t> bucket_of(std::string_view key) const;

  // Returns the new map over the shards that do not leave. It moves as few buckets as possible. An
  // empty `now` asks for a first map. A shard of the list that does not leave owns every bucket.
  base::Result<std::vector<model::BucketRun>> assign(std::span<const model::BucketRun> now,
                                                     std::span<const ShardShare> shards) const;
  // The same for shards of equal weight.
  base::Result<std::vector<model::BucketRun>> assign(std::span<const model::BucketRun> now,
                                                     std::span<const uint64_t> shards) const;

 private:
  Router(plugin::Engine<rhumb_router_ops_t> engine, rhumb_router_t* self);

  const plugin::Engine<rhumb_router_ops_t> engine_;
  const std::string id_;
  rhumb_router_t* const self_;
};

}  // namespace rhumb::router
