// Writes and reads of a shard as a gateway sends them.
#include <set>

#include "host/base/limits.h"
#include "tests/worker/life.h"

namespace rhumb::worker {
namespace {

using base::Code;
using base::Deadline;
using model::Operation;
using model::OperationKind;
using model::PointId;

class WorkerShardTest : public WorkerTest {
 protected:
  void SetUp() override {
    WorkerTest::SetUp();
    shard_ = add("books");
    begin_serving();
  }
  template <typename... O>
  peer::WriteReply write(O... operations) {
    auto reply = life_->ask(write_to(shard_, true, std::move(operations)...));
    EXPECT_TRUE(reply.ok()) << reply.status().to_string();
    return reply.ok() ? *reply : peer::WriteReply{};
  }
  std::vector<uint64_t> ids() {
    peer::ScrollMessage message;
    message.shard = shard_;
    message.request.limit = 10'000;
    const auto reply = life_->ask(std::move(message));
    EXPECT_TRUE(reply.ok()) << reply.status().to_string();
    std::vector<uint64_t> out;
    for (const model::Record& r : reply->records) out.push_back(r.id.as_number());
    return out;
  }
  static Operation by_filter(OperationKind kind) {
    Operation o;
    o.kind = kind;
    o.filter = even();
    return o;
  }
  uint64_t shard_ = 0;
};

TEST_F(WorkerShardTest, a_waited_write_is_applied_and_read_in_every_way) {
  const auto reply = write(upsert(0, 20), remove_ids({7}));
  ASSERT_EQ(reply.outcomes.size(), 2u);
  EXPECT_TRUE(reply.outcomes[0].applied && reply.outcomes[1].applied);
  EXPECT_LT(reply.outcomes[0].index, reply.outcomes[1].index);
  EXPECT_EQ(life_->count(shard_), 19u);

  peer::SearchMessage search;
  search.shard = shard_;
  search.requests.resize(2);
  const float query[4] = {7.1f, 1, 0, 0};
  for (auto& r : search.requests)
    r.vector.assign(reinterpret_cast<const char*>(query), sizeof(query));
  search.requests[0].limit = 2;
  search.requests[1].limit = 1;
  search.requests[1].filter = even();
  const auto found = life_->ask(std::move(search));
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  ASSERT_EQ(found->results.size(), 2u);
  EXPECT_EQ(found->results[0].points.at(0).id, PointId::number(8)) << "7 is deleted";
  EXPECT_EQ(found->results[0].points.at(1).id, PointId::number(6));
  EXPECT_EQ(found->results[1].points.at(0).id, PointId::number(8));
  EXPECT_GE(found->applied, reply.outcomes[1].index);

  peer::GetMessage get;
  get.shard = shard_;
  get.request = {
      {PointId::number(7), PointId::number(8)}, {model::PayloadSelector::Mode::kAll, {}}, {}};
  const auto got = life_->ask(std::move(get));
  ASSERT_EQ(got->records.size(), 1u);
  EXPECT_EQ(got->records[0].payload, R"({"n":8,"even":true})");

  const auto verified = life_->ask(peer::VerifyMessage{shard_});
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(verified->error, "");
  EXPECT_EQ(verified->points, 19u);
  EXPECT_EQ(verified->kept_hash, verified->computed_hash);
}

TEST_F(WorkerShardTest, a_write_that_nobody_waits_for_is_seen_by_a_read_that_asks_for_its_index) {
  for (uint64_t round = 0; round < 20; ++round) {
    const auto reply = life_->ask(write_to(shard_, false, upsert(round * 10, 10)));
    ASSERT_TRUE(reply.ok());
    EXPECT_FALSE(reply->outcomes.at(0).applied);
    ASSERT_EQ(life_->count(shard_, reply->outcomes[0].index), (round + 1) * 10);
  }
}

TEST_F(WorkerShardTest, operations_of_a_message_see_those_before_them) {
  Operation mark;
  mark.kind = OperationKind::kSetPayload;
  mark.filter = even();
  mark.payload = R"({"marked":1})";
  Operation insert = upsert(0, 15);
  insert.mode = model::UpdateMode::kInsertOnly;
  const auto reply = write(upsert(0, 10), std::move(mark), by_filter(OperationKind::kDelete),
                           upsert(20, 2), std::move(insert), by_filter(OperationKind::kDelete));
  ASSERT_EQ(reply.outcomes.size(), 6u);
  for (size_t i = 1; i < 6; ++i)
    EXPECT_GT(reply.outcomes[i].index, reply.outcomes[i - 1].index) << i;
  EXPECT_EQ(ids(), (std::vector<uint64_t>{1, 3, 5, 7, 9, 11, 13, 21}));
}

TEST_F(WorkerShardTest, an_operation_of_many_points_is_many_commands_and_one_outcome) {
  const uint64_t points = 3 * base::limits::kResolveChunkPoints;
  write(upsert(0, points));
  const auto reply = write(by_filter(OperationKind::kDelete), upsert(1'000'000, 1));
  ASSERT_EQ(reply.outcomes.size(), 2u);
  EXPECT_GT(reply.outcomes[1].index, reply.outcomes[0].index) << "nothing overtakes the parts";
  EXPECT_EQ(life_->count(shard_), points / 2 + 1);
}

TEST_F(WorkerShardTest, cancelled_reads_end_and_writes_go_on) {
  write(upsert(0, 20));
  EXPECT_EQ(life_->count(shard_), 20u);
  life_->worker().cancel_reads();
  const auto stopping = [](const auto& reply) {
    return reply.status().code() == Code::kUnavailable && reply.status().message() == "stopping";
  };
  peer::SearchMessage search;
  search.shard = shard_;
  search.requests.resize(1);
  search.requests[0].vector.assign(16, '\0');
  EXPECT_TRUE(stopping(life_->ask(std::move(search))));
  EXPECT_TRUE(stopping(life_->ask(peer::CountMessage{shard_, {}, {}})));
  peer::ScrollMessage scroll;
  scroll.shard = shard_;
  EXPECT_TRUE(stopping(life_->ask(std::move(scroll))));
  peer::GetMessage get;
  get.shard = shard_;
  get.request.ids = {PointId::number(1)};
  EXPECT_TRUE(stopping(life_->ask(std::move(get))));
  EXPECT_TRUE(write(upsert(20, 5)).outcomes.at(0).applied);
}

TEST_F(WorkerShardTest, outcomes_say_how_many_points_were_changed) {
  const uint64_t points = 2 * base::limits::kResolveChunkPoints + 10;
  Operation insert = upsert(0, 4);
  insert.mode = model::UpdateMode::kInsertOnly;
  Operation replace = upsert(0, 4);
  replace.update_filter = even();
  const auto reply = write(upsert(0, points), std::move(insert), std::move(replace),
                           remove_ids({1, 1, 5, points + 5}), by_filter(OperationKind::kDelete));
  ASSERT_EQ(reply.outcomes.size(), 5u);
  EXPECT_EQ(reply.outcomes[0].affected, points);
  EXPECT_EQ(reply.outcomes[1].affected, 0u);
  EXPECT_EQ(reply.outcomes[2].affected, 2u);
  EXPECT_EQ(reply.outcomes[3].affected, 2u);
  EXPECT_EQ(reply.outcomes[4].affected, points / 2) << "all parts together";
}

// A request that a client sends again: the same identity and operations.
class RetryTest : public WorkerShardTest {
 protected:
  template <typename... O>
  peer::WriteReply send_again(uint8_t request, bool wait, O... operations) {
    peer::WriteRequest message = write_to(shard_, wait, std::move(operations)...);
    message.request_id[0] = request;
    auto reply = life_->ask(std::move(message));
    EXPECT_TRUE(reply.ok()) << reply.status().to_string();
    return reply.ok() ? *reply : peer::WriteReply{};
  }
  void restart() {
    end();
    begin_serving();
  }
};

TEST_F(RetryTest, a_request_is_carried_out_once_whatever_is_stored_meanwhile) {
  write(upsert(0, 10));
  const auto first = send_again(1, true, by_filter(OperationKind::kDelete), remove_ids({1}));
  EXPECT_EQ(first.outcomes.at(0).affected, 5u);
  for (const bool restarted : {false, true}) {
    if (restarted) restart();
    write(upsert(0, 10));
    const auto again = send_again(1, true, by_filter(OperationKind::kDelete), remove_ids({1}));
    for (const size_t i : {0u, 1u}) {
      EXPECT_EQ(again.outcomes.at(i).index, first.outcomes[i].index);
      EXPECT_EQ(again.outcomes[i].affected, first.outcomes[i].affected);
      EXPECT_TRUE(again.outcomes[i].applied);
    }
    EXPECT_EQ(life_->count(shard_), 10u);
  }
  send_again(2, true, by_filter(OperationKind::kDelete), remove_ids({1}));
  EXPECT_EQ(life_->count(shard_), 4u) << "another request";
}

TEST_F(RetryTest, a_repeated_outcome_needs_no_room) {
  send_again(1, true, upsert(0, 3));
  ASSERT_EQ(fill_log(shard_).code(), Code::kBusy);
  EXPECT_EQ(send_again(1, true, upsert(0, 3)).outcomes.at(0).affected, 3u);
}

TEST_F(RetryTest, an_operation_of_many_parts_is_known_as_one) {
  const uint64_t points = 3 * base::limits::kResolveChunkPoints;
  write(upsert(0, points));
  EXPECT_EQ(send_again(1, true, by_filter(OperationKind::kDelete)).outcomes.at(0).affected,
            points / 2);
  write(upsert(0, 100));
  EXPECT_EQ(send_again(1, true, by_filter(OperationKind::kDelete)).outcomes.at(0).affected,
            points / 2);
  EXPECT_EQ(life_->count(shard_), points / 2 + 50);
}

TEST_F(RetryTest, a_request_that_was_acknowledged_at_commit_is_known_too) {
  write(upsert(0, 10));
  for (uint8_t round = 1; round <= 20; ++round) {
    send_again(round, false, by_filter(OperationKind::kDelete));
    if (round % 5 == 0) restart();
    const uint64_t index = write(upsert(0, 10)).outcomes.at(0).index;
    send_again(round, false, by_filter(OperationKind::kDelete));
    write(upsert(20, 1));
    EXPECT_EQ(life_->count(shard_, index), 11u) << int{round};
  }
}

TEST_F(RetryTest, simultaneous_attempts_count_as_one) {
  write(upsert(0, 100));
  for (uint8_t round = 1; round <= 10; ++round) {
    std::vector<std::future<base::Result<peer::WriteReply>>> attempts;
    for (int attempt = 0; attempt < 6; ++attempt) {
      peer::WriteRequest message =
          write_to(shard_, true, by_filter(OperationKind::kDelete), upsert(2 * round, 1));
      message.request_id[0] = round;
      attempts.push_back(life_->send(std::move(message)));
    }
    std::set<uint64_t> indexes;
    for (auto& attempt : attempts) {
      const auto reply = attempt.get();
      ASSERT_TRUE(reply.ok()) << reply.status().to_string();
      indexes.insert(reply->outcomes.at(0).index);
      EXPECT_EQ(reply->outcomes[0].affected, round == 1 ? 50u : 1u);
    }
    EXPECT_EQ(indexes.size(), 1u);
  }
}

TEST_F(WorkerShardTest, two_simultaneous_writes_both_take_effect) {
  const auto set = [](const char* payload) {
    Operation o;
    o.kind = OperationKind::kSetPayload;
    o.payload = payload;
    return o;
  };
  for (uint64_t round = 0; round < 50; ++round) {
    write(upsert(2, 1));
    Operation by_even = set(R"({"label":1})"), by_id = set(R"({"price":1})");
    by_even.filter = even();
    by_id.ids = {PointId::number(2)};
    // What is sent second is looked at before the first one is applied: the point moves on between
    // the look and the write.
    Operation& first = round % 2 == 0 ? by_even : by_id;
    Operation& second = round % 2 == 0 ? by_id : by_even;
    auto one = life_->send(write_to(shard_, true, std::move(first)));
    auto other = life_->send(write_to(shard_, true, std::move(second)));
    EXPECT_EQ(one.get()->outcomes.at(0).affected, 1u);
    EXPECT_EQ(other.get()->outcomes.at(0).affected, 1u);
    peer::GetMessage get;
    get.shard = shard_;
    get.request = {{PointId::number(2)}, {model::PayloadSelector::Mode::kAll, {}}, {}};
    const std::string payload = life_->ask(std::move(get))->records.at(0).payload;
    EXPECT_NE(payload.find("label"), std::string::npos) << payload;
    EXPECT_NE(payload.find("price"), std::string::npos) << payload;
  }
}

TEST_F(WorkerShardTest, a_read_of_a_future_index_waits_until_its_deadline) {
  const uint64_t index = write(upsert(0, 1)).outcomes.at(0).index;
  peer::CountMessage ahead;
  ahead.shard = shard_;
  ahead.level.min_applied = index + 1;
  const auto late =
      life_->ask(peer::CountMessage{ahead.shard, ahead.level, {}}, Deadline::after_ms(5));
  EXPECT_EQ(late.status().code(), Code::kTimeout);
  EXPECT_NE(late.status().message().find("did not reach the index"), std::string::npos)
      << late.status().message();
  auto waiting = life_->send(std::move(ahead), Deadline::after_ms(60'000));
  write(upsert(1, 1));
  const auto seen = waiting.get();
  ASSERT_TRUE(seen.ok()) << seen.status().to_string();
  EXPECT_EQ(seen->count, 2u);
  EXPECT_GT(seen->applied, index);
}

TEST_F(WorkerShardTest, a_linearizable_read_sees_what_was_acknowledged) {
  for (uint64_t round = 1; round <= 10; ++round) {
    ASSERT_TRUE(life_->ask(write_to(shard_, false, upsert(round, 1))).ok());
    peer::CountMessage message;
    message.shard = shard_;
    message.level.linearizable = true;
    const auto reply = life_->ask(std::move(message), Deadline::after_ms(60'000));
    ASSERT_TRUE(reply.ok()) << reply.status().to_string();
    ASSERT_EQ(reply->count, round);
  }
}

TEST_F(WorkerShardTest, a_message_for_a_shard_of_another_node_is_unavailable) {
  EXPECT_EQ(life_->ask(write_to(9, true, upsert(0, 1))).status().code(), Code::kUnavailable);
  EXPECT_EQ(life_->ask(peer::CountMessage{9, {}, {}}).status().code(), Code::kUnavailable);
  EXPECT_EQ(life_->ask(peer::SearchMessage{9, {}, {}}).status().code(), Code::kUnavailable);
  EXPECT_EQ(life_->ask(peer::GetMessage{9, {}, {}}).status().code(), Code::kUnavailable);
  EXPECT_EQ(life_->ask(peer::ScrollMessage{9, {}, {}}).status().code(), Code::kUnavailable);
  EXPECT_EQ(life_->ask(peer::ShardStateMessage{9}).status().code(), Code::kUnavailable);
  EXPECT_EQ(life_->ask(peer::VerifyMessage{9}).status().code(), Code::kUnavailable);
}

TEST_F(WorkerShardTest, a_full_log_refuses_writes_and_serves_reads) {
  write(upsert(0, 3));
  EXPECT_EQ(fill_log(shard_).code(), Code::kBusy);
  EXPECT_EQ(life_->ask(write_to(shard_, true, upsert(4, 1))).status().code(), Code::kBusy);
  EXPECT_EQ(life_->count(shard_), 4u);
  life_->log_is_full(false);
  base::Result<peer::WriteReply> reply = base::internal("not asked");
  do {  // each refused write causes another look
    reply = life_->ask(write_to(shard_, true, upsert(4, 1)));
  } while (!reply.ok() && reply.status().code() == Code::kBusy);
  EXPECT_TRUE(reply.ok()) << reply.status().to_string();
}

TEST_F(WorkerShardTest, many_writers_write_at_once) {
  constexpr uint64_t kWriters = 4, kRounds = 25;
  std::vector<std::future<bool>> writers;
  for (uint64_t w = 0; w < kWriters; ++w) {
    writers.push_back(std::async(std::launch::async, [this, w] {
      for (uint64_t round = 0; round < kRounds; ++round) {
        const uint64_t id = w * 1000 + round;
        const auto reply = life_->ask(write_to(shard_, true, upsert(id, 1)));
        if (!reply.ok()) return false;
        if (life_->count(shard_, reply->outcomes[0].index) == 0) return false;
      }
      return true;
    }));
  }
  for (auto& w : writers) EXPECT_TRUE(w.get());
  EXPECT_EQ(life_->count(shard_), kWriters * kRounds);
}

}  // namespace
}  // namespace rhumb::worker
