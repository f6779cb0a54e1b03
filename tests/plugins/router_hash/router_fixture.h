// Drives the router through its table of functions, as the host does.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/router.h"
#include "tests/places.h"

namespace rhumb::router_test {

using Runs = std::vector<rhumb_bucket_run_t>;
using Shards = std::vector<rhumb_shard_t>;

inline rhumb_shard_t active(uint64_t shard, uint64_t weight = 1) {
  return {shard, weight, 0, RHUMB_SHARD_ACTIVE};
}
inline rhumb_shard_t leaving(uint64_t shard, uint64_t weight = 1) {
  return {shard, weight, 0, RHUMB_SHARD_LEAVING};
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    static base::Executor executor("plugins", 1, 16);
    static plugin::PluginRegistry* const registry = [] {
      auto* r = new plugin::PluginRegistry(executor);
      const base::Status status = r->load_file(places::plugin("router_hash"));
      if (!status.ok()) throw std::runtime_error(status.message());
      return r;
    }();
    engine_ = registry->find<rhumb_router_ops_t>("hash").value();
    const rhumb_open_t open{sizeof open, 0, {}, {}, nullptr};
    if (engine_.ops->open(engine_.host, &open, &self_, nullptr) != RHUMB_OK)
      throw std::runtime_error("open");
  }
  ~RouterTest() override { engine_.ops->close(self_); }

  rhumb_status_t try_assign(const Runs& now, const Shards& shards, Runs& out,
                            std::string* why = nullptr) {
    out.resize(RHUMB_BUCKETS);
    uint64_t n = 0;
    rhumb_error_t error{};
    error.struct_size = sizeof error;
    const rhumb_status_t rc =
        engine_.ops->assign(self_, now.data(), now.size(), shards.data(), shards.size(), out.data(),
                            out.size(), &n, &error);
    out.resize(rc == RHUMB_OK ? n : 0);
    if (why != nullptr) *why = error.text;
    return rc;
  }
  Runs assign(const Runs& now, const Shards& shards) {
    Runs out;
    std::string why;
    EXPECT_EQ(try_assign(now, shards, out, &why), RHUMB_OK) << why;
    return out;
  }

  plugin::Engine<rhumb_router_ops_t> engine_{};
  rhumb_router_t* self_ = nullptr;
};

}  // namespace rhumb::router_test
