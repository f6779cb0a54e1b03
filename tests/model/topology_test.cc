#include "host/model/topology.h"

#include <gtest/gtest.h>

#include "tests/model/samples.h"
#include "tests/model/text.h"

namespace rhumb::model {
namespace {

constexpr uint64_t kTopologySeed = 7;

TEST(CollectionConfigTest, stored_json_keeps_every_member) {
  Samples samples(kTopologySeed);
  for (int round = 0; round < 200; ++round) {
    CollectionConfig config = samples.config();
    config.single_vector = round % 2 == 0;
    config.write_consistency_factor = 3;
    const auto back = collection_config_from_json(to_json(config));
    ASSERT_TRUE(back.ok()) << back.status().message();
    ASSERT_EQ(text_of(*back), text_of(config));
  }
}

TEST(CollectionConfigTest, members_of_a_newer_release_are_ignored) {
  const auto config = collection_config_from_json(
      R"({"vectors":{"":{"size":4,"distance":1,"datatype":1,"colour":"red"}},"planet":{"name":"mars"}})");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->vectors.at("").size, 4u);
  EXPECT_EQ(config->shard_number, 1u);
}

TEST(CollectionConfigTest, unreadable_metadata_is_corrupt) {
  for (const char* text :
       {"", "[]", "{}", "{\"vectors\":[]",
        R"({"vectors":{"":{"size":4,"distance":5,"datatype":1}}})",
        R"({"vectors":{"":{"size":4,"distance":0,"datatype":1}}})",
        R"({"vectors":{"":{"size":4,"distance":1,"datatype":4}}})",
        R"({"vectors":{"":{"size":"4","distance":1,"datatype":1}}})",
        R"({"vectors":{"":{"distance":1,"datatype":1}}})",
        R"({"vectors":{},"payload_indexes":{"k":{"type":9}}})",
        R"({"vectors":{},"payload_indexes":{"k":{}}})", R"({"vectors":{},"shard_number":"two"})",
        R"({"vectors":{},"hints":{"metadata":{}}})"}) {
    EXPECT_EQ(collection_config_from_json(text).status().code(), base::Code::kCorrupt) << text;
  }
}

TEST(CollectionTest, every_bucket_finds_its_shard) {
  Samples samples(kTopologySeed);
  for (const uint32_t shards : {1u, 2u, 3u, 7u, 256u}) {
    const Collection collection = samples.collection("books", shards);
    for (uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
      const uint32_t expected = std::min(bucket / (kBuckets / shards), shards - 1);
      ASSERT_EQ(collection.shard_of_bucket(bucket), kFirstShard + expected)
          << shards << " shards, bucket " << bucket;
    }
    EXPECT_EQ(collection.shard(kFirstShard)->shard, kFirstShard);
    EXPECT_EQ(collection.shard(kFirstShard + shards), nullptr);
  }
}

TEST(CollectionTest, a_row_with_buckets_of_no_shard_is_refused) {
  Samples samples(kTopologySeed);
  const auto refused = [&](auto change, std::string_view reason) {
    Collection collection = samples.collection("books", 2);
    change(collection);
    std::string bytes;
    base::ByteWriter out(bytes);
    encode(collection, out);
    base::ByteReader in(bytes);
    const auto back = decode_collection(in);
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.status().code(), base::Code::kCorrupt);
    EXPECT_NE(back.status().message().find(reason), std::string::npos) << back.status().message();
  };
  refused([](Collection& c) { c.runs.pop_back(); }, "ends at 2048, not at 4096");
  refused([](Collection& c) { c.runs[1].first = 2049; }, "2048 is expected");
  refused([](Collection& c) { c.runs[1].count = 0; }, "2048 is expected");
  refused([](Collection& c) { c.runs[1].count = 4096; }, "not at 4096");
  refused([](Collection& c) { c.runs[0].shard = 9999; }, "9999");
  refused([](Collection& c) { c.shards[1].replicas.clear(); }, "no replica");
}

TEST(ClusterMapTest, names_come_before_aliases_and_an_alias_needs_its_collection) {
  Samples samples(kTopologySeed);
  ClusterMap map = samples.cluster_map();
  map.aliases["dangling"] = "gone";
  // No metadata command makes such an alias; if it is there, the name wins.
  map.aliases["films"] = "books";
  EXPECT_EQ(map.find("books")->name, "books");
  EXPECT_EQ(map.find("b")->name, "books");
  EXPECT_EQ(map.find("films")->name, "films");
  EXPECT_EQ(map.find("dangling"), nullptr);
  EXPECT_EQ(map.find("nothing"), nullptr);
}

}  // namespace
}  // namespace rhumb::model
