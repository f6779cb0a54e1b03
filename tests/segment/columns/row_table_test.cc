// Rows of multivectors: which slot has which rows, through appending, reopening, replay and
// sealing, and as bits for an engine.
#include "host/segment/columns/row_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "host/segment/columns/row_bits.h"
#include "host/segment/search/search.h"
#include "host/segment/segment.h"
#include "tests/segment/temp_dir.h"

namespace rhumb::segment::test {
namespace {

std::vector<VectorSpec> rows_of_two() {
  model::CollectionConfig config;
  config.vectors["m"] = {.size = 2, .distance = model::Distance::kDot};
  config.vectors["m"].multivector = true;
  return vector_specs(config);
}

// Returns n rows whose first component is `value`.
std::string rows(float value, uint32_t n) {
  std::vector<float> v;
  for (uint32_t i = 0; i < n; ++i) v.insert(v.end(), {value, static_cast<float>(i)});
  return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)};
}

class RowTableTest : public ::testing::Test {
 protected:
  RowTableTest() {
    options.max_rows = 1000;
    options.max_bytes = 1u << 20;
    options.extents = {4096, 65536};
  }
  std::shared_ptr<Segment> create() {
    return *Segment::create(dir / "1", 1, rows_of_two(), options);
  }
  std::shared_ptr<Segment> reopen(const Lengths& lengths) {
    auto opened = Segment::open(dir / "1", 1, rows_of_two(), options, lengths);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    return opened.ok() ? *opened : nullptr;
  }
  // 0 rows: the point has no such vector.
  static RowInput input(const std::string& key, const std::string& bytes) {
    return {key, {}, 1, {}, {bytes.empty() ? std::string_view() : std::string_view(bytes)}};
  }
  static uint32_t count_of(uint32_t slot) { return slot % 7 == 3 ? 0 : 1 + slot % 5; }
  static void fill(Segment& segment, uint32_t first, uint32_t end) {
    for (uint32_t slot = first; slot < end; ++slot) {
      const std::string key = "\x03k" + std::to_string(slot),
                        bytes = rows(static_cast<float>(slot), count_of(slot));
      ASSERT_TRUE(segment.append(input(key, bytes)).ok());
    }
    ASSERT_TRUE(segment.flush().ok());
  }
  static void expect_slots(const Segment& segment, uint32_t end) {
    const VectorColumn& column = segment.column(0);
    uint64_t all = 0;
    for (uint32_t slot = 0; slot < end; ++slot) {
      all += count_of(slot);
      if (count_of(slot) == 0) continue;
      const auto bytes = segment.fetch_vector(0, slot);
      ASSERT_TRUE(bytes.ok()) << bytes.status().to_string();
      EXPECT_EQ(*bytes, rows(static_cast<float>(slot), count_of(slot))) << slot;
      const RowRange range = column.rows(slot);
      for (uint32_t row = range.first; row < range.end(); ++row)
        EXPECT_EQ(column.table()->owner(row), slot);
    }
    EXPECT_EQ(column.rows_end(end), all);
    EXPECT_EQ(column.present_rows(), all);
  }
  static std::vector<uint64_t> bits(uint32_t n, const std::function<bool(uint32_t)>& set) {
    std::vector<uint64_t> words(words_for(n), 0);
    for (uint32_t i = 0; i < n; ++i) words[i / 64] |= set(i) ? 1ull << (i % 64) : 0;
    return words;
  }

  TempDir dir;
  SegmentOptions options;
};

TEST_F(RowTableTest, rows_come_back_after_reopening_and_sealing) {
  auto segment = create();
  fill(*segment, 0, 300);
  expect_slots(*segment, 300);
  ASSERT_TRUE(segment->sync().ok());
  const Lengths lengths = segment->lengths();
  segment = reopen(lengths);
  ASSERT_TRUE(segment->finish_recovery(bits(300, [](uint32_t) { return true; })).ok());
  expect_slots(*segment, 300);
  fill(*segment, 300, 340);
  expect_slots(*segment, 340);
  ASSERT_TRUE(segment->seal().ok());
  expect_slots(*segment, 340);
  const Lengths sealed = segment->lengths();
  segment = reopen(sealed);
  ASSERT_TRUE(segment->finish_recovery(bits(340, [](uint32_t) { return true; })).ok());
  expect_slots(*segment, 340);
  segment->verify_checksums([](const base::Status& wrong) { ADD_FAILURE() << wrong.to_string(); });
  EXPECT_EQ(segment->column(0).slots_within(segment->column(0).rows_end(100), 340), 100u);
  auto dense = rows_of_two();
  dense[0].params.multivector = false;
  EXPECT_EQ(Segment::open(dir / "1", 1, dense, options, sealed).status().code(),
            base::Code::kInvalid);
}

// Replay writes slots in another order and leaves out dead ones.
TEST_F(RowTableTest, replay_appends_rows_again) {
  auto segment = create();
  fill(*segment, 0, 50);
  ASSERT_TRUE(segment->sync().ok());
  const Lengths durable = segment->lengths();
  fill(*segment, 50, 100);
  ASSERT_TRUE(segment->sync().ok());
  segment = reopen(durable);
  ASSERT_TRUE(segment->begin_replay(durable, 100).ok());
  std::vector<uint32_t> order;
  for (uint32_t slot = 99; slot >= 50; --slot) {
    if (slot % 4 != 0) order.push_back(slot);
  }
  for (const uint32_t slot : order) {
    const std::string key = "\x03k" + std::to_string(slot),
                      bytes = rows(static_cast<float>(slot), count_of(slot));
    ASSERT_TRUE(segment->rewrite(slot, input(key, bytes)).ok());
  }
  const auto live = bits(100, [](uint32_t slot) { return slot < 50 || slot % 4 != 0; });
  ASSERT_TRUE(segment->finish_recovery(live).ok());
  const VectorColumn& column = segment->column(0);
  uint64_t all = 0;
  for (uint32_t slot = 0; slot < 100; ++slot) {
    if (!bit(live, slot) || count_of(slot) == 0) continue;
    all += count_of(slot);
    EXPECT_EQ(*segment->fetch_vector(0, slot), rows(static_cast<float>(slot), count_of(slot)));
    EXPECT_GE(column.rows_end(slot + 1), column.rows(slot).end());
  }
  EXPECT_EQ(column.rows_end(100), all) << "the rows of the void slots are gone";
  fill(*segment, 100, 120);
  const auto now = bits(120, [&](uint32_t slot) { return slot >= 100 || bit(live, slot); });
  const RowBits most = rows_of_most(column, now, 120), few = rows_of_few(column, now, 120);
  EXPECT_EQ(most.words, few.words);
  EXPECT_EQ(most.count, column.present_rows());
}

