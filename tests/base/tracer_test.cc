#include "host/base/tracer.h"

#include <gtest/gtest.h>

#include <set>

#include "host/base/hex.h"
#include "tests/base/traces.h"

namespace rhumb::base {
namespace {

constexpr std::string_view kParent = "00-0123456789abcdef0123456789abcdef-fedcba9876543210-0";

class TracerTest : public ::testing::Test {
 protected:
  // Returns how many of `n` requests with that header are traced.
  int traced(double ratio, int n, std::string_view traceparent) {
    const Tracer tracer(sink_, ratio);
    int count = 0;
    for (int i = 0; i < n; ++i) count += tracer.begin(traceparent) ? 1 : 0;
    return count;
  }
  KeptSpans sink_;
};

TEST_F(TracerTest, the_flag_of_a_client_decides) {
  const std::string parent(kParent);
  for (const double ratio : {0.0, 1.0}) {
    EXPECT_EQ(traced(ratio, 100, parent + "1"), 100);
    EXPECT_EQ(traced(ratio, 100, parent + "0"), 0);
  }
}

TEST_F(TracerTest, a_request_of_a_traced_client_belongs_to_its_trace) {
  EXPECT_EQ(traced(0, 1, std::string(kParent) + "1"), 1);
  const auto spans = sink_.take_all();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(hex(spans[0].context.trace_id), kParent.substr(3, 32));
  EXPECT_EQ(hex(spans[0].parent_id), kParent.substr(36, 16));
  EXPECT_NE(spans[0].context.span_id, spans[0].parent_id);
}

TEST_F(TracerTest, without_a_valid_header_the_ratio_decides) {
  for (const std::string_view header : {"", "00-what", "ff-0-0-01"}) {
    EXPECT_EQ(traced(0, 1000, header), 0);
    EXPECT_EQ(traced(1, 1000, header), 1000);
    // 12 standard deviations to each side
    const int some = traced(0.25, 10'000, header);
    EXPECT_GT(some, 1980);
    EXPECT_LT(some, 3020);
  }
}

TEST_F(TracerTest, each_trace_has_an_id_of_its_own_and_no_parent) {
  EXPECT_EQ(traced(1, 1000, ""), 1000);
  std::set<std::string> traces, ids;
  for (const SpanRecord& span : sink_.take_all()) {
    traces.insert(hex(span.context.trace_id));
    ids.insert(hex(span.context.span_id));
    EXPECT_EQ(span.parent_id, SpanId{});
  }
  EXPECT_EQ(traces.size(), 1000u);
  EXPECT_EQ(ids.size(), 1000u);
}

}  // namespace
}  // namespace rhumb::base
