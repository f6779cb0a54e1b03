#include "tests/plugins/router_hash/router_fixture.h"

namespace rhumb::router_test {
namespace {

std::string number_key(uint64_t id) {
  std::string key(1, '\x01');
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(id >> shift & 0xFF));
  return key;
}

// These values are the address of all stored data, so a change here loses points. They come from an
// independent implementation of XXH64.
TEST_F(RouterTest, the_place_of_an_id_is_pinned) {
  const std::pair<std::string, uint32_t> golden[] = {
      {"", 3828},
      {"abc", 1099},
      {number_key(0), 2596},
      {number_key(1), 1128},
      {number_key(42), 2017},
      {number_key(~uint64_t{0}), 3658},
      {"\x02\xf4\x7a\xc1\x0b\x58\xcc\x43\x72\xa5\x67\x0e\x02\xb2\xc3\xd4\x79", 3164},
      {"\x03rhumb", 117},
      {"\x03"
       "a compass rose has thirty-two points",
       2794}};
  std::vector<rhumb_slice_t> keys;
  for (const auto& [key, bucket] : golden) keys.push_back(slice(key));
  std::vector<uint32_t> buckets(keys.size());
  ASSERT_EQ(engine_.ops->place(self_, keys.data(), keys.size(), buckets.data(), nullptr), RHUMB_OK);
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(buckets[i], golden[i].second) << "key " << i;
}

TEST_F(RouterTest, consecutive_numbers_are_spread) {
  constexpr uint64_t kKeys = 409'600;
  std::vector<uint32_t> filled(RHUMB_BUCKETS);
  for (uint64_t id = 0; id < kKeys; ++id) {
    const std::string key = number_key(id);
    const rhumb_slice_t s = slice(key);
    uint32_t bucket = RHUMB_BUCKETS;
    ASSERT_EQ(engine_.ops->place(self_, &s, 1, &bucket, nullptr), RHUMB_OK);
    ASSERT_LT(bucket, RHUMB_BUCKETS);
    ++filled[bucket];
  }
  // 100 are expected in each. The bounds are seven standard deviations away.
  for (uint32_t n : filled) {
    EXPECT_GT(n, 30u);
    EXPECT_LT(n, 170u);
  }
}

TEST_F(RouterTest, parameters_are_refused) {
  const std::string config = R"({"replicas": 3})";
  const rhumb_open_t open{sizeof open, 0, slice(config), {}, nullptr};
  rhumb_router_t* self = nullptr;
  EXPECT_EQ(engine_.ops->open(engine_.host, &open, &self, nullptr), RHUMB_INVALID);
  EXPECT_EQ(self, nullptr);
}

}  // namespace
}  // namespace rhumb::router_test
