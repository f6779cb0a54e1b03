// Which names and configurations of collections are refused, and that nothing is changed then.
#include "host/gateway/definition_rules.h"

#include <gtest/gtest.h>

#include <functional>

#include "host/base/limits.h"
#include "tests/gateway/fake_cluster.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;
namespace limits = base::limits;

model::CollectionConfig good() {
  model::CollectionConfig config;
  config.vectors["title"] = {.size = 4};
  return config;
}

TEST(DefinitionRulesTest, bad_names_are_refused_with_their_field) {
  for (const std::string name : {"a", "..a", "Bücher 2", "x.y-z_0"})
    EXPECT_TRUE(check_name(name, "name", 20).ok()) << name;
  const struct {
    std::string name;
    std::string message;
    std::optional<uint64_t> limit;
  } cases[] = {{"", "name: a name has 1 to 5 bytes, this one has 0", 1},
               {"abcdef", "name: a name has 1 to 5 bytes, this one has 6", 5},
               {"..", "name: '..' is not a name", {}},
               {"a/b", "name: a name must not hold < > : \" / \\ | ? * or control characters", {}},
               {std::string("a\0b", 3),
                "name: a name must not hold < > : \" / \\ | ? * or control characters",
                {}},
               {"a\xff", "name: a name must be UTF-8 text", {}}};
  for (const auto& c : cases) {
    const Status status = check_name(c.name, "name", 5);
    EXPECT_EQ(status.code(), Code::kUnprocessable) << c.name;
    EXPECT_EQ(status.message(), c.message);
    EXPECT_EQ(status.detail().field, "name");
    EXPECT_EQ(status.detail().limit, c.limit) << c.name;
  }
}

TEST(DefinitionRulesTest, bad_configurations_are_refused_with_their_field_and_limit) {
  EXPECT_TRUE(check(model::CollectionConfig()).ok()) << "A collection may have no vector.";
  EXPECT_TRUE(check(good()).ok());
  const struct {
    std::function<void(model::CollectionConfig&)> change;
    std::string field;
    std::optional<uint64_t> limit;
  } cases[] = {
      {[](auto& c) { c.vectors["title"].size = 0; }, "vectors.title.size", 1},
      {[](auto& c) { c.vectors[""].size = limits::kMaxDim + 1; }, "vectors.size", limits::kMaxDim},
      {[](auto& c) { c.vectors["a/b"].size = 1; }, "vectors", {}},
      {[](auto& c) {
         for (uint32_t i = 0; i < limits::kMaxNamedVectors; ++i)
           c.vectors["v" + std::to_string(i)].size = 1;
       },
       "vectors", limits::kMaxNamedVectors},
      {[](auto& c) { c.shard_number = 0; }, "shard_number", 1},
      {[](auto& c) { c.shard_number = limits::kMaxShards + 1; }, "shard_number",
       limits::kMaxShards},
      {[](auto& c) { c.replication_factor = 0; }, "replication_factor", 1},
      {[](auto& c) { c.write_consistency_factor = 0; }, "write_consistency_factor", 1},
      {[](auto& c) { c.payload_indexes[""] = {}; }, "field_name", 1},
      {[](auto& c) { c.payload_indexes["a[b"] = {}; }, "field_name", {}},
      {[](auto& c) { c.hnsw.m = 513; }, "hnsw_config.m", 512},
      {[](auto& c) { c.vectors["title"].hnsw.ef_construct = 3; },
       "vectors.title.hnsw_config.ef_construct", 4},
      {[](auto& c) { c.settings_json["wal_config"] = R"({"wal_capacity_mb":0})"; },
       "wal_config.wal_capacity_mb",
       {}},
      {[](auto& c) { c.settings_json["contract"] = R"({"recall":0.5})"; }, "contract.recall", {}}};
  for (const auto& c : cases) {
    model::CollectionConfig config = good();
    c.change(config);
    const Status status = check(config);
    EXPECT_EQ(status.code(), Code::kUnprocessable) << c.field;
    EXPECT_EQ(status.detail().field, c.field) << status.message();
    EXPECT_EQ(status.detail().limit, c.limit) << c.field;
  }
}

TEST(DefinitionRulesTest, a_refused_definition_changes_nothing) {
  FakeCluster cluster;
  const CollectionPtr films = cluster.add("films", 1);
  const auto create = [&](const std::string& name, model::CollectionConfig config) {
    Got<Warnings> got;
    cluster.gateway().create_collection(name, std::move(config), {}, got.take());
    return got.result.status();
  };
  model::CollectionConfig bad = good();
  bad.vectors["title"].size = 0;
  EXPECT_EQ(create("books", bad).code(), Code::kUnprocessable);
  EXPECT_EQ(create("a/b", good()).detail().field, "collection_name");
  Got<Warnings> updated;
  CollectionChange change{films->config, films->config_version};
  change.config.replication_factor = 0;
  cluster.gateway().update_collection("films", change, {}, updated.take());
  EXPECT_EQ(updated.result.status().code(), Code::kUnprocessable);
  Got<UpdateResult> indexed;
  cluster.gateway().create_payload_index(films, "", {}, {}, indexed.take());
  EXPECT_EQ(indexed.result.status().detail().field, "field_name");
  GotStatus aliased;
  cluster.gateway().change_aliases({{AliasAction::Kind::kCreate, "films", "a/b", ""}}, {},
                                   aliased.take());
  EXPECT_EQ(aliased.status.detail().field, "alias_name");
  EXPECT_EQ(cluster.commands, 0);
  EXPECT_TRUE(create("books", good()).ok());
}

}  // namespace
}  // namespace rhumb::gateway
