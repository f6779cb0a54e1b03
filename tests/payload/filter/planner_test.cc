#include "host/payload/filter/planner.h"

#include <gtest/gtest.h>

#include "tests/payload/corpus.h"

namespace rhumb::payload::testing {
namespace {

using model::FieldType;
constexpr uint32_t kRows = 20000;

class PlannerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rows_ = new MemoryRows;
    indexes_ = new IndexSet;
    ASSERT_TRUE(indexes_
                    ->configure({{"tenant", {FieldType::kKeyword, {}}},
                                 {"number", {FieldType::kInteger, {}}},
                                 {"price", {FieldType::kFloat, {}}},
                                 {"in_stock", {FieldType::kBool, {}}},
                                 {"added", {FieldType::kDatetime, {}}},
                                 {"tags", {FieldType::kKeyword, {}}},
                                 {"parts[].name", {FieldType::kKeyword, {}}}})
                    .ok());
    indexes_->make_ready();
    std::mt19937_64 random(5);
    for (uint32_t slot = 0; slot < kRows; ++slot) {
      rows_->append(product_payload(slot, random), slot % 2);
      indexes_->put(slot, rows_->payload(slot));
    }
  }
  static void TearDownTestSuite() {
    delete rows_;
    delete indexes_;
  }

  FilterResult run(const model::Filter& filter, const EvaluateOptions& options = {}) {
    const auto matcher = Matcher::compile(filter, {{"image"}, {}});
    const auto result = evaluate(*matcher, *indexes_, *rows_, rows_->live(), kRows, options);
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    const auto counted = count(*matcher, *indexes_, *rows_, rows_->live(), kRows, options);
    EXPECT_EQ(*counted, result->pass_count);
    return *result;
  }
  static model::Condition tenant() { return field("tenant", any({"tenant-77"})); }
  static model::Condition numbers(double from, double to) {
    model::Range range;
    range.gte = from;
    range.lt = to;
    return field("number", range);
  }

  static MemoryRows* rows_;
  static IndexSet* indexes_;
};
MemoryRows* PlannerTest::rows_ = nullptr;
IndexSet* PlannerTest::indexes_ = nullptr;

void expect_served(const FilterResult& result, std::string_view field_name) {
  EXPECT_EQ(result.strategy, FilterStrategy::kIndex) << strategy_name(result.strategy);
  EXPECT_EQ(result.served_by, field_name);
  EXPECT_GT(result.pass_count, 0u);
  EXPECT_LE(result.rows_examined, 2 * result.pass_count);
}

TEST_F(PlannerTest, a_condition_with_an_index_is_answered_by_it_alone) {
  expect_served(run(must(tenant())), "tenant");
  expect_served(run(must(field("tenant", any({"tenant-1", "tenant-2", "tenant-3"})))), "tenant");
  expect_served(run(must(numbers(100, 300))), "number");
  EXPECT_EQ(run(must(numbers(100, 300))).pass_count, 200u);
  expect_served(run(must(field("in_stock", any({true})))), "in_stock");
  expect_served(run(must(field("tenant", except({"tenant-77"})))), "tenant");
  expect_served(run(must(field("number", model::IsEmpty{false}))), "number");
  model::DatetimeRange march;
  march.gte = model::parse_datetime("2024-03-01");
  march.lt = model::parse_datetime("2024-04-01");
  expect_served(run(must(field("added", march))), "added");
  model::Filter either;
  either.should.push_back(tenant());
  either.should.push_back(numbers(0, 50));
  expect_served(run(either), "tenant");
  model::Filter none;
  none.must_not.push_back(tenant());
  EXPECT_EQ(run(none).pass_count, kRows - run(must(tenant())).pass_count);
  EXPECT_EQ(run(none).strategy, FilterStrategy::kIndex);
}

TEST_F(PlannerTest, the_most_selective_condition_comes_first) {
  model::Filter filter;
  filter.must.push_back(field("in_stock", any({true})));
  filter.must.push_back(numbers(0, kRows / 2.0));
  filter.must.push_back(tenant());
  const FilterResult result = run(filter);
  EXPECT_EQ(result.served_by, "tenant");
  EXPECT_EQ(result.strategy, FilterStrategy::kIndex);
  const uint64_t of_tenant = run(must(tenant())).pass_count;
  EXPECT_LE(result.rows_examined, 3 * of_tenant)
      << "the later conditions look at the survivors only";
}

TEST_F(PlannerTest, conditions_without_an_index_are_checked_on_the_remaining_rows) {
  model::Filter filter = must(tenant());
  filter.must.push_back(field("rating", any({int64_t{5}})));
  const FilterResult result = run(filter);
  EXPECT_EQ(result.strategy, FilterStrategy::kIndexThenCheck);
  EXPECT_EQ(result.served_by, "tenant");
  EXPECT_LE(result.rows_examined, 2 * run(must(tenant())).pass_count);
  EXPECT_GT(result.pass_count, 0u);
  const FilterResult scan = run(must(field("rating", any({int64_t{5}}))));
  EXPECT_EQ(scan.strategy, FilterStrategy::kFullScan);
  EXPECT_EQ(scan.rows_examined, kRows);
  EXPECT_EQ(scan.served_by, "");
}

