// Requests that are sent again are applied once, get the first answer, are forgotten by log time
// and number, and are still known after a restart.
#include <gtest/gtest.h>

#include <thread>

#include "host/base/bytes.h"
#include "host/base/limits.h"
#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

using base::limits::kMaxRequests;
using base::limits::kMinRequests;
using base::limits::kRequestMemoryMs;
using model::Command;
using model::OperationKind;
using Verdict = AppliedCommands::Verdict;

Command of_request(uint8_t request, uint64_t attempt, uint64_t clock_ms = 1000, uint32_t part = 0,
                   uint32_t parts = 1) {
  Command command = set_payload(1, R"({"n":1})");
  command.header.request_id[0] = request;
  command.attempt = attempt;
  command.clock_ms = clock_ms;
  command.part = part;
  command.parts = parts;
  return command;
}

// A log of commands in the form that the applier takes.
class RequestsTest : public ::testing::Test {
 protected:
  Verdict feed(const Command& command, uint64_t affected = 1) {
    ++index;
    known.advance(command);
    const auto who = AppliedCommands::identity(command, model::encode_command(command));
    const Verdict verdict = known.judge(who, command, index);
    if (verdict == Verdict::kApply) last = known.remember(who, command, index, affected);
    return verdict;
  }
  std::optional<CommandOutcome> outcome(uint8_t request) {
    return known.outcome(AppliedCommands::identity(of_request(request, 0).header), index);
  }
  AppliedCommands known;
  uint64_t index = 0;
  CommandOutcome last;
};

TEST_F(RequestsTest, an_identity_is_the_request_and_the_number_of_the_operation) {
  Command a = of_request(1, 1), b = of_request(1, 2);
  b.targets[0].expected_version = 77;  // what a leader resolved
  b.payload = R"({"n":2})";
  EXPECT_EQ(AppliedCommands::identity(a, model::encode_command(a)),
            AppliedCommands::identity(b, model::encode_command(b)));
  b.header.sequence = 1;
  EXPECT_NE(AppliedCommands::identity(a.header), AppliedCommands::identity(b.header));
  EXPECT_NE(AppliedCommands::identity(a.header),
            AppliedCommands::identity(of_request(2, 1).header));
  EXPECT_EQ(AppliedCommands::identity(set_payload(1, "{}").header), AppliedCommands::Identity{});
  a.header.feature_level = b.header.feature_level = 1;  // at that level the content counts
  b.header.sequence = 0;
  EXPECT_NE(AppliedCommands::identity(a, model::encode_command(a)),
            AppliedCommands::identity(b, model::encode_command(b)));
}

TEST_F(RequestsTest, the_first_outcome_stays) {
  EXPECT_EQ(feed(of_request(1, 1), 5), Verdict::kApply);
  EXPECT_EQ(feed(of_request(1, 2), 9), Verdict::kDone);
  ASSERT_TRUE(outcome(1));
  EXPECT_EQ(outcome(1)->index, 1u);
  EXPECT_EQ(outcome(1)->affected, 5u);
  EXPECT_TRUE(outcome(1)->whole);
  EXPECT_FALSE(outcome(2));
  EXPECT_FALSE(known.outcome(AppliedCommands::identity(of_request(1, 0).header), 0))
      << "not yet to be seen";
}

TEST_F(RequestsTest, requests_are_forgotten_by_log_time_which_never_goes_back) {
  feed(of_request(1, 1, 1'000'000));
  EXPECT_EQ(feed(of_request(1, 2, 1'000'000 + kRequestMemoryMs)), Verdict::kDone);
  feed(of_request(2, 3, 1'000'001 + kRequestMemoryMs));
  EXPECT_EQ(feed(of_request(1, 4, 5)), Verdict::kApply)
      << "forgotten, whatever this leader's clock says";
  EXPECT_EQ(known.log_time_ms(), 1'000'001 + kRequestMemoryMs);
}

TEST_F(RequestsTest, beyond_the_limit_the_oldest_requests_are_forgotten) {
  for (uint8_t request = 1; request <= 5; ++request) feed(of_request(request, request));
  Command narrow = of_request(6, 6);
  narrow.request_limit = 3;
  feed(narrow);
  EXPECT_EQ(known.size(), 3u);
  EXPECT_FALSE(outcome(3));
  EXPECT_TRUE(outcome(4));
  EXPECT_EQ(known.forgotten_through(), 3u);
}

