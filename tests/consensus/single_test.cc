// A group that one node decides alone: the whole path from a proposal to the state machine, and the
// state after restarts.
#include <thread>

#include "tests/consensus/fixture.h"

namespace rhumb::consensus {
namespace {

std::string command(uint64_t i) {
  return "command " + std::to_string(i) + std::string(i % 100, '.');
}

TEST_F(ConsensusTest, proposals_are_committed_and_applied_in_order) {
  Machine machine(apply_);
  Node node(dir_);
  ASSERT_TRUE(node.create(5, machine).ok());
  EXPECT_TRUE(machine.leader());
  uint64_t before = 0;
  for (uint64_t i = 0; i < 20; ++i) {
    const auto index = node.propose(5, command(i));
    ASSERT_TRUE(index.ok()) << index.status().to_string();
    EXPECT_GT(*index, before);
    before = *index;
  }
  machine.wait_applied(before);
  ASSERT_EQ(machine.data().size(), 20u);
  for (uint64_t i = 0; i < 20; ++i) EXPECT_EQ(machine.data()[i], command(i));
  const auto status = node.host().status(5);
  ASSERT_TRUE(status.ok());
  EXPECT_TRUE(status->is_leader);
  EXPECT_EQ(status->leader, 1u);
  EXPECT_EQ(status->commit_index, before);
  EXPECT_EQ(status->last_index, before);
  EXPECT_GT(status->log_bytes, 0u);
  const auto read = node.read_index(5);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_GE(*read, before);
}

// A shard that was restored from an image has a new group, which goes on behind the image.
TEST_F(ConsensusTest, a_group_begins_at_the_index_of_a_state_that_came_from_elsewhere) {
  constexpr uint64_t kIndex = 4'217;
  uint64_t last = 0;
  {
    Machine machine(apply_, kIndex);
    Node node(dir_);
    ASSERT_TRUE(node.create(5, machine, 1, kIndex).ok());
    for (uint64_t i = 0; i < 20; ++i) {
      const auto index = node.propose(5, command(i));
      ASSERT_TRUE(index.ok()) << index.status().to_string();
      EXPECT_GT(*index, kIndex);
      last = *index;
    }
    machine.wait_applied(last);
    EXPECT_EQ(machine.data().size(), 20u);
    EXPECT_EQ(last, kIndex + 21) << "the leader's own entry comes first";
    const auto status = node.host().status(5);
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(status->first_index, kIndex + 1);
  }
  for (const uint64_t kept : {kIndex, kIndex + 10, last}) {
    Machine machine(apply_, kept);
    Node node(dir_);
    const base::Status opened = node.open(5, machine);
    ASSERT_TRUE(opened.ok()) << opened.to_string();
    const auto index = node.propose(5, "more");
    ASSERT_TRUE(index.ok()) << index.status().to_string();
    EXPECT_GT(*index, last);
    last = *index;
    machine.wait_applied(last);
  }
  for (const uint64_t kept : {uint64_t{0}, kIndex - 1}) {
    Machine machine(apply_, kept);
    Node node(dir_);
    EXPECT_EQ(node.open(5, machine).code(), base::Code::kCorrupt) << "the state is not there";
  }
}

TEST_F(ConsensusTest, a_group_that_begins_at_an_index_needs_a_state_of_that_index) {
  Machine machine(apply_, 9);
  Node node(dir_);
  EXPECT_EQ(node.create(5, machine, 1, 10).code(), base::Code::kCorrupt);
}

TEST_F(ConsensusTest, ten_thousand_entries_share_writes_and_survive_restarts) {
  constexpr uint64_t kEntries = 10'000;
  uint64_t last = 0;
  {
    Machine machine(apply_);
    Node node(dir_);
    ASSERT_TRUE(node.create(5, machine).ok());
    std::atomic<uint64_t> committed{0}, highest{0};
    std::promise<void> all;
    for (uint64_t i = 0; i < kEntries; ++i) {
      node.host().propose(5, command(i), [&](base::Result<uint64_t> index) {
        EXPECT_TRUE(index.ok()) << index.status().to_string();
        if (index.ok()) highest = *index;
        if (++committed == kEntries) all.set_value();
      });
    }
    all.get_future().wait();
    last = highest;
    machine.wait_applied(last);
    EXPECT_EQ(machine.data().size(), kEntries);
    EXPECT_LT(machine.batches(), kEntries / 4)
        << "entries that are ready together are applied together";
  }
  // A state machine that lost everything gets everything, one that kept a part gets the rest, and
  // one that kept all gets nothing new.
  for (const uint64_t kept : {uint64_t{0}, last / 2, last}) {
    Machine machine(apply_, kept);
    Node node(dir_);
    EXPECT_EQ(node.host().recovered_groups(), std::vector<uint64_t>{5});
    const base::Status opened = node.open(5, machine);
    ASSERT_TRUE(opened.ok()) << opened.to_string();
    EXPECT_GE(machine.durable_index(), last)
        << "open answers when all that was committed is applied";
    if (kept == 0) {
      const std::vector<std::string> data = machine.data();
      ASSERT_EQ(data.size(), kEntries);
      for (uint64_t i = 0; i < kEntries; ++i) ASSERT_EQ(data[i], command(i));
    }
    const auto index = node.propose(5, "more");
    ASSERT_TRUE(index.ok());
    EXPECT_GT(*index, last);
  }
}

TEST_F(ConsensusTest, a_released_log_starts_after_the_applied_index) {
  uint64_t last = 0;
  {
    Machine machine(apply_);
    Node node(dir_);
    ASSERT_TRUE(node.create(5, machine).ok());
    for (uint64_t i = 0; i < 100; ++i) last = *node.propose(5, command(i));
    machine.wait_applied(last);
    const uint64_t bytes = node.host().status(5)->log_bytes;
    node.host().release(5, last - 10);
    last = *node.propose(5, "behind the release");
    machine.wait_applied(last);
    EXPECT_EQ(node.host().status(5)->first_index, last - 10);
    EXPECT_LT(node.host().status(5)->log_bytes, bytes / 2);
  }
  {
    Machine empty(apply_);
    Node node(dir_);
    const base::Status opened = node.open(5, empty);
    EXPECT_EQ(opened.code(), base::Code::kCorrupt)
        << "the log does not reach back to this state: " << opened.to_string();
    EXPECT_FALSE(node.host().status(5)->fenced.empty());
    EXPECT_EQ(node.propose(5, "x").status().code(), base::Code::kCorrupt);
  }
  {
    Machine ahead(apply_, last + 1000);
    Node node(dir_);
    EXPECT_EQ(node.open(5, ahead).code(), base::Code::kCorrupt) << "the log lost applied entries";
  }
  Machine machine(apply_, last - 5);
  Node node(dir_);
  ASSERT_TRUE(node.open(5, machine).ok());
  EXPECT_GE(machine.durable_index(), last);
}

TEST_F(ConsensusTest, unknown_groups_are_reported) {
  Machine machine(apply_), other(apply_);
  Node node(dir_);
  EXPECT_EQ(node.open(5, machine).code(), base::Code::kNotFound);
  EXPECT_EQ(node.propose(5, "x").status().code(), base::Code::kNotFound);
  EXPECT_EQ(node.read_index(5).status().code(), base::Code::kNotFound);
  EXPECT_EQ(node.host().status(5).status().code(), base::Code::kNotFound);
  EXPECT_EQ(node.close(5, true).code(), base::Code::kNotFound);
  Answer<base::Status> answer;
  node.host().create_group(5, 1, {{2, RHUMB_VOTER}}, &machine, answer.callback());
  EXPECT_EQ(answer.get().code(), base::Code::kInvalid);
  ASSERT_TRUE(node.create(5, machine).ok());
  EXPECT_EQ(node.create(5, other).code(), base::Code::kExists);
  EXPECT_EQ(node.propose(5, "").status().code(), base::Code::kInvalid);
}

TEST_F(ConsensusTest, a_dropped_group_is_forgotten) {
  {
    Machine machine(apply_), kept(apply_), never_opened(apply_);
    Node node(dir_);
    ASSERT_TRUE(node.create(5, machine).ok());
    ASSERT_TRUE(node.create(6, kept).ok());
    ASSERT_TRUE(node.create(7, never_opened).ok());
    ASSERT_TRUE(node.propose(5, "x").ok());
    ASSERT_TRUE(node.close(5, true).ok());
    EXPECT_EQ(node.propose(5, "y").status().code(), base::Code::kNotFound);
    ASSERT_TRUE(node.propose(6, "still here").ok());
  }
  {
    Machine kept(apply_);
    Node node(dir_);
    EXPECT_EQ(node.host().recovered_groups(), (std::vector<uint64_t>{6, 7}));
    EXPECT_TRUE(node.close(7, true).ok()) << "a group that was not opened can be dropped";
    ASSERT_TRUE(node.open(6, kept).ok());
  }
  Node node(dir_);
  EXPECT_EQ(node.host().recovered_groups(), std::vector<uint64_t>{6});
}

TEST_F(ConsensusTest, closing_waits_for_the_state_machine) {
  Machine machine(apply_);
  Node node(dir_);
  ASSERT_TRUE(node.create(5, machine).ok());
  machine.hold(true);
  const auto index = node.propose(5, "held");
  ASSERT_TRUE(index.ok()) << "committed before it is applied";
  Answer<base::Status> closed;
  std::atomic<bool> done{false};
  node.host().close_group(5, false, [&, callback = closed.callback()](base::Status status) {
    done = true;
    callback(std::move(status));
  });
  // This proposal is behind the close in the queue.
  EXPECT_EQ(node.propose(5, "late").status().code(), base::Code::kNotFound);
  EXPECT_FALSE(done);
  machine.hold(false);
  EXPECT_TRUE(closed.get().ok());
  EXPECT_EQ(machine.durable_index(), *index);
  EXPECT_FALSE(machine.leader());
}

TEST_F(ConsensusTest, a_failure_to_apply_fences_only_its_group) {
  Machine bad(apply_), good(apply_);
  Node node(dir_);
  ASSERT_TRUE(node.create(5, bad).ok());
  ASSERT_TRUE(node.create(6, good).ok());
  bad.fail_at(4);
  ASSERT_TRUE(node.propose(5, "third").ok());  // 1 bootstrap, 2 the leader's no-op
  // The entry is committed even if applying it fails.
  const auto fatal = node.propose(5, "fourth");
  while (node.host().status(5)->fenced.empty()) std::this_thread::yield();
  EXPECT_EQ(node.propose(5, "x").status().code(), base::Code::kInternal);
  EXPECT_EQ(node.read_index(5).status().code(), base::Code::kInternal);
  EXPECT_FALSE(node.host().status(5)->is_leader);
  EXPECT_FALSE(bad.leader());
  ASSERT_TRUE(node.propose(6, "fine").ok());
  std::string reason;
  EXPECT_TRUE(node.host().healthy(&reason));
}

TEST_F(ConsensusTest, stop_fails_the_proposals_under_way) {
  Machine machine(apply_);
  auto node = std::make_unique<Node>(dir_);
  ASSERT_TRUE(node->create(5, machine).ok());
  std::atomic<int> answered{0};
  constexpr int kProposals = 500;
  for (int i = 0; i < kProposals; ++i) {
    node->host().propose(5, command(static_cast<uint64_t>(i)),
                         [&](const base::Result<uint64_t>&) { ++answered; });
  }
  node->host().stop();
  EXPECT_EQ(answered, kProposals) << "each callback fires exactly once";
  EXPECT_EQ(node->propose(5, "late").status().code(), base::Code::kUnavailable);
  node->host().stop();
}

TEST_F(ConsensusTest, thousands_of_idle_groups_need_no_ticks) {
  constexpr uint64_t kGroups = 2000;
  std::vector<std::unique_ptr<Machine>> machines;
  Node node(dir_);
  std::atomic<uint64_t> created{0};
  std::promise<void> all;
  for (uint64_t g = 1; g <= kGroups; ++g) {
    machines.push_back(std::make_unique<Machine>(apply_));
    node.host().create_group(g, g, {{g, RHUMB_VOTER}}, machines.back().get(),
                             [&](base::Status status) {
                               EXPECT_TRUE(status.ok()) << status.to_string();
                               if (++created == kGroups) all.set_value();
                             });
  }
  all.get_future().wait();
  EXPECT_EQ(node.host().all().size(), kGroups);
  // So the loop does not wake up for them.
  for (const GroupStatus& status : node.host().all())
    EXPECT_FALSE(status.ticks) << "group " << status.group;
}

}  // namespace
}  // namespace rhumb::consensus
