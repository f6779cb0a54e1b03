// The in-process channel: failures, unknown operations, and answers that come later and from
// another thread.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "host/peer/channel.h"
#include "host/peer/messages.h"

namespace rhumb::peer {
namespace {

using base::Code;
using base::Status;

// Writes more bytes than it reads back, as a node of another release might.
struct Longer {
  static constexpr Op kOp = Op::kCount;
  using Reply = Longer;
  bool longer = false;
  void encode(base::ByteWriter& out) const {
    out.u8(longer ? 1 : 0);
    if (longer) out.u8(0);
  }
  static base::Result<Longer> decode(base::ByteReader& in) { return Longer{in.u8() == 2}; }
};

class LoopbackTest : public testing::TestWithParam<LoopbackMode> {
 protected:
  template <typename Req>
  base::Result<typename Req::Reply> call(Req request) {
    std::promise<base::Result<typename Req::Reply>> answer;
    channel_.call<Req>(std::move(request), {}, [&](base::Result<typename Req::Reply> reply) {
      answer.set_value(std::move(reply));
    });
    return answer.get_future().get();
  }
  Dispatcher dispatcher_;
  LoopbackChannel channel_{dispatcher_, GetParam()};
};

TEST_P(LoopbackTest, every_failure_arrives_unchanged) {
  Status next;
  dispatcher_.on<CountMessage>([&](CountMessage, base::Deadline, auto done) { done(next); });
  for (auto code = static_cast<uint8_t>(Code::kInvalid);
       code <= static_cast<uint8_t>(base::kLastCode); ++code) {
    next = Status(static_cast<Code>(code),
                  "why: \"quoted\" \xc3\xa4, of code " + std::to_string(code));
    const auto reply = call(CountMessage{});
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.status().code(), next.code());
    EXPECT_EQ(reply.status().message(), next.message());
    EXPECT_EQ(reply.status().detail(), base::ErrorDetail{});
  }
  const base::ErrorDetail details[] = {
      {.field = "vectors.size", .limit = 65536},
      {.leader = uint64_t{1} << 63},
      {.field = "", .limit = 0, .leader = 7, .retry_after_ms = 250}};
  for (const base::ErrorDetail& detail : details) {
    next = Status(Code::kBusy, "why").with(detail);
    EXPECT_EQ(call(CountMessage{}).status().detail(), detail);
  }
}

TEST_P(LoopbackTest, an_op_that_no_role_of_this_node_answers_is_unavailable) {
  dispatcher_.on<CountMessage>([](CountMessage, base::Deadline, auto done) {
    done(CountReply{1, 2});
  });
  const auto reply = call(WatchMap{3});
  EXPECT_EQ(reply.status().code(), Code::kUnavailable);
  EXPECT_NE(reply.status().message().find("17"), std::string::npos)
      << "names the op: " << reply.status().message();
  EXPECT_TRUE(call(CountMessage{}).ok());
}

TEST_P(LoopbackTest, answers_come_later_in_any_order_and_from_any_thread) {
  std::vector<std::pair<uint64_t, std::function<void(base::Result<CountReply>)>>> held;
  dispatcher_.on<CountMessage>([&](CountMessage m, base::Deadline, auto done) {
    held.emplace_back(m.shard, std::move(done));
  });
  std::vector<uint64_t> answers(8);
  for (uint64_t shard = 0; shard < answers.size(); ++shard) {
    CountMessage m;
    m.shard = shard;
    channel_.call<CountMessage>(
        std::move(m), {},
        [&answers, shard](base::Result<CountReply> reply) { answers[shard] = reply->count; });
  }
  ASSERT_EQ(held.size(), answers.size());
  std::thread other([&] {
    for (auto it = held.rbegin(); it != held.rend(); ++it)
      it->second(CountReply{0, 100 + it->first});
  });
  other.join();
  for (uint64_t shard = 0; shard < answers.size(); ++shard) EXPECT_EQ(answers[shard], 100 + shard);
}

INSTANTIATE_TEST_SUITE_P(Loopback, LoopbackTest,
                         testing::Values(LoopbackMode::kDirect, LoopbackMode::kEncode),
                         [](const auto& info) {
                           return info.param == LoopbackMode::kDirect ? "direct" : "encode";
                         });

class EncodedTest : public testing::Test {
 protected:
  base::Result<Longer> call(bool longer_request, bool longer_reply) {
    dispatcher_.on<Longer>([&, longer_reply](Longer, base::Deadline, auto done) {
      ++handled_;
      done(Longer{longer_reply});
    });
    LoopbackChannel channel(dispatcher_, LoopbackMode::kEncode);
    std::promise<base::Result<Longer>> answer;
    channel.call<Longer>(Longer{longer_request}, {},
                         [&](base::Result<Longer> reply) { answer.set_value(std::move(reply)); });
    return answer.get_future().get();
  }
  Dispatcher dispatcher_;
  int handled_ = 0;
};

TEST_F(EncodedTest, left_over_bytes_are_refused_and_a_bad_request_is_not_handled) {
  EXPECT_TRUE(call(false, false).ok());
  EXPECT_EQ(handled_, 1);
  EXPECT_EQ(call(false, true).status().code(), Code::kCorrupt);
  EXPECT_EQ(handled_, 2);
  EXPECT_EQ(call(true, false).status().code(), Code::kCorrupt);
  EXPECT_EQ(handled_, 2);
}

TEST(OpTest, the_numbers_of_operations_are_pinned) {
  const std::pair<Op, uint16_t> pinned[] = {
      {WriteRequest::kOp, 1},       {SearchMessage::kOp, 2},
      {GetMessage::kOp, 3},         {ScrollMessage::kOp, 4},
      {CountMessage::kOp, 5},       {ShardStateMessage::kOp, 6},
      {AwaitConfigMessage::kOp, 7}, {VerifyMessage::kOp, 8},
      {ContractMessage::kOp, 9},    {OptimizationsMessage::kOp, 10},
      {HashesMessage::kOp, 11},     {MetadataCommand::kOp, 16},
      {WatchMap::kOp, 17}};
  for (const auto& [op, number] : pinned) EXPECT_EQ(static_cast<uint16_t>(op), number);
}

}  // namespace
}  // namespace rhumb::peer
