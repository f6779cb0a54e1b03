// A collection's state as JSON, in the form that strict clients parse.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/http/rest/parse/collection_body.h"
#include "host/http/rest/reply/collection_info.h"

namespace rhumb::http::rest {
namespace {

using nlohmann::json;

gateway::CollectionState state_of(const std::string& create_body, size_t shards = 1) {
  auto collection = std::make_shared<model::Collection>();
  auto config = parse_create_collection(create_body);
  EXPECT_TRUE(config.ok()) << config.status().message();
  collection->config = std::move(*config);
  gateway::CollectionState state;
  for (size_t i = 0; i < shards; ++i) {
    collection->shards.push_back({model::kFirstShard + i, {{2 + i, 7}}});
    model::ShardState s;
    s.shard = model::kFirstShard + i;
    s.points = 10 * (i + 1);
    s.segments = 2;
    s.indexed_vectors = 5;
    state.shards.push_back(s);
  }
  state.collection = collection;
  return state;
}

TEST(CollectionInfoTest, figures_of_shards_are_added_up) {
  auto state = state_of(R"({"vectors":{"size":4,"distance":"Cosine"}})", 3);
  json info = json::parse(collection_info_json(state));
  EXPECT_EQ(info["status"], "green");
  EXPECT_EQ(info["optimizer_status"], "ok");
  EXPECT_EQ(info["points_count"], 60);
  EXPECT_EQ(info["segments_count"], 6);
  EXPECT_EQ(info["indexed_vectors_count"], 15);
  EXPECT_FALSE(info.contains("warnings"));
  state.shards[1].green = false;
  state.shards[2].warning = "an index cannot be built";
  info = json::parse(collection_info_json(state));
  EXPECT_EQ(info["status"], "yellow");
  EXPECT_EQ(info["warnings"], json::parse(R"([{"message":"an index cannot be built"}])"));
}

TEST(CollectionInfoTest, indexes_show_what_they_measured) {
  auto state = state_of(R"({"vectors":{"size":4,"distance":"Cosine"}})", 2);
  EXPECT_FALSE(json::parse(collection_info_json(state)).contains("indexes"));
  model::IndexState good;
  good.segment = 1;
  good.rows = 900;
  good.engine = "rhumb";
  good.codes = "4bit";
  good.why = "found .99 with it";
  good.queries = 128;
  good.ef = 48;
  good.recall = double{0.99f};
  model::IndexState bad = good;
  bad.segment = 2;
  bad.recall = 0.75;
  bad.warning = "the codes that were asked for find too little";
  model::IndexState new_one;
  new_one.segment = 3;
  new_one.vector = "b";
  new_one.engine = "hnsw";
  new_one.renewing = "the data have moved";
  state.shards[0].indexes = {good, bad};
  bad.segment = 5;
  bad.recall = 0.5;
  state.shards[1].indexes = {new_one, bad};
  const json info = json::parse(collection_info_json(state));
  ASSERT_EQ(info["indexes"].size(), 4u);
  EXPECT_EQ(
      info["indexes"][0],
      json::parse(
          R"({"shard":0,"segment":1,"vector":"","engine":"rhumb","rows":900,"codes":"4bit","why":"found .99 with it",
      "measured":{"recall":0.99,"queries":128,"ef":48},"doubtful":0,"clipped_rows":0})"));
  EXPECT_EQ(
      info["indexes"][2],
      json::parse(
          R"({"shard":1,"segment":3,"vector":"b","engine":"hnsw","rows":0,"renewing":"the data have moved","doubtful":0,
      "clipped_rows":0})"));
  ASSERT_EQ(info["warnings"].size(), 1u) << "of those that warn alike the one that finds least";
  EXPECT_EQ(info["warnings"][0]["message"],
            "the vector's index in 2 segments: the codes that were asked for find too little "
            "(recall at 10 of 0.5 measured by 128 queries at hnsw_ef 48)");
}

TEST(CollectionInfoTest, the_configuration_is_shown_as_it_was_given) {
  const auto shown = [](const std::string& body) {
    return json::parse(collection_info_json(state_of(body)))["config"];
  };
  const json one = shown(R"({"vectors":{"size":4,"distance":"Cosine"}})");
  EXPECT_EQ(one["params"]["vectors"], json::parse(R"({"size":4,"distance":"Cosine"})"));
  EXPECT_EQ(one["params"]["shard_number"], 1);
  EXPECT_EQ(one["hnsw_config"]["m"], 16);
  EXPECT_EQ(one["quantization_config"], nullptr);
  EXPECT_EQ(one["optimizer_config"]["deleted_threshold"], 0.2);
  EXPECT_FALSE(one.contains("metadata"));
  const json several = shown(
      R"({"vectors":{"text":{"size":4,"distance":"Dot","datatype":"float16","on_disk":false,"hnsw_config":{"m":8},
      "quantization_config":{"binary":{}}}},"hnsw_config":{"ef_construct":77},"optimizers_config":{"indexing_threshold":5},"metadata":{"a":[1]},
      "quantization_config":{"scalar":{"type":"int8"}},"on_disk_payload":false})");
  EXPECT_EQ(
      several["params"]["vectors"]["text"],
      json::parse(
          R"({"size":4,"distance":"Dot","datatype":"float16","on_disk":false,"hnsw_config":{"m":8},"quantization_config":{"binary":{}}})"));
  EXPECT_EQ(several["params"]["on_disk_payload"], false);
  EXPECT_EQ(several["hnsw_config"]["ef_construct"], 77);
  EXPECT_EQ(several["optimizer_config"]["indexing_threshold"], 5);
  EXPECT_EQ(several["metadata"], json::parse(R"({"a":[1]})"));
  EXPECT_EQ(several["quantization_config"], json::parse(R"({"scalar":{"type":"int8"}})"));
}