TEST_F(RequestsTest, parts_of_one_attempt_add_up) {
  EXPECT_EQ(feed(of_request(1, 1, 1000, 0, 3), 10), Verdict::kApply);
  EXPECT_FALSE(outcome(1)->whole);
  EXPECT_EQ(known.parts(AppliedCommands::identity(of_request(1, 0).header)),
            std::vector<uint64_t>{1});
  EXPECT_EQ(feed(of_request(1, 1, 1000, 1, 3), 10), Verdict::kApply);
  EXPECT_EQ(feed(of_request(1, 1, 1000, 2, 3), 4), Verdict::kApply);
  EXPECT_EQ(outcome(1)->affected, 24u);
  EXPECT_TRUE(outcome(1)->whole);
  EXPECT_EQ(feed(of_request(1, 2, 1000, 0, 2)), Verdict::kDone);
}

TEST_F(RequestsTest, another_attempt_takes_over_what_was_not_finished) {
  feed(of_request(1, 1, 1000, 0, 3), 10);
  EXPECT_EQ(feed(of_request(1, 2, 1000, 1, 2)), Verdict::kSuperseded)
      << "it has to begin at its beginning";
  EXPECT_EQ(feed(of_request(1, 2, 1000, 0, 2), 7), Verdict::kApply);
  EXPECT_EQ(feed(of_request(1, 1, 1000, 1, 3)), Verdict::kSuperseded);
  EXPECT_EQ(feed(of_request(1, 2, 1000, 1, 2), 3), Verdict::kApply);
  EXPECT_EQ(outcome(1)->affected, 20u);
  EXPECT_EQ(feed(of_request(1, 1, 1000, 2, 3)), Verdict::kDone);
}

TEST_F(RequestsTest, stored_rows_restore_everything) {
  std::vector<std::string> rows;
  feed(of_request(1, 1), 3);
  feed(of_request(2, 2, 2000, 0, 2), 10);
  rows.push_back(known.take_batch());
  Command narrow = of_request(3, 3, 3000);
  narrow.request_limit = 2;
  feed(narrow);
  rows.push_back(known.take_batch());
  EXPECT_TRUE(known.batch_empty());

  AppliedCommands again;
  again.begin_replay(known.log_time_ms(), known.forgotten_through());
  for (const std::string& row : rows) ASSERT_TRUE(again.load_batch(row).ok());
  EXPECT_TRUE(again.applied_at(AppliedCommands::identity(of_request(1, 0).header), 1))
      << "replay needs the forgotten requests";
  again.end_replay();
  EXPECT_EQ(again.size(), 2u);
  EXPECT_FALSE(again.outcome(AppliedCommands::identity(of_request(1, 0).header), 9));
  const auto who = AppliedCommands::identity(of_request(2, 0).header);
  EXPECT_EQ(again.judge(who, of_request(2, 2, 3000, 1, 2), 4), Verdict::kApply);
  EXPECT_EQ(again.judge(who, of_request(2, 9, 3000, 1, 2), 4), Verdict::kSuperseded);
  EXPECT_EQ(again.outcome(who, 9)->affected, 10u);
  EXPECT_EQ(again.log_time_ms(), 3000u);
  EXPECT_FALSE(again.load_batch(rows[0].substr(0, rows[0].size() - 1)).ok());
}

TEST_F(RequestsTest, commands_of_level_1_have_a_window_of_entries) {
  Command old = of_request(1, 0);
  old.header.feature_level = 1;
  EXPECT_EQ(feed(old), Verdict::kApply);
  EXPECT_EQ(feed(old), Verdict::kDone);
  index += base::limits::kDedupWindowEntries;
  EXPECT_EQ(feed(old), Verdict::kApply);
}

