// The span of a request, and the header `traceparent` in and out.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/base/traces.h"
#include "tests/http/rest/expect.h"
#include "tests/http/rest/fake_gateway.h"

namespace rhumb::http::rest {
namespace {

using base::SpanRecord;

const std::string kSampled = "00-0123456789abcdef0123456789abcdef-fedcba9876543210-01";

class TraceTest : public testing::Test {
 protected:
  TraceTest() { rest_.options.tracer = &tracer_; }
  Answer ask(std::string_view method, std::string_view target, const std::string& body = {}) {
    return rest_.ask(method, target, body, {{"traceparent", kSampled}});
  }
  SpanRecord only() {
    auto spans = spans_.take_all();
    EXPECT_EQ(spans.size(), 1u);
    return spans.empty() ? SpanRecord() : spans.front();
  }
  static std::string attribute(const SpanRecord& span, std::string_view key) {
    const auto found = std::find_if(span.attributes.begin(), span.attributes.end(),
                                    [&](const auto& a) { return a.first == key; });
    if (found == span.attributes.end()) return "absent";
    if (const auto* number = std::get_if<uint64_t>(&found->second)) return std::to_string(*number);
    return std::get<std::string>(found->second);
  }

  base::KeptSpans spans_;
  base::Tracer tracer_{spans_, 0};
  RestHarness rest_;
};

TEST_F(TraceTest, a_span_is_named_after_the_route) {
  const Answer answer = ask("GET", "/collections/b/exists");
  const SpanRecord span = only();
  EXPECT_EQ(span.name, "GET /collections/{collection_name}/exists");
  EXPECT_EQ(span.kind, base::SpanKind::kServer);
  EXPECT_EQ(attribute(span, "http.route"), "/collections/{collection_name}/exists");
  EXPECT_EQ(attribute(span, "url.path"), "/collections/b/exists");
  EXPECT_EQ(attribute(span, "http.response.status_code"), "200");
  EXPECT_EQ(attribute(span, "db.collection.name"), "b");
  EXPECT_FALSE(span.failed);
  EXPECT_TRUE(answer.header("traceparent").starts_with(kSampled.substr(0, 36)));
  EXPECT_NE(answer.header("traceparent"), kSampled);
}

TEST_F(TraceTest, a_request_that_is_not_sampled_has_neither_span_nor_header) {
  std::string unsampled = kSampled;
  unsampled.back() = '0';
  for (const RestHarness::Fields& fields :
       {RestHarness::Fields{}, RestHarness::Fields{{"traceparent", unsampled}},
        RestHarness::Fields{{"traceparent", "what"}},
        // two headers are as good as none
        RestHarness::Fields{{"traceparent", kSampled}, {"Traceparent", kSampled}}}) {
    const Answer answer = rest_.ask("GET", "/collections", {}, fields);
    EXPECT_EQ(answer.response.status, 200);
    EXPECT_EQ(answer.header("traceparent"), "");
  }
  EXPECT_TRUE(spans_.take_all().empty());
}

TEST_F(TraceTest, an_unknown_path_or_method_does_not_become_a_name) {
  ask("GET", "/what/ever");
  SpanRecord span = only();
  EXPECT_EQ(span.name, "GET");
  EXPECT_EQ(attribute(span, "http.route"), "absent");
  EXPECT_EQ(attribute(span, "http.response.status_code"), "404");
  EXPECT_FALSE(span.failed) << "it is the client's fault";
  ask("MAKEITUP", "/collections");
  span = only();
  EXPECT_EQ(span.name, "HTTP");
  EXPECT_EQ(attribute(span, "http.request.method"), "_OTHER");
}

TEST_F(TraceTest, a_failure_of_the_server_is_recorded) {
  rest_.gateway.failure = base::internal("it broke");
  EXPECT_EQ(ask("DELETE", "/collections/books").response.status, 500);
  const SpanRecord failed = only();
  EXPECT_TRUE(failed.failed);
  EXPECT_EQ(failed.error, "it broke");
  EXPECT_EQ(attribute(failed, "error.type"), "internal");
}

TEST_F(TraceTest, a_handler_that_throws_ends_its_span) {
  rest_.options.points = []() -> uint64_t { throw std::runtime_error("thrown on purpose"); };
  EXPECT_TRUE(ask("GET", "/telemetry").dropped);
  rest_.pool.stop();  // the task of the request, with its span, is gone
  const SpanRecord span = only();
  EXPECT_TRUE(span.failed);
  EXPECT_EQ(span.error, "thrown on purpose");
}

TEST_F(TraceTest, the_gateway_is_called_in_the_trace_on_the_loop_and_in_the_pool) {
  for (const bool on_loop : {true, false}) {
    rest_.turn_has_time = on_loop;
    base::TraceContext seen;
    rest_.gateway.during_search = [&] { seen = base::current_trace(); };
    EXPECT_EQ(
        ask("POST", "/collections/books/points/query", R"({"query":[1,2,3,4]})").response.status,
        200);
    EXPECT_EQ(seen.span_id, only().context.span_id);
    EXPECT_FALSE(base::current_trace());
  }
}

TEST_F(TraceTest, the_span_of_a_streamed_answer_lasts_as_long_as_the_stream) {
  const Answer answer = ask("GET", "/collections/books/export");
  EXPECT_EQ(answer.response.status, 200);
  EXPECT_NE(answer.header("traceparent"), "");
  EXPECT_EQ(attribute(only(), "http.response.status_code"), "200");
}

TEST_F(TraceTest, a_stream_that_is_refused_has_one_span) {
  std::optional<Answer> answered;
  bool taken = false;
  const RestHarness::Fields fields{{"traceparent", kSampled}};
  EXPECT_EQ(rest_.stream("POST", "/collections/books/points/import", answered, taken, fields),
            nullptr);
  ASSERT_TRUE(answered.has_value());
  EXPECT_EQ(answered->response.status, 405);
  EXPECT_EQ(attribute(only(), "http.response.status_code"), "405");
}

}  // namespace
}  // namespace rhumb::http::rest
