// The router engine of a collection: key -> bucket, for ever the same; buckets -> shards.
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

// A shard that wants its share of the buckets.
struct ShardShare {
  uint64_t shard = 0;
  uint64_t weight = 1;  // 0 = none
  uint32_t zone = 0;
  bool leaving = false;  // gives all of its buckets away
};

// Owns one instance of a router plugin. All members from any thread; no state but the instance.
// What the plugin answers is checked: a bucket out of range or a map with gaps is kInternal, never
// passed on.
class Router {
 public:
  // engine: the plugin's id ("hash"), as a collection has it pinned. The registry must outlive the
  // router.
  static base::Result<std::unique_ptr<Router>> open(const plugin::PluginRegistry& registry,
                                                    std::string_view engine,
                                                    std::string_view config_json = {});
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  const std::string& id() const { return id_; }
  // keys: encoded ids (model::PointId::key()). One bucket < RHUMB_BUCKETS for each, in their order.
  base::Result<std::vector<uint32_t>> place(std::span<const std::string_view> keys) const;
  base::Result<uint32_t> bucket_of(std::string_view key) const;

  // The new map over the shards that do not leave, moving as few buckets as it can. now: empty = a
  // first map. Every bucket is owned by a shard of the list that does not leave.
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
