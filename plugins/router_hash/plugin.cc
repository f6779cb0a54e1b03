// The router engine `hash`. place() is the address of all stored data and never changes. assign()
// is in assignment.h.
#include <algorithm>
#include <span>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "assignment.h"
#include "rhumb/cpp/decision_engine.h"

namespace rhumb::router_hash {
namespace {

constexpr int kBucketBits = 12;
static_assert(RHUMB_BUCKETS == 1u << kBucketBits);

class HashRouter {
 public:
  static constexpr const char* kId = "hash";
  static constexpr const char* kVersion = "1.0.0";

  HashRouter(const rhumb_host_t*, const rhumb_open_t& open) {
    const std::string_view config = view(open.config_json);
    if (!config.empty() && config != "{}")
      throw Error(RHUMB_INVALID, "config: the router has no parameters");
    for (const rhumb_ext_t* ext = open.ext; ext != nullptr; ext = ext->next) {
      if (ext->required != 0) throw Error(RHUMB_UNSUPPORTED, "unknown required extension");
    }
  }
  void place(std::span<const rhumb_slice_t> keys, uint32_t* buckets) const {
    for (size_t i = 0; i < keys.size(); ++i) {
      buckets[i] =
          static_cast<uint32_t>(XXH64(keys[i].data, keys[i].size, 0) >> (64 - kBucketBits));
    }
  }
  rhumb_status_t assign(std::span<const rhumb_bucket_run_t> now,
                        std::span<const rhumb_shard_t> shards, std::span<rhumb_bucket_run_t> out,
                        uint64_t* out_count) const {
    const auto runs = router_hash::assign(now, shards);
    *out_count = runs.size();
    if (runs.size() > out.size())
      throw Error(RHUMB_OVER_LIMIT, "the map has " + std::to_string(runs.size()) + " runs");
    std::copy(runs.begin(), runs.end(), out.begin());
    return RHUMB_OK;
  }
};

}  // namespace
}  // namespace rhumb::router_hash

RHUMB_PLUGIN("router_hash", "1.0.0", "Apache-2.0",
             &rhumb::router_factory<rhumb::router_hash::HashRouter>)
