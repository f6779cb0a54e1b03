#include "host/gateway/session.h"

#include <gtest/gtest.h>

#include <random>

namespace rhumb::gateway {
namespace {

using base::Code;

TEST(TokenTest, a_token_carries_the_indexes_of_shards) {
  for (const ShardIndexes& indexes : {ShardIndexes{}, ShardIndexes{{1024, 7}},
                                      ShardIndexes{{1, 0}, {2, UINT64_MAX}, {UINT64_MAX, 1}}}) {
    const std::string token = encode_token(indexes);
    EXPECT_EQ(
        token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        std::string::npos)
        << "goes into a header";
    const auto back = decode_token(token);
    ASSERT_TRUE(back.ok()) << token;
    EXPECT_EQ(*back, indexes);
  }
}

// Clients keep tokens while servers are upgraded, so the form must not change.
TEST(TokenTest, the_form_of_a_token_is_pinned) {
  EXPECT_EQ(encode_token({{1024, 7}}), "AAQAAAAAAAAHAAAAAAAAAA");
}

TEST(TokenTest, an_invalid_token_is_refused) {
  // Shard 1024 twice.
  const std::string good = encode_token({{1024, 7}, {1025, 9}}),
                    twice = "AAQAAAAAAAAHAAAAAAAAAAAEAAAAAAAABwAAAAAAAAA";
  for (const std::string& token :
       {std::string("A"), std::string("AA"), std::string("?"), std::string("not a token"),
        good + "A", good.substr(1), good.substr(0, good.size() - 1), good + "=", good + " ",
        std::string("AAQAAAAAAAAHAAAAAAAAAB"), twice, std::string(16 * 1024 + 2, 'A')}) {
    const auto decoded = decode_token(token);
    ASSERT_FALSE(decoded.ok()) << token.substr(0, 100);
    EXPECT_EQ(decoded.status().code(), Code::kInvalid);
    EXPECT_NE(decoded.status().message().find("X-Rhumb-Session"), std::string::npos);
  }
}

TEST(TokenTest, random_text_is_refused_or_a_token) {
  constexpr uint64_t kSeed = 3;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 20'000; ++round) {
    std::string token(random() % 50, '\0');
    for (char& c : token) c = static_cast<char>(round % 2 == 0 ? random() : 'A' + random() % 4);
    const auto decoded = decode_token(token);
    if (decoded.ok()) ASSERT_EQ(encode_token(*decoded), token);
  }
}

model::Collection collection_of(std::initializer_list<uint64_t> shards) {
  model::Collection c;
  for (const uint64_t shard : shards) c.shards.push_back({shard, {{2, 1}}});
  return c;
}

TEST(SessionGuaranteeTest, a_guarantee_only_rises) {
  SessionGuarantee guarantee;
  EXPECT_EQ(guarantee.min_applied(1024), 0u);
  guarantee.raise(1024, 7);
  guarantee.raise(1024, 5);
  EXPECT_EQ(guarantee.min_applied(1024), 7u);
  guarantee.raise(1024, 8);
  EXPECT_EQ(guarantee.min_applied(1024), 8u);
  EXPECT_EQ(guarantee.min_applied(1025), 0u);
}

TEST(SessionGuaranteeTest, a_guarantee_is_per_collection_and_forgets_dropped_ones) {
  SessionGuarantee guarantee;
  for (const uint64_t shard : {1024, 1025, 1026}) guarantee.raise(shard, shard * 10);
  EXPECT_EQ(guarantee.of(collection_of({1025, 1026, 1027})),
            (ShardIndexes{{1025, 10250}, {1026, 10260}}));
  model::ClusterMap map;
  map.collections["books"] = std::make_shared<const model::Collection>(collection_of({1024, 1026}));
  guarantee.keep_only(map);
  EXPECT_EQ(guarantee.min_applied(1024), 10240u);
  EXPECT_EQ(guarantee.min_applied(1025), 0u);
  EXPECT_EQ(guarantee.min_applied(1026), 10260u);
}

}  // namespace
}  // namespace rhumb::gateway
