// Ranges and matches of numbers that a double cannot hold are exact with every kind of payload
// index.
#include <gtest/gtest.h>

#include <filesystem>

#include <cstring>

#include "host/base/bytes.h"
#include "host/base/file.h"
#include "host/payload/index/index_file.h"
#include "tests/payload/corpus.h"

namespace rhumb::payload::testing {
namespace {

constexpr int64_t kTwoTo53 = 9007199254740992, kTwoTo60 = 1152921504606846976;

class Numbers : public ::testing::TestWithParam<const char*> {
 protected:
  // Stores rows of one number each, given as JSON text.
  void store(const std::vector<std::string>& numbers) {
    if (std::string_view(GetParam()) != "none") {
      ASSERT_TRUE(indexes_.configure({{"n", {*model::field_type_from(GetParam()), {}}}}).ok());
      indexes_.make_ready();
    }
    for (const std::string& number : numbers) {
      const std::string payload = R"({"n":)" + number + R"(,"of":[{"n":)" + number + "}]}";
      rows_.append(payload, 0);
      indexes_.put(rows_.size() - 1, payload);
    }
  }
  std::vector<uint32_t> slots(const model::Filter& filter) const {
    const auto matcher = Matcher::compile(filter);
    EXPECT_TRUE(matcher.ok());
    const auto result = evaluate(*matcher, indexes_, rows_, rows_.live(), rows_.size());
    EXPECT_TRUE(result.ok());
    return result->slots();
  }
  std::vector<uint32_t> slots(const model::Range& range) const {
    const std::vector<uint32_t> direct = slots(must(field("n", range)));
    const auto inner = [&] {
      return std::make_shared<const model::Filter>(must(field("n", range)));
    };
    EXPECT_EQ(slots(must(field("of", model::Nested{inner()}))), direct)
        << "the same within an element of an array";
    return direct;
  }

