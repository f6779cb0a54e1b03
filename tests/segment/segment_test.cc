// One segment alone: storing and reading rows, the limits, sealing, and filters.
#include "host/segment/segment.h"

#include <gtest/gtest.h>

#include "host/base/file.h"
#include "host/segment/search/search.h"
#include "tests/segment/temp_dir.h"

namespace rhumb::segment::test {
namespace {

std::vector<VectorSpec> two_vectors() {
  model::CollectionConfig config;
  config.hnsw.m = 8;
  config.vectors["a"].size = 4;
  config.vectors["b"].size = 2;
  config.vectors["b"].distance = model::Distance::kDot;
  config.vectors["b"].hnsw.m = 24;
  return vector_specs(config);
}

std::string floats(std::vector<float> v) {
  return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)};
}

class SegmentTest : public ::testing::Test {
 protected:
  SegmentTest() {
    options.max_rows = 100;
    options.max_bytes = 1u << 20;
    options.extents = {4096, 65536};
  }
  std::shared_ptr<Segment> create() {
    auto created = Segment::create(dir / "1", 1, two_vectors(), options);
    EXPECT_TRUE(created.ok()) << created.status().to_string();
    return *created;
  }
  // Row i has the id "k<i>", a payload if i is even, vector a always, and vector b if i is a
  // multiple of three.
  static void fill(Segment& segment, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) {
      const std::string key = "\x03k" + std::to_string(i),
                        payload = i % 2 == 0 ? R"({"n":)" + std::to_string(i) + "}" : "";
      const std::string a = floats({1.0f * static_cast<float>(i), 1, 0, 0}),
                        b = floats({static_cast<float>(i), 2});
      RowInput row{
          key, payload, i + 1, {}, {a, i % 3 == 0 ? std::string_view(b) : std::string_view()}};
      auto slot = segment.append(row);
      ASSERT_TRUE(slot.ok()) << slot.status().to_string();
      ASSERT_EQ(*slot, i);
    }
    ASSERT_TRUE(segment.flush().ok());
  }
  static std::vector<uint64_t> all_live(uint32_t n) {
    std::vector<uint64_t> words(words_for(n), 0);
    for (uint32_t i = 0; i < n; ++i) words[i / 64] |= 1ull << (i % 64);
    return words;
  }
  static void expect_rows(const Segment& segment, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) {
      const auto row = segment.fetch(i);
      ASSERT_TRUE(row.ok()) << row.status().to_string();
      EXPECT_EQ(row->id_key, "\x03k" + std::to_string(i));
      EXPECT_EQ(row->payload, i % 2 == 0 ? R"({"n":)" + std::to_string(i) + "}" : "");
      EXPECT_EQ(row->version, i + 1);
      EXPECT_EQ(row->presence, i % 3 == 0 ? 3u : 1u);
      const auto a = segment.fetch_vector(0, i);
      ASSERT_TRUE(a.ok());
      EXPECT_EQ(*a, floats({1.0f * static_cast<float>(i), 1, 0, 0}));
      if (i % 3 == 0) EXPECT_EQ(*segment.fetch_vector(1, i), floats({static_cast<float>(i), 2}));
    }
  }

  TempDir dir;
  SegmentOptions options;
};

TEST_F(SegmentTest, graph_parameters_of_the_vector_override_the_collections) {
  const auto specs = two_vectors();
  EXPECT_EQ(specs[0].params.hnsw.m, 8u);
  EXPECT_EQ(specs[1].params.hnsw.m, 24u);
}

