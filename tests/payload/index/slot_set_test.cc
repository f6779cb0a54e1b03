// Sets and posting lists are compared with std::set, over ranges in which lists become bits and
// back.
#include "host/payload/index/slot_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "host/payload/index/posting.h"

namespace rhumb::payload {
namespace {

using Reference = std::set<uint32_t>;

SlotSet make(const Reference& slots, uint32_t end) {
  SlotSet::Builder builder(end);
  for (const uint32_t slot : slots) builder.add(slot);
  return builder.finish();
}
Reference contents(const SlotSet& set) {
  Reference out;
  set.for_each([&](uint32_t slot) { out.insert(slot); });
  return out;
}

void expect_same(const SlotSet& set, const Reference& expected) {
  EXPECT_EQ(contents(set), expected);
  EXPECT_EQ(set.count(), expected.size());
  EXPECT_EQ(contents(SlotSet::from_bits(set.to_bits(), set.end())), expected);
}

TEST(SlotSet, operations_agree_with_those_of_std_set) {
  const uint64_t seed = 7;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const uint32_t end : {1u, 63u, 64u, 65u, 1000u, 20000u}) {
    for (uint32_t round = 0; round < 200; ++round) {
      const auto some = [&] {
        Reference slots;
        const uint64_t n = random() % 3 == 0 ? random() % (end + 1) : random() % (end / 50 + 2);
        for (uint64_t i = 0; i < n; ++i) slots.insert(static_cast<uint32_t>(random() % end));
        return slots;
      };
      const Reference a = some(), b = some();
      Reference both = a, common, rest;
      both.insert(b.begin(), b.end());
      for (const uint32_t slot : a) (b.count(slot) ? common : rest).insert(slot);
      SlotSet joined = make(a, end), met = make(a, end), left = make(a, end);
      expect_same(joined |= make(b, end), both);
      expect_same(met &= make(b, end), common);
      expect_same(left -= make(b, end), rest);
      for (uint32_t probe = 0; probe < 20; ++probe) {
        const auto slot = static_cast<uint32_t>(random() % (end + 5));
        EXPECT_EQ(joined.contains(slot), both.count(slot) != 0);
      }
      ASSERT_FALSE(::testing::Test::HasFailure()) << "end " << end << " round " << round;
    }
  }
}

TEST(SlotSet, the_builder_drops_duplicates_and_slots_beyond_the_end) {
  SlotSet::Builder builder(100);
  for (const uint32_t slot : {99u, 5u, 5u, 100u, 0u, 4000000000u}) builder.add(slot);
  expect_same(builder.finish(), {0, 5, 99});
}

TEST(SlotSet, a_set_from_bits_ends_at_the_end) {
  const std::vector<uint64_t> ones(3, ~uint64_t{0});
  EXPECT_EQ(SlotSet::from_bits(ones, 130).count(), 130u);
  EXPECT_EQ(SlotSet::from_bits(ones, 128).count(), 128u);
  EXPECT_EQ(SlotSet::from_bits(ones, 0).count(), 0u);
}

TEST(SlotSet, for_each_stops_when_told) {
  for (const uint32_t end : {40u, 4000u}) {
    SlotSet::Builder builder(end);
    for (uint32_t slot = 0; slot < end; slot += 2) builder.add(slot);
    uint32_t seen = 0;
    EXPECT_FALSE(builder.finish().for_each([&](uint32_t) { return ++seen < 5; }));
    EXPECT_EQ(seen, 5u);
  }
}

TEST(Posting, a_posting_list_grows_and_shrinks_through_its_forms) {
  Posting posting;
  Reference expected;
  std::mt19937_64 random(11);
  const auto check = [&] {
    Reference slots;
    posting.for_each_below(~0u, [&](uint32_t slot) { slots.insert(slot); });
    ASSERT_EQ(slots, expected);
    ASSERT_EQ(posting.count(), expected.size());
    ASSERT_EQ(posting.empty(), expected.empty());
    if (!expected.empty()) {
      ASSERT_EQ(posting.first(), *expected.begin());
    }
  };
  for (uint32_t i = 0; i < 3 * Posting::kArraySlots; ++i) {
    const auto slot = static_cast<uint32_t>(random() % 1000000);
    if (!expected.insert(slot).second) continue;
    posting.add(slot);
    ASSERT_NO_FATAL_FAILURE(check());
  }
  uint32_t below = 0;
  posting.for_each_below(500000, [&](uint32_t slot) {
    EXPECT_LT(slot, 500000u);
    ++below;
  });
  EXPECT_EQ(below, std::distance(expected.begin(), expected.lower_bound(500000)));
  while (!expected.empty()) {
    const uint32_t slot = random() % 2 == 0 ? *expected.begin() : *expected.rbegin();
    expected.erase(slot);
    posting.remove(slot);
    ASSERT_NO_FATAL_FAILURE(check());
  }
}

// The bitmap is filled, thinned out and filled again, so it goes through its compressed and its
// plain form and back.
TEST(Bitmap, a_bitmap_changes_its_form_and_keeps_its_slots) {
  constexpr uint32_t kEnd = 100000;
  const uint64_t seed = 13;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Bitmap bitmap;
  Reference expected;
  uint32_t changes_of_form = 0;
  for (const uint32_t target : {3000u, 60000u, 800u, 20000u, 0u}) {
    while (expected.size() != target) {
      const bool was_plain = !bitmap.plain().empty();
      if (expected.size() < target) {
        const auto slot = static_cast<uint32_t>(random() % kEnd);
        ASSERT_EQ(bitmap.add(slot), expected.insert(slot).second);
      } else {
        const uint32_t slot =
            *expected.lower_bound(static_cast<uint32_t>(random() % (*expected.rbegin() + 1)));
        expected.erase(slot);
        ASSERT_TRUE(bitmap.remove(slot));
        ASSERT_FALSE(bitmap.remove(slot));
      }
      changes_of_form += was_plain != !bitmap.plain().empty() ? 1 : 0;
    }
    ASSERT_EQ(bitmap.count(), expected.size());
    Reference found;
    bitmap.for_each_below(kEnd, [&](uint32_t slot) { found.insert(slot); });
    ASSERT_EQ(found, expected);
    if (!expected.empty()) {
      ASSERT_EQ(bitmap.first(), *expected.begin());
    }
    const auto read = Bitmap::deserialize(bitmap.serialize_below(kEnd));
    ASSERT_TRUE(read.has_value());
    ASSERT_EQ(read->count(), expected.size());
    for (uint32_t probe = 0; probe < 1000; ++probe) {
      const auto slot = static_cast<uint32_t>(random() % (2 * kEnd));
      ASSERT_EQ(bitmap.contains(slot), expected.count(slot) != 0);
      ASSERT_EQ(read->contains(slot), expected.count(slot) != 0);
    }
  }
  EXPECT_EQ(changes_of_form, 4u);
}

TEST(SlotSet, the_builder_takes_bits) {
  for (const uint32_t end : {1u, 64u, 100u, 5000u}) {
    const std::vector<uint64_t> bits{5, ~uint64_t{0}, 1};
    SlotSet::Builder builder(end);
    builder.add(0);
    builder.add_bits(bits);
    Reference expected{0};
    for (uint32_t slot = 0; slot < std::min(end, 192u); ++slot) {
      if ((bits[slot / 64] >> slot % 64 & 1) != 0) expected.insert(slot);
    }
    expect_same(builder.finish(), expected);
  }
}

TEST(Bitmap, a_bitmap_serializes_the_slots_below_the_end) {
  Bitmap bitmap;
  for (uint32_t slot = 0; slot < 200000; slot += 3) bitmap.add(slot);
  for (const uint32_t end : {0u, 1u, 100000u, 200000u}) {
    const auto read = Bitmap::deserialize(bitmap.serialize_below(end));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->count(), (end + 2) / 3);
  }
  std::string bytes = bitmap.serialize_below(200000);
  bytes.pop_back();
  EXPECT_FALSE(Bitmap::deserialize(bytes).has_value());
  EXPECT_FALSE(Bitmap::deserialize("not a bitmap").has_value());
}

}  // namespace
}  // namespace rhumb::payload