TEST(CollectionInfoTest, memory_options_and_quantization_are_shown_again) {
  const json config = json::parse(collection_info_json(state_of(
      R"({"vectors":{"size":4,"distance":"Dot","memory":"cold","quantization":{"binary":{"memory":"pinned"}}},"payload":{"memory":"cached"},
          "quantization":{"scalar":{"type":"int8","always_ram":true}},"hnsw_config":{"memory":"cached"}})")))
      ["config"];
  EXPECT_EQ(
      config["params"]["vectors"],
      json::parse(
          R"({"size":4,"distance":"Dot","memory":"cold","quantization_config":{"binary":{"memory":"pinned"}}})"));
  EXPECT_EQ(config["params"]["payload"], json::parse(R"({"memory":"cached"})"));
  EXPECT_FALSE(config["params"].contains("id_tracker"));
  EXPECT_EQ(config["quantization_config"],
            json::parse(R"({"scalar":{"type":"int8","always_ram":true}})"));
  EXPECT_EQ(config["hnsw_config"]["memory"], "cached");
}

TEST(CollectionInfoTest, indexes_that_filters_would_need_are_named_once) {
  auto state = state_of("{}", 2);
  state.shards[0].wanted_indexes = {{"price", "integer or float"}};
  state.shards[1].wanted_indexes = {{"price", "integer or float"}, {"tags[]", "keyword"}};
  const json warnings = json::parse(collection_info_json(state))["warnings"];
  ASSERT_EQ(warnings.size(), 2u);
  const std::string price = warnings[0]["message"], tags = warnings[1]["message"];
  EXPECT_NE(price.find("`price`"), std::string::npos) << price;
  EXPECT_NE(price.find("integer or float"), std::string::npos) << price;
  EXPECT_NE(tags.find("`tags[]`"), std::string::npos) << tags;
  for (int i = 0; i < 1000; ++i)
    state.shards[0].wanted_indexes.emplace_back("field" + std::to_string(i), "keyword");
  EXPECT_EQ(json::parse(collection_info_json(state))["warnings"].size(), 64u) << "they are bounded";
}

TEST(CollectionInfoTest, payload_indexes_are_shown_with_their_numbers_of_points) {
  auto state = state_of("{}", 2);
  auto collection = std::make_shared<model::Collection>(*state.collection);
  collection->config.payload_indexes["author"] = {model::FieldType::kKeyword, ""};
  collection->config.payload_indexes["year"] = {model::FieldType::kInteger,
                                                R"({"type":"integer","lookup":true})"};
  state.collection = collection;
  state.shards[0].index_points = {{"author", 3}};
  state.shards[1].index_points = {{"author", 4}};
  const json schema = json::parse(collection_info_json(state))["payload_schema"];
  EXPECT_EQ(schema["author"], json::parse(R"({"data_type":"keyword","points":7})"));
  EXPECT_EQ(schema["year"],
            json::parse(
                R"({"data_type":"integer","points":0,"params":{"type":"integer","lookup":true}})"));
}

TEST(CollectionClusterTest, local_and_remote_shards_are_listed) {
  const json cluster = json::parse(collection_cluster_json(state_of("{}", 2)));
  EXPECT_EQ(cluster["peer_id"], 7);
  EXPECT_EQ(cluster["shard_count"], 2);
  EXPECT_EQ(
      cluster["local_shards"],
      json::parse(
          R"([{"shard_id":0,"points_count":10,"state":"Active"},{"shard_id":1,"points_count":20,"state":"Active"}])"));
  EXPECT_EQ(cluster["remote_shards"], json::array());
}

}  // namespace
}  // namespace rhumb::http::rest