  MemoryRows rows_;
  IndexSet indexes_;
};

using Slots = std::vector<uint32_t>;

TEST_P(Numbers, ranges_of_large_integers_are_exact) {
  store({std::to_string(kTwoTo60 - 1), std::to_string(kTwoTo60), std::to_string(kTwoTo60 + 1),
         std::to_string(-kTwoTo60 - 1), "9223372036854775807", "-9223372036854775808"});
  EXPECT_EQ(slots({.lt = {}, .lte = {}, .gt = kTwoTo60, .gte = {}}), (Slots{2, 4}));
  EXPECT_EQ(slots({.lt = {}, .lte = kTwoTo60, .gt = {}, .gte = {}}), (Slots{0, 1, 3, 5}));
  EXPECT_EQ(slots({.lt = kTwoTo60 + 1, .lte = {}, .gt = {}, .gte = kTwoTo60}), Slots{1});
  EXPECT_EQ(slots({.lt = -kTwoTo60, .lte = {}, .gt = INT64_MIN, .gte = {}}), Slots{3});
  EXPECT_EQ(slots({.lt = {}, .lte = {}, .gt = {}, .gte = INT64_MAX}), Slots{4});
  EXPECT_EQ(slots({.lt = {}, .lte = INT64_MIN, .gt = {}, .gte = {}}), Slots{5});
}

TEST_P(Numbers, bounds_may_be_floats) {
  store({std::to_string(kTwoTo53), std::to_string(kTwoTo53 + 1), std::to_string(kTwoTo53 + 2),
         "9223372036854775807", "7", "7.5"});
  EXPECT_EQ(slots({.lt = static_cast<double>(kTwoTo53 + 2),
                   .lte = {},
                   .gt = static_cast<double>(kTwoTo53),
                   .gte = {}}),
            Slots{1});
  EXPECT_EQ(slots({.lt = 1e19, .lte = {}, .gt = 1e15, .gte = {}}), (Slots{0, 1, 2, 3}));
  EXPECT_EQ(slots({.lt = {}, .lte = {}, .gt = {}, .gte = 9223372036854775808.0}), Slots{});
  EXPECT_EQ(slots({.lt = 7.5, .lte = {}, .gt = 6.5, .gte = {}}), Slots{4});
  EXPECT_EQ(slots({.lt = {}, .lte = 7.5, .gt = 7, .gte = {}}), Slots{5});
}

TEST_P(Numbers, integers_beyond_int64_are_compared_too) {
  store({"9223372036854775807", "9223372036854775808", "18446744073709551614",
         "18446744073709551615"});
  EXPECT_EQ(slots({.lt = {}, .lte = {}, .gt = INT64_MAX, .gte = {}}), (Slots{1, 2, 3}));
  EXPECT_EQ(slots({.lt = UINT64_MAX, .lte = {}, .gt = uint64_t{9223372036854775808u}, .gte = {}}),
            Slots{2});
  EXPECT_EQ(slots({.lt = {}, .lte = {}, .gt = 9223372036854775808.0, .gte = {}}), (Slots{2, 3}));
  EXPECT_EQ(slots(must(field("n", any({UINT64_MAX - 1, int64_t{3}})))), Slots{2});
  EXPECT_EQ(slots(must(field("n", any({INT64_MAX})))), Slots{0});
  EXPECT_EQ(slots(must(field("n", except({UINT64_MAX, INT64_MAX})))), (Slots{1, 2}));
}

TEST_P(Numbers, a_row_may_hold_rounded_and_exact_numbers) {
  const std::string between = std::to_string(kTwoTo53 + 1);
  store({"[3," + between + "]", "[" + between + ",1e300]",
         "[" + std::to_string(kTwoTo53) + "," + between + "]", "[null,\"x\"," + between + "]"});
  EXPECT_EQ(slots({.lt = 4, .lte = {}, .gt = {}, .gte = {}}), Slots{0});
  EXPECT_EQ(slots({.lt = {}, .lte = kTwoTo53, .gt = {}, .gte = 3.5}), Slots{2});
  EXPECT_EQ(slots({.lt = {}, .lte = {}, .gt = kTwoTo53, .gte = {}}), (Slots{0, 1, 2, 3}));
  EXPECT_EQ(slots({.lt = {}, .lte = {}, .gt = kTwoTo53 + 1, .gte = {}}), Slots{1});
}

INSTANTIATE_TEST_SUITE_P(Indexes, Numbers, ::testing::Values("none", "integer", "float", "keyword"),
                         [](const auto& index) { return std::string(index.param); });

// A float index has few rounded numbers. A range reads those near its bounds again, and not all of
// them.
TEST(FloatIndex, rounded_numbers_far_from_a_range_are_not_read_again) {
  MemoryRows rows;
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure({{"n", {model::FieldType::kFloat, {}}}}).ok());
  indexes.make_ready();
  for (int64_t i = 0; i < 2000; ++i) {
    rows.append(R"({"n":)" + std::to_string(kTwoTo53 + 2 * i + 1) + "}", 0);
    indexes.put(rows.size() - 1, rows.payload(rows.size() - 1));
  }
  model::Range range;
  range.gte = kTwoTo53 + 2001;
  range.lt = kTwoTo53 + 2005;
  const auto result =
      evaluate(*Matcher::compile(must(field("n", range))), indexes, rows, rows.live(), rows.size());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->slots(), (Slots{1000, 1001}));
  EXPECT_LT(result->rows_examined, 20u);
  EXPECT_EQ(result->strategy, FilterStrategy::kIndexThenCheck);
}

// A file that was saved before rounded numbers were marked would give wrong answers. It counts as
// missing, and the field is built again.
TEST(FloatIndex, a_file_of_the_first_format_is_built_again) {
  const std::string dir = ::testing::TempDir() + "/rhumb-float-index";
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  const FieldConfigs configs = {{"n", {model::FieldType::kFloat, {}}},
                                {"i", {model::FieldType::kInteger, {}}}};
  IndexSet indexes;
  ASSERT_TRUE(indexes.configure(configs).ok());
  indexes.make_ready();
  indexes.put(0, R"({"n":1.5,"i":7})");
  ASSERT_TRUE(indexes.save(dir, 1, 1).ok());
  const std::string path = dir + "/" + index_file_name("n");
  std::string bytes = *base::read_file(path, 1 << 20);
  constexpr size_t kFormat = 8, kHeader = 8 + 2 + 2 + 4 + 8 + 4 + 1;
  ASSERT_EQ(bytes[kFormat], 2);
  bytes[kFormat] = 1;
  const uint32_t crc = base::crc32c(std::string_view(bytes).substr(0, kHeader));
  std::memcpy(bytes.data() + kHeader, &crc, sizeof(crc));
  ASSERT_TRUE(base::write_file_atomic(path, bytes).ok());
  IndexSet again;
  ASSERT_TRUE(again.configure(configs).ok());
  for (const LoadedField& field : again.load_fields(dir)) {
    EXPECT_EQ(field.status.code(), field.field == "n" ? base::Code::kNotFound : base::Code::kOk)
        << field.status.to_string();
  }
  EXPECT_EQ(again.unready(), std::vector<std::string>{"n"});
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace rhumb::payload::testing