TEST_F(SegmentTest, rows_come_back_after_reopening_and_sealing) {
  Lengths lengths;
  {
    auto segment = create();
    fill(*segment, 70);
    expect_rows(*segment, 70);
    ASSERT_TRUE(segment->override_payload(4, 500, R"({"new":true})").ok());
    ASSERT_TRUE(segment->sync().ok());
    lengths = segment->lengths();
  }
  auto again = Segment::open(dir / "1", 1, two_vectors(), options, lengths);
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  Segment& segment = **again;
  ASSERT_TRUE(segment.finish_recovery(all_live(70)).ok());
  EXPECT_EQ(segment.payload(4), R"({"new":true})");
  EXPECT_EQ(segment.version(4), 500u);
  EXPECT_EQ(segment.fetch(4)->payload, R"({"new":true})");
  EXPECT_EQ(segment.column(1).present_count(), 24u);
  ASSERT_TRUE(segment.seal().ok());
  EXPECT_EQ(segment.state(), State::kSealed);
  ASSERT_TRUE(segment.override_payload(4, 501, "").ok());  // overrides go on in a sealed segment
  EXPECT_EQ(segment.fetch(4)->payload, "");
  const Lengths sealed = segment.lengths();
  again->reset();
  again = Segment::open(dir / "1", 1, two_vectors(), options, sealed);
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  ASSERT_TRUE((*again)->finish_recovery(all_live(70)).ok());
  EXPECT_EQ((*again)->state(), State::kSealed);
  (*again)->verify_checksums([](const base::Status& wrong) { ADD_FAILURE() << wrong.to_string(); });
  EXPECT_EQ((*again)->fetch(4)->version, 501u);
  EXPECT_EQ((*again)->fetch(5)->id_key, "\x03k5");
  Lengths wrong = sealed;
  wrong.rows = 69;
  EXPECT_FALSE(Segment::open(dir / "1", 1, two_vectors(), options, wrong).ok());
  auto other = two_vectors();
  other[0].params.size = 5;
  EXPECT_EQ(Segment::open(dir / "1", 1, other, options, sealed).status().code(),
            base::Code::kInvalid);
}

TEST_F(SegmentTest, a_segment_is_full_by_rows_or_by_bytes) {
  auto segment = create();
  const std::string a = floats({1, 2, 3, 4});
  RowInput row{"\x03k", "", 1, {}, {a, {}}};
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(segment->fits(row));
    ASSERT_TRUE(segment->append(row).ok());
  }
  EXPECT_FALSE(segment->fits(row));
  options.max_bytes = 1000;
  auto small = Segment::create(dir / "2", 2, two_vectors(), options);
  const std::string large(5000, 'x');
  row.payload = large;
  EXPECT_TRUE((*small)->fits(row));  // an empty segment takes any row
  ASSERT_TRUE((*small)->append(row).ok());
  row.payload = {};
  EXPECT_FALSE((*small)->fits(row));
}

TEST_F(SegmentTest, search_and_filter_keep_to_the_view) {
  auto segment = create();
  fill(*segment, 60);
  std::vector<uint64_t> live = all_live(60);
  live[0] &= ~(1ull << 9);
  const Bounds bounds{50, live, 49};
  SearchCall call;
  call.column = 1;
  const std::string query = floats({1, 0});
  call.query = query;
  call.k = 100;
  auto answer = search(*segment, call, bounds, nullptr);
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->hits.size(), 16u);   // multiples of three below 50 are 17, without 9
  EXPECT_EQ(answer->hits[0].slot, 48u);  // dot: the largest product comes first
  EXPECT_EQ(answer->strategy, "scan");

  model::Filter filter;
  model::Condition condition;
  condition.key = "n";
  condition.test = model::Range{.lt = {}, .lte = {}, .gt = {}, .gte = 12.0};
  filter.must.push_back(std::move(condition));
  const auto matcher = payload::Matcher::compile(filter);
  ASSERT_TRUE(matcher.ok());
  const auto passing = segment->filter(*matcher, bounds, {});
  ASSERT_TRUE(passing.ok());
  EXPECT_EQ(passing->pass_count, 19u);  // 12, 14 .. 48
  answer = search(*segment, call, bounds, &*passing);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->strategy, "filter_scan");
  for (const Hit& hit : answer->hits) EXPECT_TRUE(hit.slot % 6 == 0 && hit.slot >= 12);
  EXPECT_EQ(answer->hits.size(), 7u);  // 12, 18 .. 48
}

// A release must read the checksums of segments that an earlier one sealed.
TEST_F(SegmentTest, checksum_files_keep_their_format) {
  const auto segment = create();
  fill(*segment, 70);
  ASSERT_TRUE(segment->seal().ok());
  const auto text = base::read_file(segment->directory() + "/rows.dat.crc", 4096);
  ASSERT_TRUE(text.ok()) << text.status().to_string();
  EXPECT_EQ(text->substr(0, 8), std::string("RHRC\1\0\0\0", 8));
}

}  // namespace
}  // namespace rhumb::segment::test