TEST_F(RequestsTest, rows_of_an_earlier_release_are_read) {
  Command old = of_request(1, 0);
  old.header.feature_level = 1;
  const std::string entry = model::encode_command(old);
  std::string row, state;
  base::ByteWriter row_out(row), state_out(state);
  row_out.u32(1);
  row_out.u64(17);
  row_out.fixed(AppliedCommands::identity(old, entry));
  state_out.u8(1);
  state_out.u64(18);  // index
  state_out.u64(4);   // points
  state_out.u32(3);   // next segment
  const auto applied = decode_applied_state(state);
  ASSERT_TRUE(applied.ok()) << applied.status().to_string();
  EXPECT_EQ(applied->next_segment, 3u);
  EXPECT_EQ(applied->log_time_ms, 0u);
  known.begin_replay(applied->log_time_ms, applied->requests_forgotten);
  ASSERT_TRUE(known.load_level_1(row).ok());
  known.end_replay();
  index = applied->index;
  EXPECT_EQ(feed(old), Verdict::kDone);
  EXPECT_TRUE(known.applied_at(AppliedCommands::identity(old, entry), 17));
  const auto again = decode_applied_state(encode(AppliedState{20, 4, 3, 1'000, 7}));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->log_time_ms, 1'000u);
  EXPECT_EQ(again->requests_forgotten, 7u);
}

TEST(RequestBudgetTest, the_budget_of_a_full_node_is_shared) {
  const auto shared = std::make_shared<RequestBudget>(10'000);
  RequestBudget& budget = *shared;
  EXPECT_EQ(budget.limit(), kMaxRequests);
  budget.changed(0, 6'000);
  budget.changed(0, 4'001);
  EXPECT_EQ(budget.limit(), 5'000u);
  budget.changed(4'001, 0);
  EXPECT_EQ(budget.limit(), kMaxRequests);
  for (int shard = 0; shard < 1000; ++shard) budget.changed(0, 10);
  EXPECT_EQ(budget.limit(), kMinRequests);
  {
    AppliedCommands one(shared);
    one.remember(AppliedCommands::identity(of_request(1, 1).header), of_request(1, 1), 1, 1);
    EXPECT_EQ(budget.held(), 16'001u);
  }
  EXPECT_EQ(budget.held(), 16'000u) << "a shard that closes gives back";
}

// The whole shard: an operation by filter is not carried out again if it is repeated, although its
// points changed meanwhile, also after a restart.
TEST(RequestsOfAShard, a_retry_changes_nothing_whatever_is_stored) {
  Harness h;
  Embeddings embeddings{5, kDim};
  h.open();
  const auto ok = [](const base::Status& status) {
    ASSERT_TRUE(status.ok()) << status.to_string();
  };
  ok(h.write(upsert({point(1, embeddings.next_bytes(), R"({"n":1})")})));
  const auto remove = [&h](uint64_t attempt) {
    model::Operation operation;
    operation.kind = OperationKind::kDelete;
    operation.filter = match("n", int64_t{1});
    Command command = h->resolve(std::move(operation), {})->next();
    command.header.request_id[3] = 9;
    command.attempt = attempt;
    return command;
  };
  ok(h.write(remove(1)));
  EXPECT_EQ(*h->count({}, {}), 0u);
  ok(h.write(upsert({point(1, embeddings.next_bytes(), R"({"n":1})")})));
  h->outcomes().expect(2);
  ok(h.write(remove(2)));
  EXPECT_EQ(*h->count({}, {}), 1u);
  EXPECT_EQ(h->outcomes().take(2).affected, 1u) << "the first attempt's";
  for (const bool checkpoint : {false, true}) {
    if (checkpoint) ok(h.checkpoint());
    h.abandon();
    h.open();
    ok(h.apply());
    const Command again = remove(3);
    ASSERT_TRUE(h->known(again.header));
    EXPECT_EQ(h->known(again.header)->index, 2u);
    ok(h.write(again));
    EXPECT_EQ(*h->count({}, {}), 1u);
  }
}

// A writer asks for its outcome once it finds its index applied, on whatever thread. Of many
// commands in one batch the last one's outcome would come long after.
TEST(RequestsOfAShard, an_outcome_is_there_when_its_index_is) {
  constexpr uint64_t kRounds = 500, kCommands = 250;
  Harness h;
  Embeddings embeddings{6, kDim};
  h.open();
  ASSERT_TRUE(h.write(upsert({point(1, embeddings.next_bytes(), R"({"n":1})")})).ok());
  uint64_t attempt = 0, late = 0;
  for (uint64_t round = 0; round < kRounds; ++round) {
    uint64_t last = 0;
    for (uint64_t i = 0; i < kCommands; ++i) {
      Command command = set_payload(1, R"({"n":)" + std::to_string(i) + "}");
      command.attempt = ++attempt;
      h->outcomes().expect(attempt);
      last = h.propose(command);
    }
    std::thread writer([&] {
      while (h->applied_index() < last) {  // never off its core when it happens
      }
      late += h->outcomes().take(attempt).index == last ? 0 : 1;
    });
    EXPECT_TRUE(h.apply().ok());
    writer.join();
    for (uint64_t i = 0; i < kCommands; ++i) h->outcomes().take(attempt - i);
  }
  EXPECT_EQ(late, 0u) << "of " << kRounds;
}

}  // namespace
}  // namespace rhumb::shard::test
