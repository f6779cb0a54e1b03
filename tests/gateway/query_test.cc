// Queries: what a query by id, an offset and the order of ids become, and which queries are refused
// before a shard is asked.
#include <gtest/gtest.h>

#include "host/base/limits.h"
#include "tests/gateway/fake_cluster.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;
using model::PointId;
using model::Record;
namespace limits = base::limits;

const std::string kBits = "0123456789abcdef";  // four float32
const std::string kOther = "fedcba9876543210";

Query near(const std::string& bits, uint32_t limit = 10, uint32_t offset = 0) {
  Query q;
  q.search.vector = bits;
  q.search.limit = limit;
  q.offset = offset;
  return q;
}
Query like(uint64_t id) {
  Query q;
  q.like_id = PointId::number(id);
  return q;
}
Query in_order(uint32_t limit, uint32_t offset) {
  Query q;
  q.by_id_order = true;
  q.search.limit = limit;
  q.offset = offset;
  return q;
}
template <typename... Q>
std::vector<Query> list(Q... queries) {
  std::vector<Query> out;
  (out.push_back(std::move(queries)), ...);
  return out;
}

// One shard that holds the points 1 to 9: each search finds them in this order, and each of them
// has the vector kOther.
class QueryTest : public testing::Test {
 protected:
  QueryTest() {
    cluster_.on_search = [this](const peer::SearchMessage& m) {
      peer::SearchReply reply;
      for (const model::SearchRequest& request : m.requests) {
        asked_.push_back({request.vector, request.limit, request.filter});
        model::SearchResult result;
        for (uint64_t id = 1; id <= std::min<uint64_t>(9, request.limit); ++id)
          result.points.push_back(record(id, 1.0f / static_cast<float>(id)));
        result.plan.push_back({.segment = 5});
        reply.results.push_back(std::move(result));
      }
      return reply;
    };
    cluster_.on_get = [this](const peer::GetMessage& m) {
      ++gets_;
      EXPECT_EQ(m.request.with_vector.names, std::vector<std::string>{""});
      peer::RecordsReply reply;
      for (const PointId& id : m.request.ids) {
        if (id.as_number() > 9) continue;
        reply.records.push_back(record(id.as_number()));
        if (id.as_number() != kBare) reply.records.back().vectors = {{"", kOther}};
      }
      return reply;
    };
    cluster_.on_scroll = [this](const peer::ScrollMessage& m) {
      scrolled_.push_back(m.request.limit);
      peer::RecordsReply reply;
      for (uint64_t id = 1; id <= std::min<uint64_t>(9, m.request.limit); ++id)
        reply.records.push_back(record(id));
      return reply;
    };
  }
  base::Result<std::vector<model::SearchResult>> query(std::vector<Query> queries,
                                                       ReadOptions options = {}) {
    Got<std::vector<model::SearchResult>> got;
    cluster_.gateway().query(films_, std::move(queries), std::move(options), got.take());
    EXPECT_EQ(got.fired, 1);
    return std::move(got.result);
  }
  void refused(std::vector<Query> queries, Code code, const std::string& message,
               const base::ErrorDetail& detail) {
    const Status status = query(std::move(queries)).status();
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_EQ(status.message(), message);
    EXPECT_EQ(status.detail(), detail) << status.detail().field;
    EXPECT_TRUE(asked_.empty() && scrolled_.empty() && gets_ == 0) << "No shard was asked.";
  }

  static constexpr uint64_t kBare = 8;  // this point has no vector
  struct Asked {
    std::string vector;
    uint32_t limit;
    std::optional<model::Filter> filter;
  };
  FakeCluster cluster_;
  CollectionPtr films_ = cluster_.add("films", 1);
  std::vector<Asked> asked_;
  std::vector<uint32_t> scrolled_;  // limits
  int gets_ = 0;
};

TEST_F(QueryTest, the_points_before_the_offset_are_fetched_and_left_out) {
  const auto found = query(list(near(kBits, 3, 2)));
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(ids_of(found->at(0)), "3 4 5");
  EXPECT_EQ(found->at(0).plan.size(), 1u);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].limit, 5u);
  EXPECT_EQ(asked_[0].vector, kBits);
  EXPECT_EQ(ids_of(query(list(near(kBits, 3, 8)))->at(0)), "9");
  EXPECT_EQ(ids_of(query(list(near(kBits, 3, 100)))->at(0)), "") << "The offset is beyond the end.";
}

TEST_F(QueryTest, a_limit_or_an_offset_beyond_the_largest_is_read_as_the_largest) {
  EXPECT_EQ(ids_of(query(list(near(kBits, ~0u, 0)))->at(0)), "1 2 3 4 5 6 7 8 9");
  EXPECT_EQ(ids_of(query(list(near(kBits, ~0u, ~0u)))->at(0)), "");
  ASSERT_EQ(asked_.size(), 2u);
  EXPECT_EQ(asked_[0].limit, limits::kMaxLimit);
  EXPECT_EQ(asked_[1].limit, 2 * limits::kMaxLimit);
}

TEST_F(QueryTest, like_a_point_is_near_its_vector_and_without_itself) {
  Query q = like(3);
  q.search.filter.emplace().must.push_back({"a", model::IsNull{true}});
  ASSERT_TRUE(query(list(std::move(q))).ok());
  EXPECT_EQ(gets_, 1);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].vector, kOther);
  ASSERT_TRUE(asked_[0].filter);
  EXPECT_EQ(asked_[0].filter->must.size(), 1u) << "The client's filter stays.";
  ASSERT_EQ(asked_[0].filter->must_not.size(), 1u);
  EXPECT_EQ(std::get<model::HasId>(asked_[0].filter->must_not[0].test).ids.at(0),
            PointId::number(3));
}

