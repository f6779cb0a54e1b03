#include "host/base/span.h"

#include <gtest/gtest.h>

#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "tests/base/traces.h"

namespace rhumb::base {
namespace {

class SpanTest : public ::testing::Test {
 protected:
  Span root() { return Span::root(sink_, trace_, remote_); }

  KeptSpans sink_;
  const TraceId trace_{1, 2, 3};
  const SpanId remote_{9};
};

TEST_F(SpanTest, without_a_trace_there_is_no_span) {
  Span span = Span::child("search");
  EXPECT_FALSE(span);
  span.set("a", "b");
  span.outcome(internal("no"));
  span.end();
  EXPECT_FALSE(span.context());
}

TEST_F(SpanTest, children_are_linked_to_the_span_for_which_their_thread_works) {
  {
    Span request = root();
    const TraceScope outer(request.context());
    Span message = Span::child("message", SpanKind::kClient);
    const TraceScope inner(message.context());
    const Span search = Span::child("search");
  }
  const auto spans = sink_.take_all();  // in the order in which they ended
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[0].name, "search");
  EXPECT_EQ(spans[0].parent_id, spans[1].context.span_id);
  EXPECT_EQ(spans[1].kind, SpanKind::kClient);
  EXPECT_EQ(spans[1].parent_id, spans[2].context.span_id);
  EXPECT_EQ(spans[2].parent_id, remote_);
  for (const SpanRecord& span : spans) {
    EXPECT_EQ(span.context.trace_id, trace_);
    EXPECT_LE(span.start_ns, span.end_ns);
    EXPECT_FALSE(span.failed);
  }
  EXPECT_LE(spans[2].start_ns, spans[0].start_ns);
}

TEST_F(SpanTest, a_failure_is_recorded_with_its_code) {
  {
    Span good = root(), bad = root();
    good.outcome(ok());
    bad.outcome(Status(Code::kTimeout, "too late"));
  }
  const auto spans = sink_.take_all();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_TRUE(spans[0].failed);
  EXPECT_EQ(spans[0].error, "too late");
  ASSERT_EQ(spans[0].attributes.size(), 1u);
  EXPECT_EQ(spans[0].attributes[0].first, "error.type");
  EXPECT_EQ(std::get<std::string>(spans[0].attributes[0].second), code_name(Code::kTimeout));
  EXPECT_FALSE(spans[1].failed);
}

TEST_F(SpanTest, a_span_is_handed_over_once) {
  {
    Span span = root();
    Span moved = std::move(span);
    moved.end();
    moved.end();
    root().discard();
  }
  EXPECT_EQ(sink_.take_all().size(), 1u);
}

TEST_F(SpanTest, long_text_is_cut_between_characters) {
  for (size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'a');
    while (text.size() <= 2 * limits::kMaxSpanTextBytes) text += "\xf0\x9f\x8c\xb2";
    Span span = root();
    span.set("url.path", text);
    span.fail(text);
    span.end();
    const auto spans = sink_.take_all();
    const auto& kept = std::get<std::string>(spans.at(0).attributes.at(0).second);
    EXPECT_LE(kept.size(), limits::kMaxSpanTextBytes);
    EXPECT_GT(kept.size(), limits::kMaxSpanTextBytes - 4);
    EXPECT_TRUE(valid_utf8(kept));
    EXPECT_EQ(spans[0].error, kept);
  }
}

TEST_F(SpanTest, bytes_that_are_no_text_are_cut_as_well) {
  Span span = root();
  span.set("url.path", std::string(5000, '\x80'));
  span.end();
  EXPECT_LE(std::get<std::string>(sink_.take_all().at(0).attributes.at(0).second).size(),
            limits::kMaxSpanTextBytes);
}

TEST_F(SpanTest, a_callback_ends_the_span_and_runs_in_the_trace_of_its_caller) {
  Span request = root();
  const TraceContext context = request.context();
  std::function<void(Result<int>)> done;
  TraceContext seen;
  {
    const TraceScope scope(context);
    done = ending(Span::child("message"),
                  std::function<void(Result<int>)>([&](const Result<int>& result) {
                    EXPECT_FALSE(result.ok());
                    seen = current_trace();
                  }));
  }
  EXPECT_TRUE(sink_.take_all().empty());
  done(not_found("nothing"));
  EXPECT_EQ(seen.span_id, context.span_id);
  EXPECT_FALSE(current_trace());
  const auto spans = sink_.take_all();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_TRUE(spans[0].failed);
}

}  // namespace
}  // namespace rhumb::base
