#include "host/router/router.h"

#include <algorithm>

#include "host/plugin/status.h"
#include "host/router/bucket_map.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::router {

using base::Result;
using base::Status;

Result<std::unique_ptr<Router>> Router::open(const plugin::PluginRegistry& registry,
                                             std::string_view engine,
                                             std::string_view config_json) {
  RHUMB_ASSIGN(const auto found, registry.find<rhumb_router_ops_t>(engine));
  const rhumb_open_t params{sizeof params, 0, slice(config_json), {}, nullptr};
  rhumb_router_t* self = nullptr;
  plugin::ErrorSlot error;
  RHUMB_TRY(error.status(found.ops->open(found.host, &params, &self, error.out()),
                         "router " + std::string(engine)));
  return std::unique_ptr<Router>(new Router(found, self));
}

Router::Router(plugin::Engine<rhumb_router_ops_t> engine, rhumb_router_t* self)
    : engine_(engine), id_(engine.id), self_(self) {}

Router::~Router() { engine_.ops->close(self_); }

Result<std::vector<uint32_t>> Router::place(std::span<const std::string_view> keys) const {
  std::vector<rhumb_slice_t> slices;
  slices.reserve(keys.size());
  for (const std::string_view key : keys) slices.push_back(slice(key));
  std::vector<uint32_t> buckets(keys.size(), RHUMB_BUCKETS);
  plugin::ErrorSlot error;
  const rhumb_status_t rc =
      engine_.ops->place(self_, slices.data(), slices.size(), buckets.data(), error.out());
  RHUMB_TRY(error.status(rc, "router " + id_ + ": place"));
  if (std::any_of(buckets.begin(), buckets.end(),
                  [](uint32_t bucket) { return bucket >= RHUMB_BUCKETS; })) {
    return base::internal("router " + id_ + ": place: a bucket is out of range");
  }
  return buckets;
}

Result<uint32_t> Router::bucket_of(std::string_view key) const {
  RHUMB_ASSIGN(const auto buckets, place({&key, 1}));
  return buckets[0];
}

Result<std::vector<model::BucketRun>> Router::assign(std::span<const model::BucketRun> now,
                                                     std::span<const ShardShare> shards) const {
  std::vector<rhumb_bucket_run_t> present;
  for (const model::BucketRun& run : now) present.push_back({run.first, run.count, run.shard});
  std::vector<rhumb_shard_t> wanted;
  for (const ShardShare& s : shards) {
    const uint32_t state = s.leaving ? RHUMB_SHARD_LEAVING : RHUMB_SHARD_ACTIVE;
    wanted.push_back({s.shard, s.weight, s.zone, state});
  }
  // There cannot be more runs than buckets.
  std::vector<rhumb_bucket_run_t> out(RHUMB_BUCKETS);
  uint64_t count = 0;
  plugin::ErrorSlot error;
  const rhumb_status_t rc =
      engine_.ops->assign(self_, present.data(), present.size(), wanted.data(), wanted.size(),
                          out.data(), out.size(), &count, error.out());
  RHUMB_TRY(error.status(rc, "router " + id_ + ": assign"));
  std::vector<model::BucketRun> runs;
  for (uint64_t i = 0; i < std::min<uint64_t>(count, out.size()); ++i)
    runs.push_back({out[i].first, out[i].count, out[i].shard});
  if (const Status joined = check_map(runs); !joined.ok())
    return joined.within("router " + id_ + ": assign");
  for (const model::BucketRun& run : runs) {
    const bool known = std::any_of(shards.begin(), shards.end(), [&](const ShardShare& s) {
      return s.shard == run.shard && !s.leaving;
    });
    if (!known)
      return base::internal("router " + id_ + ": assign: the engine gave buckets to shard " +
                            std::to_string(run.shard) + ", which takes none");
  }
  return runs;
}

Result<std::vector<model::BucketRun>> Router::assign(std::span<const model::BucketRun> now,
                                                     std::span<const uint64_t> shards) const {
  std::vector<ShardShare> shares;
  for (const uint64_t shard : shards) shares.push_back({.shard = shard});
  return assign(now, std::span<const ShardShare>(shares));
}

}  // namespace rhumb::router
