// Dictionary, posting lists and forward column stay consistent through many changes. They are
// compared with plain maps.
#include "host/payload/index/value_column.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "host/payload/index/field_kinds.h"

namespace rhumb::payload {
namespace {

template <typename Key>
std::set<Key> keys_of(const auto& column, uint32_t slot) {
  std::set<Key> keys;
  for (const uint32_t term : column.terms_of(slot)) keys.insert(column.terms().key(term));
  return keys;
}

template <typename ColumnType, typename MakeKey>
void churn(ColumnType& column, MakeKey make_key, uint64_t seed) {
  using Key = typename ColumnType::Key;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::map<uint32_t, std::set<Key>> rows;
  constexpr uint32_t kSlots = 3000;
  for (uint32_t step = 0; step < 40000; ++step) {
    const auto slot = static_cast<uint32_t>(random() % kSlots);
    std::vector<Key> keys;
    const uint64_t n = random() % 4 == 0 ? random() % 4 : 1;
    for (uint64_t i = 0; i < n; ++i)
      keys.push_back(make_key(random() % 4 == 0 ? random() % 20 : random()));
    column.replace(slot, keys);
    rows[slot] = std::set<Key>(keys.begin(), keys.end());
  }
  std::map<Key, std::set<uint32_t>> by_key;
  uint64_t entries = 0, valued = 0;
  for (const auto& [slot, keys] : rows) {
    ASSERT_EQ(keys_of<Key>(column, slot), keys);
    entries += keys.size();
    valued += keys.empty() ? 0 : 1;
    for (const Key& key : keys) by_key[key].insert(slot);
  }
  for (const auto& [key, slots] : by_key) {
    const uint32_t term = column.terms().find(key);
    ASSERT_NE(term, kNoTerm);
    std::set<uint32_t> found;
    column.posting(term).for_each_below(~0u, [&](uint32_t slot) { found.insert(slot); });
    ASSERT_EQ(found, slots);
  }
  EXPECT_EQ(column.entries(), entries);
  EXPECT_EQ(column.valued().count(), valued);
  EXPECT_EQ(column.held_terms(), by_key.size());
  // Values that are gone do not stay for ever: at most as many stay as a compaction is not worth.
  EXPECT_LE(column.terms().in_use(),
            by_key.size() + std::max<size_t>(kMinDeadTerms, by_key.size()) + 4);
  EXPECT_LT(column.terms().size(), 20000u);
}

TEST(ValueColumn, ordered_keys_are_right_under_churn) {
  ValueColumn<int64_t, IntegerKind::Terms> column;
  churn(
      column, [](uint64_t n) { return static_cast<int64_t>(n % 1000000) - 500000; }, 3);
  // Ranges include merged and pending terms alike.
  const auto [first, second] = column.terms().range([](int64_t key) { return key < -1000; },
                                                    [](int64_t key) { return key > 1000; });
  std::set<int64_t> in_range;
  for (const auto& run : {first, second}) {
    for (const uint32_t* term = run.first; term != run.second; ++term) {
      if (!column.posting(*term).empty()) in_range.insert(column.terms().key(*term));
    }
  }
  std::set<int64_t> expected;
  for (uint32_t slot = 0; slot < column.slots(); ++slot) {
    for (const int64_t key : keys_of<int64_t>(column, slot)) {
      if (key >= -1000 && key <= 1000) expected.insert(key);
    }
  }
  EXPECT_EQ(in_range, expected);
  EXPECT_FALSE(expected.empty());
}

TEST(ValueColumn, hashed_keys_are_right_under_churn) {
  ValueColumn<std::string, KeywordKind::Terms> column;
  churn(
      column, [](uint64_t n) { return "value " + std::to_string(n % 1000000); }, 4);
}

TEST(ValueColumn, a_row_holds_a_value_once) {
  ValueColumn<std::string, KeywordKind::Terms> column;
  column.replace(5, std::vector<std::string>{"a", "b", "a"});
  EXPECT_EQ(column.terms_of(5).size(), 2u);
  EXPECT_EQ(column.entries(), 2u);
  EXPECT_TRUE(column.terms_of(4).empty());
  EXPECT_TRUE(column.terms_of(6000).empty());
  column.replace(5, {});
  EXPECT_TRUE(column.terms_of(5).empty());
  EXPECT_EQ(column.held_terms(), 0u);
}

}  // namespace
}  // namespace rhumb::payload
