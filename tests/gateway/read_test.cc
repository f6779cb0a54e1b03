// Reads: the request that each shard gets, and how their answers are merged.
#include <gtest/gtest.h>

#include "tests/gateway/fake_cluster.h"
#include "tests/model/text.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;
using model::PointId;
using model::Record;

class GatewayReadTest : public testing::Test {
 protected:
  size_t ordinal(uint64_t shard) const {
    for (size_t i = 0; i < books_->shards.size(); ++i) {
      if (books_->shards[i].shard == shard) return i;
    }
    ADD_FAILURE() << "unknown shard " << shard;
    return 0;
  }
  base::Result<std::vector<model::SearchResult>> search(std::vector<model::SearchRequest> requests,
                                                        ReadOptions options = {}) {
    std::vector<Query> queries(requests.size());
    for (size_t i = 0; i < requests.size(); ++i) queries[i].search = std::move(requests[i]);
    Got<std::vector<model::SearchResult>> got;
    cluster_.gateway().query(books_, std::move(queries), std::move(options), got.take());
    EXPECT_EQ(got.fired, 1);
    return std::move(got.result);
  }
  static std::vector<model::SearchRequest> one_request() {
    std::vector<model::SearchRequest> requests(1);
    requests[0].vector = "0123456789abcdef";
    return requests;
  }
  base::Result<ScrollPage> scroll(model::ScrollRequest request) {
    Got<ScrollPage> got;
    cluster_.gateway().scroll(books_, std::move(request), {}, got.take());
    EXPECT_EQ(got.fired, 1);
    return std::move(got.result);
  }
  FakeCluster cluster_;
  CollectionPtr books_ = cluster_.add("books", 3, model::Distance::kEuclid);
};

TEST_F(GatewayReadTest, a_search_asks_every_shard_the_same_and_merges_by_the_vectors_distance) {
  std::vector<model::SearchRequest> requests(2);
  requests[0].vector = "0123456789abcdef";
  requests[0].filter.emplace().must.push_back({"a", model::IsNull{true}});
  requests[0].params = {77, true, true, true};
  requests[0].limit = 3;
  requests[0].score_threshold = 0.5f;
  requests[0].with_payload = {model::PayloadSelector::Mode::kInclude, {"a"}};
  requests[0].with_vector = {model::VectorSelector::Mode::kNames, {""}};
  requests[1].vector = "fedcba9876543210";
  requests[1].limit = 1;
  const std::string first = model::text_of(requests[0]), second = model::text_of(requests[1]);
  std::vector<uint64_t> asked;
  cluster_.on_search = [&](const peer::SearchMessage& m) {
    asked.push_back(m.shard);
    EXPECT_EQ(m.requests.size(), 2u);
    EXPECT_EQ(model::text_of(m.requests.at(0)), first);
    EXPECT_EQ(model::text_of(m.requests.at(1)), second);
    const auto n = static_cast<float>(ordinal(m.shard));
    peer::SearchReply reply;
    reply.results.resize(2);
    reply.results[0].points = {record(10 * m.shard, 1 + n), record(10 * m.shard + 1, 10 + n)};
    reply.results[0].plan.push_back({.segment = m.shard});
    reply.results[1].points = {record(m.shard, -n)};
    return reply;
  };
  const auto results = search(std::move(requests));
  ASSERT_TRUE(results.ok()) << results.status().message();
  EXPECT_EQ(asked.size(), 3u);
  ASSERT_EQ(results->size(), 2u);
  const uint64_t s = books_->shards[0].shard;
  EXPECT_EQ(ids_of(results->at(0).points), std::to_string(10 * s) + " " +
                                               std::to_string(10 * s + 10) + " " +
                                               std::to_string(10 * s + 20));
  EXPECT_EQ(results->at(0).plan.size(), 3u);
  EXPECT_EQ(ids_of(results->at(1).points), std::to_string(s + 2)) << "the smallest distance";
}