TEST_F(QueryTest, like_a_point_that_is_missing_or_has_no_vector_fails) {
  const Status missing = query(list(like(77))).status();
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_EQ(missing.message(), "Point with id 77 does not exists!");
  const Status bare = query(list(near(kBits), like(kBare))).status();
  EXPECT_EQ(bare.code(), Code::kInvalid);
  EXPECT_EQ(bare.message(), "Point with id 8 has no vector ``");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(QueryTest, in_the_order_of_ids_all_have_the_score_one) {
  const auto found = query(list(in_order(3, 1)));
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(ids_of(found->at(0)), "2 3 4");
  for (const Record& r : found->at(0).points) EXPECT_EQ(r.score, 1.0f);
  EXPECT_EQ(scrolled_, std::vector<uint32_t>{5}) << "One more than limit and offset together.";
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(ids_of(query(list(in_order(3, 50)))->at(0)), "");
}

TEST_F(QueryTest, in_the_order_of_ids_an_answer_that_is_cut_short_is_too_large) {
  cluster_.on_scroll = [](const peer::ScrollMessage&) {
    peer::RecordsReply reply;
    for (uint64_t id = 1; id <= 2; ++id) {
      reply.records.push_back(record(id));
      reply.records.back().payload.resize(limits::kMaxReplyBytes / 2);
    }
    return reply;
  };
  EXPECT_EQ(query(list(in_order(10, 0))).status().code(), Code::kTooLarge);
}

TEST_F(QueryTest, several_queries_are_answered_in_their_own_order_by_one_search) {
  const auto found =
      query(list(in_order(1, 4), near(kBits, 2), like(3), in_order(2, 0), near(kBits, 1, 1)));
  ASSERT_TRUE(found.ok()) << found.status().message();
  ASSERT_EQ(found->size(), 5u);
  EXPECT_EQ(ids_of(found->at(0)), "5");
  EXPECT_EQ(ids_of(found->at(1)), "1 2");
  EXPECT_EQ(found->at(2).points.size(), 9u);
  EXPECT_EQ(ids_of(found->at(3)), "1 2");
  EXPECT_EQ(ids_of(found->at(4)), "2");
  ASSERT_EQ(asked_.size(), 3u);
  EXPECT_EQ(asked_[0].vector, kBits);
  EXPECT_EQ(asked_[1].vector, kOther);
  EXPECT_EQ(asked_[2].limit, 2u);
  EXPECT_TRUE(query({})->empty());
}

TEST_F(QueryTest, the_failure_of_any_step_is_the_answer) {
  const auto fails = [](const auto&) { return Status(Code::kTimeout, "late"); };
  cluster_.on_get = fails;
  EXPECT_EQ(query(list(like(1))).status().code(), Code::kTimeout);
  cluster_.on_scroll = fails;
  EXPECT_EQ(query(list(in_order(1, 0))).status().code(), Code::kTimeout);
  cluster_.on_search = fails;
  EXPECT_EQ(query(list(near(kBits))).status().code(), Code::kTimeout);
}

TEST_F(QueryTest, every_step_reads_at_the_level_that_was_asked) {
  std::vector<peer::ReadLevel> levels;
  cluster_.on_get = [&](const peer::GetMessage& m) {
    levels.push_back(m.level);
    peer::RecordsReply reply;
    reply.records.push_back(record(1));
    reply.records.back().vectors = {{"", kOther}};
    return reply;
  };
  cluster_.on_search = [&](const peer::SearchMessage& m) {
    levels.push_back(m.level);
    peer::SearchReply reply;
    reply.results.resize(m.requests.size());
    return reply;
  };
  ReadOptions options;
  options.linearizable = true;
  ASSERT_TRUE(query(list(like(1)), options).ok());
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_TRUE(levels[0].linearizable && levels[1].linearizable);
}

TEST_F(QueryTest, a_query_that_cannot_be_answered_is_refused_with_its_field_and_limit) {
  Query unknown = near(kBits);
  unknown.search.vector_name = "title";
  refused(list(std::move(unknown)), Code::kInvalid, "Not existing vector name error: title",
          {.field = "vector_name"});
  refused(list(near("0123456789ab")), Code::kInvalid,
          "Vector dimension error: expected dim: 4, got 3", {.field = "vector", .limit = 4});
  refused(list(near(kBits), near("")), Code::kInvalid,
          "Vector dimension error: expected dim: 4, got 0",
          {.field = "queries[1].vector", .limit = 4});
  refused(list(near(kBits, 0)), Code::kUnprocessable, "limit: 0, at least 1",
          {.field = "limit", .limit = 1});
  Query wide = near(kBits);
  wide.search.params.ef = limits::kMaxEf + 1;
  refused(list(std::move(wide)), Code::kUnprocessable, "ef: 65537, at most 65536",
          {.field = "ef", .limit = limits::kMaxEf});
  Query threshold = in_order(1, 0);
  threshold.search.score_threshold = 0.5f;
  refused(list(std::move(threshold)), Code::kInvalid, "A query is required to use score_threshold",
          {.field = "score_threshold"});
  std::vector<Query> many;
  for (uint32_t i = 0; i <= limits::kMaxBatchQueries; ++i) many.push_back(near(kBits));
  refused(std::move(many), Code::kUnprocessable, "queries: 1025, at most 1024",
          {.field = "queries", .limit = limits::kMaxBatchQueries});
}

}  // namespace
}  // namespace rhumb::gateway