TEST_F(RowTableTest, the_bits_of_rows_are_those_of_their_slots) {
  auto segment = create();
  fill(*segment, 0, 500);
  const VectorColumn& column = segment->column(0);
  for (const uint32_t slots : {0u, 1u, 63u, 64u, 65u, 257u, 500u}) {
    for (const uint32_t every : {1u, 2u, 3u, 64u, 499u}) {
      const auto pass = bits(500, [&](uint32_t slot) { return slot % every == 0; });
      std::vector<uint64_t> expected(words_for(column.rows_end(slots)), 0);
      uint64_t count = 0;
      for (uint32_t row = 0; row < column.rows_end(slots); ++row) {
        if (column.table()->owner(row) % every != 0) continue;
        expected[row / 64] |= 1ull << (row % 64);
        ++count;
      }
      const RowBits most = rows_of_most(column, pass, slots),
                    few = rows_of_few(column, pass, slots);
      EXPECT_EQ(few.words, expected) << slots << " " << every;
      EXPECT_EQ(most.words, expected) << slots << " " << every;
      EXPECT_EQ(few.count, count);
      EXPECT_EQ(most.count, count);
    }
  }
}

TEST_F(RowTableTest, a_damaged_record_is_named_and_never_followed) {
  auto segment = create();
  fill(*segment, 0, 40);
  ASSERT_TRUE(segment->sync().ok());
  const Lengths lengths = segment->lengths();
  segment.reset();
  const std::string path = dir / "1/slots.0.dat";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(16 * 8 + 4);  // slot 8's number of rows
  file.put('\x7f');
  file.close();
  const base::Status wrong = Segment::open(dir / "1", 1, rows_of_two(), options, lengths).status();
  EXPECT_EQ(wrong.code(), base::Code::kCorrupt);
  EXPECT_NE(wrong.message().find("slots.0.dat at offset 128: the record of slot 8 is damaged"),
            std::string::npos)
      << wrong.message();
  Lengths fewer = lengths;
  fewer.rows = 8;
  segment = reopen(fewer);
  ASSERT_NE(segment, nullptr);
  EXPECT_TRUE(segment->finish_recovery(bits(8, [](uint32_t) { return true; })).ok());
  expect_slots(*segment, 8);
}

TEST_F(RowTableTest, a_segment_is_full_by_the_rows_of_all_points) {
  options.max_bytes = 1000;
  auto segment = create();
  const std::string bytes = rows(1, 30);  // 240 bytes
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(segment->fits(input("\x03k", bytes)));
    ASSERT_TRUE(segment->append(input("\x03k", bytes)).ok());
  }
  EXPECT_TRUE(segment->fits(input("\x03k", rows(1, 20))));
  EXPECT_FALSE(segment->fits(input("\x03k", rows(1, 90))));
}

TEST_F(RowTableTest, exact_distances_are_sums_of_the_smallest) {
  auto segment = create();
  // The products with (1, 0) are 2 and 1; those with (0, 1) are 2 and 4.
  const std::string close = rows(2, 3), far = rows(1, 5);
  ASSERT_TRUE(segment
                  ->append(input("\x03"
                                 "a",
                                 close))
                  .ok());
  ASSERT_TRUE(segment
                  ->append(input("\x03"
                                 "b",
                                 far))
                  .ok());
  ASSERT_TRUE(segment
                  ->append(input("\x03"
                                 "c",
                                 {}))
                  .ok());
  ASSERT_TRUE(segment->flush().ok());
  const std::vector<uint64_t> live{7};
  SearchCall call;
  call.k = 10;
  const std::vector<float> query{1, 0, 0, 1, 1, 0};
  call.query = {reinterpret_cast<const char*>(query.data()), query.size() * sizeof(float)};
  auto answer = search(*segment, call, {3, live, 3}, nullptr);
  ASSERT_TRUE(answer.ok()) << answer.status().to_string();
  EXPECT_EQ(answer->hits, (std::vector<Hit>{{-6, 0}, {-6, 1}}));
  call.query = call.query.substr(0, 2 * 2 * sizeof(float));
  answer = search(*segment, call, {3, live, 3}, nullptr);
  EXPECT_EQ(answer->hits, (std::vector<Hit>{{-5, 1}, {-4, 0}}));
  EXPECT_EQ(answer->distances, 16u);
  const std::atomic<bool> cancelled{true};
  call.cancelled = &cancelled;
  EXPECT_EQ(search(*segment, call, {3, live, 3}, nullptr).status().code(), base::Code::kCancelled);
  call.cancelled = nullptr;
  call.deadline.at_ns = 1;
  EXPECT_EQ(search(*segment, call, {3, live, 3}, nullptr).status().code(), base::Code::kTimeout);
}

}  // namespace
}  // namespace rhumb::segment::test