TEST_F(GatewayReadTest, a_search_fails_for_a_wrong_number_of_answers) {
  cluster_.on_search = [](const peer::SearchMessage&) { return peer::SearchReply{}; };
  EXPECT_EQ(search(one_request()).status().code(), Code::kInternal);
  cluster_.on_search = [](const peer::SearchMessage&) {
    return Status(Code::kTooLarge, "too much");
  };
  EXPECT_EQ(search(one_request()).status().code(), Code::kTooLarge);
}

TEST_F(GatewayReadTest, get_answers_each_id_once_in_order_and_leaves_out_missing_points) {
  std::map<uint64_t, size_t> asked;
  cluster_.on_get = [&](const peer::GetMessage& m) {
    asked[m.shard] += m.request.ids.size();
    EXPECT_EQ(m.request.with_payload.mode, model::PayloadSelector::Mode::kAll);
    EXPECT_EQ(m.request.with_vector.names, std::vector<std::string>{"v"});
    peer::RecordsReply reply;
    for (const PointId& id : m.request.ids) {
      EXPECT_EQ(cluster_.shard_of(*books_, id), m.shard);
      if (id.as_number() != 13) reply.records.push_back(record(id.as_number()));
    }
    return reply;
  };
  model::GetRequest request{
      {}, {model::PayloadSelector::Mode::kAll, {}}, {model::VectorSelector::Mode::kNames, {"v"}}};
  std::string expected;
  for (const uint64_t id : {50, 3, 13, 50, 49, 1, 2, 3, 40})
    request.ids.push_back(PointId::number(id));
  Got<std::vector<Record>> got;
  cluster_.gateway().get(books_, request, {}, got.take());
  ASSERT_TRUE(got.result.ok()) << got.result.status().message();
  EXPECT_EQ(ids_of(*got.result), "50 3 49 1 2 40");
  size_t total = 0;
  for (const auto& [shard, n] : asked) total += n;
  EXPECT_EQ(total, 9u);

  asked.clear();
  Got<std::vector<Record>> none;
  cluster_.gateway().get(books_, {}, {}, none.take());
  EXPECT_TRUE(none.result->empty());
  EXPECT_TRUE(asked.empty());
}

TEST_F(GatewayReadTest, scroll_pages_go_through_all_shards_in_the_order_of_ids) {
  const std::vector<std::vector<uint64_t>> stored = {{1, 5, 6, 20}, {2, 3}, {4, 7, 8, 9, 30}};
  cluster_.on_scroll = [&](const peer::ScrollMessage& m) {
    peer::RecordsReply reply;
    for (const uint64_t id : stored[ordinal(m.shard)]) {
      if ((!m.request.offset || id >= m.request.offset->as_number()) &&
          reply.records.size() < m.request.limit)
        reply.records.push_back(record(id));
    }
    return reply;
  };
  for (uint32_t limit = 1; limit <= 12; ++limit) {
    std::vector<Record> all;
    model::ScrollRequest request;
    request.limit = limit;
    size_t pages = 0;
    do {
      model::ScrollRequest next;
      next.limit = limit;
      next.offset = request.offset;
      auto page = scroll(std::move(next));
      ASSERT_TRUE(page.ok()) << page.status().message();
      ASSERT_LE(page->points.size(), limit);
      for (Record& r : page->points) all.push_back(std::move(r));
      request.offset = page->next;
      ASSERT_LE(++pages, 12u);
    } while (request.offset);
    EXPECT_EQ(ids_of(all), "1 2 3 4 5 6 7 8 9 20 30") << "limit " << limit;
    EXPECT_EQ(pages, (11 + limit - 1) / limit) << "no empty page at the end";
  }
}

