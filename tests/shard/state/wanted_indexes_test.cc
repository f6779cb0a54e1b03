// Filters for which no index exists are remembered by field, until there is an index.
#include "host/shard/state/wanted_indexes.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"
#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

using Wanted = std::vector<std::pair<std::string, std::string>>;

class WantedIndexesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    h.options.config.payload_indexes["colour"] = {model::FieldType::kKeyword, ""};
    h.open();
    h.propose(upsert({point(1, Embeddings(5, kDim).next_bytes(),
                            R"({"colour":"red","price":3,"list":[{"k":"a"}]})")}));
    ASSERT_TRUE(h.apply().ok());
  }
  void ask(model::Condition condition) {
    model::CountRequest request;
    request.filter.emplace();
    request.filter->must.push_back(std::move(condition));
    ASSERT_TRUE(h->count(request, {}).ok());
  }
  Harness h;
};

TEST_F(WantedIndexesTest, a_field_is_named_with_the_types_of_index_that_would_serve) {
  EXPECT_EQ(h->state().wanted_indexes, Wanted{});
  ask(any_of("colour", {"red"}));
  EXPECT_EQ(h->state().wanted_indexes, Wanted{}) << "there is one";
  ask({"price", model::Range{{}, {}, 1, {}}});
  ask({"colour", model::Range{{}, {}, 1, {}}});
  ask(any_of("sold", {true}));
  auto inner = std::make_shared<model::Filter>();
  inner->must.push_back(any_of("k", {int64_t{7}}));
  ask({"list", model::Nested{std::move(inner)}});
  EXPECT_EQ(h->state().wanted_indexes, (Wanted{{"colour", "integer or float"},
                                               {"list[].k", "integer"},
                                               {"price", "integer or float"},
                                               {"sold", "bool"}}));
}

TEST_F(WantedIndexesTest, a_new_index_removes_its_field_from_the_list) {
  ask({"price", model::Range{{}, {}, 1, {}}});
  model::CollectionConfig config = h.options.config;
  config.payload_indexes["price"] = {model::FieldType::kKeyword, ""};
  ASSERT_TRUE(h.configure(config).ok());
  EXPECT_EQ(h->state().wanted_indexes.size(), 1u)
      << "one of keywords does not serve a range of numbers";
  config.payload_indexes["price"] = {model::FieldType::kFloat, ""};
  ASSERT_TRUE(h.configure(config).ok());
  EXPECT_EQ(h->state().wanted_indexes, Wanted{});
}

TEST_F(WantedIndexesTest, the_list_is_bounded) {
  for (uint32_t i = 0; i < 2 * base::limits::kMaxWantedIndexes; ++i)
    ask(any_of("field" + std::to_string(i), {"x"}));
  EXPECT_EQ(h->state().wanted_indexes.size(), base::limits::kMaxWantedIndexes);
}

}  // namespace
}  // namespace rhumb::shard::test
