// The spans of a shard's work, with the real log and consensus behind it.
#include <algorithm>

#include "tests/base/traces.h"
#include "tests/worker/life.h"

namespace rhumb::worker {
namespace {

using base::SpanRecord;

class WorkerTraceTest : public WorkerTest {
 protected:
  void SetUp() override {
    WorkerTest::SetUp();
    shard_ = add("books");
    begin_serving();
  }
  // Sends the message in a trace. Returns the spans of the shard in the order of their names.
  template <typename Req>
  std::vector<SpanRecord> traced(Req request, bool succeeds = true) {
    {
      const base::TraceScope scope(root_.context());
      EXPECT_EQ(life_->ask(std::move(request)).ok(), succeeds);
    }
    auto spans = spans_.take_all();
    std::sort(spans.begin(), spans.end(),
              [](const SpanRecord& a, const SpanRecord& b) { return a.name < b.name; });
    for (const SpanRecord& span : spans) {
      EXPECT_EQ(std::get<std::string>(span.attributes.at(0).second), "books");
      EXPECT_EQ(std::get<uint64_t>(span.attributes.at(1).second), shard_);
    }
    return spans;
  }
  static std::vector<std::string> names(const std::vector<SpanRecord>& spans) {
    std::vector<std::string> all;
    for (const SpanRecord& span : spans) all.push_back(span.name);
    return all;
  }
  // The last of the spans is the parent of the others and a child of the message.
  void is_family(const std::vector<SpanRecord>& spans) {
    EXPECT_EQ(spans.back().parent_id, root_.context().span_id);
    for (size_t i = 0; i + 1 < spans.size(); ++i)
      EXPECT_EQ(spans[i].parent_id, spans.back().context.span_id) << spans[i].name;
  }

  base::KeptSpans spans_;
  base::Span root_ = base::Span::root(spans_, base::TraceId{1}, base::SpanId{2});
  uint64_t shard_ = 0;
};

TEST_F(WorkerTraceTest, a_write_has_spans_for_its_commits_and_its_application) {
  auto spans = traced(write_to(shard_, true, upsert(0, 20), remove_ids({7})));
  EXPECT_EQ(names(spans),
            (std::vector<std::string>{"log commit", "log commit", "shard apply", "shard write"}));
  is_family(spans);
  spans = traced(write_to(shard_, false, upsert(20, 1)));
  EXPECT_EQ(names(spans), (std::vector<std::string>{"log commit", "shard write"}));
  is_family(spans);
}

TEST_F(WorkerTraceTest, a_write_that_waits_for_others_stays_in_its_trace) {
  model::Operation by_filter;
  by_filter.kind = model::OperationKind::kDelete;
  by_filter.filter = even();
  const auto spans = traced(write_to(shard_, true, upsert(0, 20), by_filter, upsert(30, 5)));
  EXPECT_EQ(names(spans), (std::vector<std::string>{"log commit", "log commit", "log commit",
                                                    "shard apply", "shard write"}));
  is_family(spans);
}

TEST_F(WorkerTraceTest, a_read_has_a_span_on_whatever_thread_it_runs) {
  peer::CountMessage count;
  count.shard = shard_;
  for (const bool linearizable : {false, true}) {
    count.level.linearizable = linearizable;
    const auto spans = traced(count);
    EXPECT_EQ(names(spans), std::vector<std::string>{"shard count"});
    is_family(spans);
  }
}

TEST_F(WorkerTraceTest, a_read_that_waits_for_an_index_stays_in_its_trace) {
  const auto written = life_->ask(write_to(shard_, true, upsert(0, 1)));
  ASSERT_TRUE(written.ok());
  peer::CountMessage count;
  count.shard = shard_;
  count.level.min_applied = written->outcomes.at(0).index + 1;
  std::future<base::Result<peer::CountReply>> answer;
  {
    const base::TraceScope scope(root_.context());
    answer = life_->send(count);
  }
  ASSERT_TRUE(life_->ask(write_to(shard_, true, upsert(1, 1))).ok());
  ASSERT_TRUE(answer.get().ok());
  const auto spans = spans_.take_all();
  EXPECT_EQ(names(spans), std::vector<std::string>{"shard count"});
  is_family(spans);
}

TEST_F(WorkerTraceTest, a_failure_is_recorded) {
  ASSERT_EQ(fill_log(shard_).code(), base::Code::kBusy);
  (void)spans_.take_all();
  const auto spans = traced(write_to(shard_, true, upsert(0, 20)), false);
  EXPECT_EQ(names(spans), std::vector<std::string>{"shard write"});
  EXPECT_TRUE(spans.at(0).failed);
  EXPECT_EQ(std::get<std::string>(spans.at(0).attributes.back().second), "busy");
}

}  // namespace
}  // namespace rhumb::worker