TEST_F(GatewayReadTest, pages_of_hashes_go_through_all_shards_in_the_order_of_ids) {
  const std::vector<std::vector<uint64_t>> stored = {{1, 5, 6, 20}, {}, {4, 7, 8, 9, 30}};
  cluster_.on_hashes = [&](const peer::HashesMessage& m) {
    peer::HashesReply reply;
    for (const uint64_t number : stored[ordinal(m.shard)]) {
      const auto id = model::PointId::number(number);
      if (id.key() >= m.first && reply.points.size() < m.limit)
        reply.points.push_back({id, {static_cast<uint8_t>(number)}});
    }
    return reply;
  };
  for (uint32_t limit = 1; limit <= 10; ++limit) {
    std::string all;
    std::optional<model::PointId> first;
    do {
      Got<HashPage> page;
      cluster_.gateway().hashes(books_, first, limit, {}, page.take());
      ASSERT_TRUE(page.result.ok()) << page.result.status().message();
      ASSERT_LE(page.result->points.size(), limit);
      for (const model::PointHash& p : page.result->points) {
        EXPECT_EQ(p.hash[0], p.id.as_number());
        all += p.id.to_text() + " ";
      }
      first = page.result->next;
    } while (first);
    EXPECT_EQ(all, "1 4 5 6 7 8 9 20 30 ") << "limit " << limit;
  }
}

TEST_F(GatewayReadTest, scroll_sends_filter_and_selectors_to_each_shard) {
  model::ScrollRequest request;
  request.limit = 9;
  request.filter.emplace().must_not.push_back({"a", model::IsEmpty{true}});
  request.with_payload = {model::PayloadSelector::Mode::kExclude, {"b"}};
  request.with_vector.mode = model::VectorSelector::Mode::kAll;
  const std::string filter = model::text_of(*request.filter);
  int asked = 0;
  cluster_.on_scroll = [&](const peer::ScrollMessage& m) {
    ++asked;
    EXPECT_EQ(model::text_of(*m.request.filter), filter);
    EXPECT_EQ(m.request.with_payload.keys, std::vector<std::string>{"b"});
    EXPECT_EQ(m.request.with_vector.mode, model::VectorSelector::Mode::kAll);
    EXPECT_EQ(m.request.limit, 10u) << "one more: it is the next page's offset";
    return peer::RecordsReply{};
  };
  EXPECT_FALSE(scroll(std::move(request))->next);
  EXPECT_EQ(asked, 3);
}

TEST_F(GatewayReadTest, counts_are_added_up) {
  cluster_.on_count = [&](const peer::CountMessage& m) {
    EXPECT_FALSE(m.request.exact);
    EXPECT_TRUE(m.request.filter);
    return peer::CountReply{1, 100 + ordinal(m.shard)};
  };
  model::CountRequest request;
  request.exact = false;
  request.filter.emplace();
  Got<uint64_t> got;
  cluster_.gateway().count(books_, std::move(request), {}, got.take());
  EXPECT_EQ(*got.result, 303u);
}

TEST_F(GatewayReadTest,
       a_token_of_another_gateway_raises_the_index_asked_for_and_garbage_is_refused) {
  std::vector<peer::ReadLevel> levels;
  cluster_.on_count = [&](const peer::CountMessage& m) {
    levels.push_back(m.level);
    return peer::CountReply{};
  };
  const auto count = [&](ReadOptions options) {
    Got<uint64_t> got;
    cluster_.gateway().count(books_, {}, std::move(options), got.take());
    return got.result.status();
  };
  const uint64_t shard = books_->shards[1].shard;
  ASSERT_TRUE(count({.linearizable = true, .session = encode_token({{shard, 42}, {77, 1}})}).ok());
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_EQ(levels[0].min_applied, 0u);
  EXPECT_EQ(levels[1].min_applied, 42u);
  for (const auto& level : levels) EXPECT_TRUE(level.linearizable);
  levels.clear();
  ASSERT_TRUE(count({}).ok());
  EXPECT_EQ(levels[1].min_applied, 0u) << "the token was of that request alone";
  EXPECT_FALSE(levels[1].linearizable);

  const ReadOptions garbage{.session = "garbage!"};
  EXPECT_EQ(count(garbage).code(), Code::kInvalid);
  EXPECT_EQ(search(one_request(), garbage).status().code(), Code::kInvalid);
  Got<std::vector<Record>> records;
  cluster_.gateway().get(books_, {{PointId::number(1)}, {}, {}}, garbage, records.take());
  EXPECT_EQ(records.result.status().code(), Code::kInvalid);
  Got<ScrollPage> page;
  cluster_.gateway().scroll(books_, {}, garbage, page.take());
  EXPECT_EQ(page.result.status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace rhumb::gateway