TEST_F(PlannerTest, without_clauses_every_live_row_passes) {
  const FilterResult result = run({});
  EXPECT_EQ(result.strategy, FilterStrategy::kAll);
  EXPECT_EQ(result.pass_count, kRows);
  EXPECT_EQ(result.rows_examined, 0u);
}

TEST_F(PlannerTest, ids_are_looked_up) {
  EvaluateOptions options;
  options.find_slot = [](std::string_view key) -> std::optional<uint32_t> {
    const uint64_t number = model::PointId::from_key(key).value().as_number();
    // Id 9 is not in this view.
    return number == 9 ? std::nullopt : std::optional(static_cast<uint32_t>(number));
  };
  model::HasId ids;
  for (const uint64_t id : {3, 9, 12}) ids.ids.push_back(model::PointId::number(id));
  ids.ids.push_back(model::PointId::number(kRows + 5));
  const FilterResult result = run(must(field("", ids)), options);
  EXPECT_EQ(result.slots(), (std::vector<uint32_t>{3, 12}));
  EXPECT_EQ(result.strategy, FilterStrategy::kIndex);
  EXPECT_EQ(run(must(field("", ids))).slots(), (std::vector<uint32_t>{3, 9, 12}))
      << "without a lookup: every row's id";
}

TEST_F(PlannerTest, dead_rows_and_rows_beyond_the_view_never_pass) {
  std::vector<uint64_t> live = rows_->live();
  for (uint32_t slot = 0; slot < 200; ++slot) live[slot / 64] &= ~(uint64_t{1} << slot % 64);
  const auto matcher = Matcher::compile(must(numbers(100, 300)));
  EXPECT_EQ(evaluate(*matcher, *indexes_, *rows_, live, kRows)->pass_count, 100u);
  EXPECT_EQ(evaluate(*matcher, *indexes_, *rows_, live, 250)->pass_count, 50u);
  EXPECT_EQ(evaluate(*matcher, *indexes_, *rows_, live, 250)->bits.size(), 4u);
  EXPECT_EQ(evaluate(*matcher, *indexes_, *rows_, {}, 0)->pass_count, 0u);
}

TEST_F(PlannerTest, a_plan_stops_when_it_is_cancelled) {
  const auto scan = Matcher::compile(must(field("rating", any({int64_t{5}}))));
  EvaluateOptions late;
  late.deadline.at_ns = 1;
  EXPECT_EQ(evaluate(*scan, *indexes_, *rows_, rows_->live(), kRows, late).status().code(),
            base::Code::kTimeout);
  // Cancels in the middle of the scan, when a row is read.
  std::atomic<bool> cancelled = false;
  class Cancelling final : public Rows {
   public:
    Cancelling(const MemoryRows& rows, std::atomic<bool>& flag) : rows_(rows), flag_(flag) {}
    std::string_view payload(uint32_t slot) const override {
      if (slot == 5000) flag_ = true;
      EXPECT_LT(slot, 7000u) << "went on";
      return rows_.payload(slot);
    }
    std::string_view id_key(uint32_t slot) const override { return rows_.id_key(slot); }
    uint64_t presence(uint32_t slot) const override { return rows_.presence(slot); }

   private:
    const MemoryRows& rows_;
    std::atomic<bool>& flag_;
  } rows(*rows_, cancelled);
  EvaluateOptions options;
  options.cancelled = &cancelled;
  EXPECT_EQ(evaluate(*scan, *indexes_, rows, rows_->live(), kRows, options).status().code(),
            base::Code::kCancelled);
}

TEST(PlannerNested, an_index_below_an_array_gives_candidates) {
  MemoryRows rows;
  IndexSet indexes;
  ASSERT_TRUE(indexes
                  .configure({{"parts[].name", {FieldType::kKeyword, {}}},
                              {"parts[].size", {FieldType::kInteger, {}}}})
                  .ok());
  indexes.make_ready();
  const char* payloads[] = {R"({"parts":[{"name":"bolt","size":1},{"name":"nut","size":2}]})",
                            R"({"parts":[{"name":"bolt","size":2}]})",
                            R"({"parts":[{"name":"nut"},{"size":2}]})", R"({"parts":[]})", R"({})"};
  for (const char* payload : payloads) {
    rows.append(payload, 0);
    indexes.put(rows.size() - 1, payload);
  }
  const auto slots = [&](model::Filter inner) {
    const auto matcher = Matcher::compile(must(
        field("parts", model::Nested{std::make_shared<const model::Filter>(std::move(inner))})));
    const auto result = evaluate(*matcher, indexes, rows, rows.live(), rows.size());
    EXPECT_TRUE(result.ok());
    return std::make_pair(result->slots(), result->strategy);
  };
  model::Filter both = must(field("name", any({"bolt"})));
  both.must.push_back(field("size", any({int64_t{2}})));
  EXPECT_EQ(slots(std::move(both)),
            std::make_pair(std::vector<uint32_t>{1}, FilterStrategy::kIndexThenCheck));
  // An element without the field passes, although the row as a whole has values there.
  EXPECT_EQ(slots(must(field("name", model::IsEmpty{true}))).first, std::vector<uint32_t>{2});
  EXPECT_EQ(slots(must(field("size", model::IsNull{false}))).first,
            (std::vector<uint32_t>{0, 1, 2}));
}

}  // namespace
}  // namespace rhumb::payload::testing
