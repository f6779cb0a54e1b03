// The limits of filters, for reads and writes of every protocol.
#include "host/gateway/filter_rules.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"
#include "host/gateway/query.h"
#include "host/gateway/write_rules.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using model::Filter;
namespace limits = base::limits;

Filter with_conditions(size_t n) {
  Filter filter;
  for (size_t i = 0; i < n; ++i) filter.must.push_back({"key", model::IsEmpty{}});
  return filter;
}

// A filter with that many levels: nested filters and filters within filters in turn.
Filter with_depth(uint32_t levels) {
  Filter filter = with_conditions(1);
  for (uint32_t level = 1; level < levels; ++level) {
    auto inner = std::make_shared<const Filter>(std::move(filter));
    filter = {};
    if (level % 2 == 0)
      filter.should.push_back({"list", model::Nested{std::move(inner)}});
    else
      filter.must_not.push_back({"", model::SubFilter{std::move(inner)}});
  }
  return filter;
}

void expect_refused(const base::Status& status, const std::string& field, uint64_t limit) {
  EXPECT_EQ(status.code(), Code::kUnprocessable) << status.message();
  EXPECT_EQ(status.detail().field, field);
  EXPECT_EQ(status.detail().limit, limit);
}

TEST(FilterRulesTest, a_filter_at_its_limits_is_taken) {
  EXPECT_TRUE(check(std::nullopt, "filter").ok());
  EXPECT_TRUE(check(with_depth(limits::kMaxFilterDepth), "filter").ok());
  EXPECT_TRUE(check(with_conditions(limits::kMaxFilterConditions), "filter").ok());
}

TEST(FilterRulesTest, depth_is_bounded) {
  expect_refused(check(with_depth(limits::kMaxFilterDepth + 1), "filter"), "filter",
                 limits::kMaxFilterDepth);
  expect_refused(check(with_depth(5000), "filter"), "filter", limits::kMaxFilterDepth);
}

TEST(FilterRulesTest, conditions_of_all_levels_are_counted_together) {
  Filter filter = with_conditions(limits::kMaxFilterConditions / 2);
  auto half = std::make_shared<const Filter>(with_conditions(limits::kMaxFilterConditions / 2));
  filter.should.push_back({"", model::SubFilter{std::move(half)}});
  expect_refused(check(filter, "filter"), "filter", limits::kMaxFilterConditions);
}

TEST(FilterRulesTest, reads_and_writes_are_held_to_the_limits) {
  model::CollectionConfig config;
  config.vectors[""] = {.size = 1};
  const Filter deep = with_depth(limits::kMaxFilterDepth + 1);

  Query query;
  query.search.limit = 1;
  query.search.vector = "0000";
  EXPECT_TRUE(check({query, query}, config).ok());
  query.search.filter = deep;
  expect_refused(check({query, query}, config), "queries[0].filter", limits::kMaxFilterDepth);

  model::Operation remove;
  remove.kind = model::OperationKind::kDelete;
  remove.filter = deep;
  expect_refused(check({remove}, config), "filter", limits::kMaxFilterDepth);
  model::Operation upsert;
  upsert.kind = model::OperationKind::kUpsert;
  upsert.update_filter = deep;
  expect_refused(check({upsert}, config), "update_filter", limits::kMaxFilterDepth);
}

}  // namespace
}  // namespace rhumb::gateway
