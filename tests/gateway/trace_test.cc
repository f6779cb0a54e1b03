// The spans of the messages to shards, and the trace that answers continue.
#include <gtest/gtest.h>

#include "tests/base/traces.h"
#include "tests/gateway/fake_cluster.h"

namespace rhumb::gateway {
namespace {

using base::SpanRecord;

class GatewayTraceTest : public testing::Test {
 protected:
  base::KeptSpans spans_;
  base::Span request_ = base::Span::root(spans_, base::TraceId{1}, base::SpanId{2});
  FakeCluster cluster_;
};

TEST_F(GatewayTraceTest, each_message_to_a_shard_is_a_child_of_the_request) {
  const CollectionPtr books = cluster_.add("books", 3);
  std::vector<base::SpanId> handled_for;
  cluster_.on_count = [&](const peer::CountMessage& m) -> base::Result<peer::CountReply> {
    handled_for.push_back(base::current_trace().span_id);
    if (m.shard == books->shards[1].shard) return base::internal("broken");
    return peer::CountReply{1, 1};
  };
  base::SpanId answered_for{};
  {
    const base::TraceScope scope(request_.context());
    cluster_.gateway().count(books, {}, {}, [&](const base::Result<uint64_t>& count) {
      EXPECT_FALSE(count.ok());
      answered_for = base::current_trace().span_id;
    });
  }
  EXPECT_EQ(answered_for, request_.context().span_id);
  const auto spans = spans_.take_all();
  ASSERT_EQ(spans.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const SpanRecord& span = spans[i];
    EXPECT_EQ(span.name, "message count");
    EXPECT_EQ(span.parent_id, request_.context().span_id);
    EXPECT_EQ(span.context.span_id, handled_for.at(i));
    EXPECT_EQ(span.failed, i == 1);
    ASSERT_GE(span.attributes.size(), 3u);
    EXPECT_EQ(std::get<std::string>(span.attributes[0].second), "count");
    EXPECT_EQ(std::get<std::string>(span.attributes[1].second), "books");
    EXPECT_EQ(std::get<uint64_t>(span.attributes[2].second), books->shards[i].shard);
  }
}

TEST_F(GatewayTraceTest, the_steps_of_a_definition_belong_to_one_trace) {
  cluster_.on_await_config = [](const peer::AwaitConfigMessage&) { return peer::EmptyReply{}; };
  model::CollectionConfig config;
  config.vectors[""] = {.size = 4, .distance = model::Distance::kDot};
  base::SpanId answered_for{};
  {
    const base::TraceScope scope(request_.context());
    cluster_.gateway().create_collection("books", config, {}, [&](const auto& done) {
      EXPECT_TRUE(done.ok());
      answered_for = base::current_trace().span_id;
    });
  }
  EXPECT_EQ(answered_for, request_.context().span_id);
  const auto spans = spans_.take_all();
  ASSERT_GE(spans.size(), 2u);
  EXPECT_EQ(spans.front().name, "message metadata_command");
  EXPECT_EQ(spans.back().name, "message await_config");
  for (const SpanRecord& span : spans) EXPECT_EQ(span.parent_id, request_.context().span_id);
}

TEST_F(GatewayTraceTest, a_request_that_is_not_traced_has_no_spans) {
  const CollectionPtr books = cluster_.add("books", 2);
  cluster_.on_count = [&](const peer::CountMessage&) {
    EXPECT_FALSE(base::current_trace());
    return peer::CountReply{1, 1};
  };
  Got<uint64_t> got;
  cluster_.gateway().count(books, {}, {}, got.take());
  EXPECT_EQ(got.result.value(), 2u);
  EXPECT_TRUE(spans_.take_all().empty());
}

}  // namespace
}  // namespace rhumb::gateway
