#include "host/placement/driver.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "host/base/executor.h"
#include "host/placement/map_table.h"
#include "host/plugin/registry.h"
#include "tests/places.h"

namespace rhumb::placement {
namespace {

using base::Code;
using Nodes = std::vector<std::vector<uint64_t>>;

class DriverTest : public testing::Test {
 protected:
  DriverTest() {
    const base::Status loaded = plugins_.load_file(places::plugin("router_hash"));
    EXPECT_TRUE(loaded.ok()) << loaded.message();
    router_ = std::move(*router::Router::open(plugins_, "hash"));
    nodes(1);
  }
  void nodes(uint64_t count) {
    for (uint64_t id = 1; id <= count; ++id) map_.nodes[id] = {id, ""};
  }
  base::Result<CreationPlan> plan(const std::string& name, uint32_t shards, uint32_t replicas) {
    model::CollectionConfig config;
    config.shard_number = shards;
    config.replication_factor = replicas;
    return plan_creation(map_, {name, "uuid", std::move(config)}, *router_);
  }
  void create(const std::string& name, uint32_t shards, uint32_t replicas) {
    const auto planned = plan(name, shards, replicas);
    ASSERT_TRUE(planned.ok()) << planned.status().message();
    ASSERT_TRUE(apply(map_, map_.version + 1, planned->command).status.ok());
  }
  base::Executor executor_{"driver", 1, 16};
  plugin::PluginRegistry plugins_{executor_};
  std::unique_ptr<router::Router> router_;
  model::ClusterMap map_;
};

TEST_F(DriverTest, replicas_of_a_shard_lie_on_different_nodes) {
  nodes(5);
  const auto planned = plan("books", 4, 3);
  ASSERT_TRUE(planned.ok()) << planned.status().message();
  ASSERT_EQ(planned->command.nodes.size(), 4u);
  std::map<uint64_t, int> load;
  for (const auto& replicas : planned->command.nodes) {
    EXPECT_EQ(std::set<uint64_t>(replicas.begin(), replicas.end()).size(), 3u);
    for (const uint64_t node : replicas) ++load[node];
  }
  for (const auto& [node, count] : load) EXPECT_NEAR(count, 12 / 5.0, 1) << node;
  EXPECT_TRUE(planned->warnings.empty());
  EXPECT_TRUE(model::check_runs(planned->command.runs).ok());
}

TEST_F(DriverTest, a_new_collection_goes_where_the_fewest_replicas_are) {
  nodes(2);
  create("books", 3, 1);  // on nodes 1, 2, 1
  EXPECT_EQ(plan("films", 2, 1)->command.nodes, (Nodes{{2}, {1}}));
  nodes(3);
  EXPECT_EQ(plan("films", 2, 1)->command.nodes, (Nodes{{3}, {2}}));
}

TEST_F(DriverTest, the_plan_depends_on_the_map_and_the_request_alone) {
  nodes(7);
  create("books", 5, 2);
  EXPECT_EQ(to_json(plan("films", 9, 3)->command), to_json(plan("films", 9, 3)->command));
}

TEST_F(DriverTest, a_factor_beyond_the_nodes_gives_one_replica_per_node_and_a_warning) {
  nodes(2);
  const auto planned = plan("books", 1, 5);
  EXPECT_EQ(planned->command.nodes, (Nodes{{1, 2}}));
  EXPECT_EQ(planned->command.config.replication_factor, 5u);
  ASSERT_EQ(planned->warnings.size(), 1u);
  EXPECT_EQ(
      planned->warnings[0],
      "replication_factor is 5, but shards have 2 replicas: the cluster has too few nodes for "
      "more");
}

TEST_F(DriverTest, a_taken_name_or_a_cluster_without_nodes_is_refused) {
  create("books", 1, 1);
  map_.aliases["b"] = "books";
  EXPECT_EQ(plan("books", 1, 1).status().code(), Code::kExists);
  EXPECT_EQ(plan("b", 1, 1).status().code(), Code::kExists);
  map_.nodes.clear();
  EXPECT_EQ(plan("films", 1, 1).status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace rhumb::placement
