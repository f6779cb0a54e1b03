// Traps of durability: T1 to T5. Each comment says what goes wrong without the guard, and then the
// guard. Without the guard the test fails.
#include <algorithm>

#include "tests/plugins/consensus_raft/lab.h"

namespace rhumb::consensus_raft {
namespace {

bool asks_for_votes(const Packet& packet) {
  return packet.kind() == sim::kRequestPreVote || packet.kind() == sim::kRequestVote;
}

std::vector<uint64_t> asked(Lab& lab) {
  std::vector<uint64_t> peers;
  for (const Packet& packet : lab.take(asks_for_votes)) peers.push_back(packet.to);
  std::sort(peers.begin(), peers.end());
  return peers;
}

// T1: membership takes effect when it is applied. A replica that restarts with two later changes in
// its log but an older commit index campaigns under the old membership, and there are two leaders
// in one term. Guard: the host stores commit_index before the entries of every numbered write.
TEST(Traps, t01_the_commit_index_is_stored_with_every_write) {
  Lab lab(voters(3));
  for (uint64_t id = 1; id <= 3; ++id) lab[id].start();
  lab.elect(1);
  for (const uint64_t id : {4, 5}) {
    ASSERT_EQ(lab[1].change({{id, RHUMB_ADD_VOTER, 0}}), RHUMB_OK);
    lab.join(id);
    lab.settle();
  }
  const uint64_t second = lab[2].last;
  EXPECT_EQ(lab[2].durable().commit, second - 1)
      << "the write of the second change says that the first one is committed";

  // The state machine comes back as it was before both changes.
  const sim::Image old{1, 1, 0, {voters(3), false}};
  lab[2].crash();
  lab[2].auto_apply = false;
  lab[2].start(old);
  lab.network.clear();
  lab[2].campaign();
  EXPECT_EQ(asked(lab), std::vector<uint64_t>{}) << "a committed change is not applied yet";
  while (lab[2].machine.index < second - 1) ASSERT_EQ(lab[2].apply(), RHUMB_OK);
  ASSERT_EQ(lab[2].campaign(), RHUMB_OK);
  EXPECT_EQ(asked(lab), (std::vector<uint64_t>{1, 3, 4}));

  sim::Stored forgot = lab[2].durable();  // a host that does not store the commit index
  forgot.commit = 1;
  lab[2].crash();
  lab[2].replace_disk(forgot);
  lab[2].start(old);
  ASSERT_EQ(lab[2].campaign(), RHUMB_OK);
  EXPECT_EQ(asked(lab), (std::vector<uint64_t>{1, 3}));
}

// T2: with a sole voter and a learner, messages leave before the voter's own vote is durable. After
// a crash it leads the same term again, and state machines diverge. Guard: no message, a leader's
// included, leaves before the newest term and vote are durable.
TEST(Traps, t02_no_message_leaves_before_term_and_vote_are_durable) {
  Lab lab({{1, RHUMB_VOTER, 0}, {2, RHUMB_LEARNER, 0}});
  lab[1].start();
  lab[2].start();
  lab[1].auto_persist = false;
  ASSERT_EQ(lab[1].campaign(), RHUMB_OK);
  for (int i = 0; i < 3 && lab[1].open.size() < 2; ++i) lab[1].tick();
  EXPECT_TRUE(lab.network.empty()) << "the vote is not durable, so no message may carry the term";
  ASSERT_GT(lab[1].term, lab[1].durable().term);
  ASSERT_EQ(lab[1].persist(), RHUMB_OK);
  while (!lab[1].open.empty()) ASSERT_EQ(lab[1].persist(), RHUMB_OK);
  EXPECT_TRUE(lab[1].leads());
  EXPECT_EQ(lab[1].durable().term, lab[1].term);
  EXPECT_FALSE(lab.network.empty());
}

// T2, second half: a follower's acknowledgements wait for every earlier write. Answers to
// heartbeats wait only for term, vote and installs.
TEST(Traps, t02_a_followers_acknowledgements_wait_for_every_earlier_write) {
  Lab lab(voters(3));
  for (uint64_t id = 1; id <= 3; ++id) lab[id].start();
  lab.elect(1);
  lab[2].auto_persist = false;
  const auto acknowledges = [](const Packet& p) {
    return p.from == 2 && p.kind() == sim::kAppendResponse;
  };
  for (const char* data : {"first", "second"}) {
    ASSERT_EQ(lab[1].propose(data), RHUMB_OK);
    lab.settle([](const Packet& p) { return p.to == 3; });
  }
  ASSERT_EQ(lab[2].open.size(), 2u);
  EXPECT_TRUE(lab.take(acknowledges).empty());
  ASSERT_EQ(lab[1].tick(), RHUMB_OK);
  const auto beats =
      lab.take([](const Packet& p) { return p.to == 2 && p.kind() == sim::kHeartbeat; });
  ASSERT_EQ(beats.size(), 1u);
  ASSERT_EQ(lab.deliver(beats[0]), RHUMB_OK);
  EXPECT_EQ(
      lab.take([](const Packet& p) { return p.from == 2 && p.kind() == sim::kHeartbeatResponse; })
          .size(),
      1u);
  const uint64_t last = lab[2].last;
  ASSERT_EQ(lab[2].persist(1), RHUMB_OK);
  for (const Packet& packet : lab.take(acknowledges))
    EXPECT_LT(sim::glance(packet.frame).index, last);
  ASSERT_EQ(lab[2].persist(1), RHUMB_OK);
  const auto sent = lab.take(acknowledges);
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sim::glance(sent.back().frame).index, last);
}

// T3: a tick of a stalled or installing follower panics with "Compacted". Guard: no campaign while
// writes are open.
TEST(Traps, t03_a_replica_does_not_campaign_while_writes_are_open) {
  Lab lab(voters(3));
  for (uint64_t id = 1; id <= 3; ++id) lab[id].start();
  lab.elect(1);
  lab[2].auto_persist = false;
  ASSERT_EQ(lab[1].propose("x"), RHUMB_OK);
  lab.settle();
  ASSERT_FALSE(lab[2].open.empty());
  EXPECT_EQ(lab[2].tick(5 * kElectionTicks), RHUMB_OK) << lab[2].refusal;
  EXPECT_EQ(asked(lab), std::vector<uint64_t>{});
  EXPECT_EQ(lab[2].campaign(), RHUMB_BUSY);
  ASSERT_EQ(lab[2].persist(), RHUMB_OK);
  EXPECT_EQ(lab[2].tick(2 * kElectionTicks), RHUMB_OK);
  EXPECT_GE(asked(lab).size(), 2u) << "settled, it campaigns";
}

TEST(Traps, t03_a_replica_does_not_campaign_while_a_snapshot_is_installed) {
  Lab lab(voters(3));
  for (uint64_t id = 1; id <= 3; ++id) lab[id].start();
  lab.elect(1);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(lab[1].propose("entry"), RHUMB_OK);
    lab.settle([](const Packet& p) { return p.to == 3; });
  }
  ASSERT_EQ(lab[1].snapshot(), RHUMB_OK);
  lab[3].auto_persist = false;
  const auto is_snapshot = [](const Packet& p) { return (p.flags & RHUMB_MSG_SNAPSHOT) != 0; };
  std::vector<Packet> snapshots;
  for (int i = 0; i < 4 && snapshots.empty(); ++i) {
    ASSERT_EQ(lab[1].tick(), RHUMB_OK);
    lab.settle([&](const Packet& p) {
      if (is_snapshot(p)) snapshots.push_back(p);
      return is_snapshot(p);
    });
  }
  ASSERT_FALSE(snapshots.empty());
  ASSERT_EQ(lab.deliver(snapshots[0]), RHUMB_OK);
  ASSERT_EQ(lab[3].open.size(), 1u);
  EXPECT_EQ(lab[3].tick(5 * kElectionTicks), RHUMB_OK) << lab[3].refusal;
  EXPECT_EQ(asked(lab), std::vector<uint64_t>{});
  ASSERT_EQ(lab[3].persist(), RHUMB_OK);
  EXPECT_EQ(lab[3].machine.index, lab[1].machine.index);
}

// T4: a leader outside its own membership panics, because it unwraps None. Guard: it broadcasts the
// commit index, sends TimeoutNow to the best voter, and steps down.
TEST(Traps, t04_a_leader_outside_its_membership_leaves_office) {
  Lab lab(voters(3));
  for (uint64_t id = 1; id <= 3; ++id) lab[id].start();
  lab.elect(1);
  const auto to_three = [](const Packet& p) { return p.to == 3; };
  ASSERT_EQ(lab[1].propose("only 2 has this"), RHUMB_OK);
  lab.settle(to_three);
  ASSERT_EQ(lab[1].change({{1, RHUMB_REMOVE, 0}}, true), RHUMB_OK) << lab[1].refusal;
  std::vector<Packet> orders;
  lab.settle([&](const Packet& p) {
    if (p.kind() == sim::kTimeoutNow) orders.push_back(p);
    return p.kind() == sim::kTimeoutNow || p.to == 3;
  });
  EXPECT_EQ(lab[1].role, static_cast<uint32_t>(RHUMB_FOLLOWER));
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders[0].to, 2u) << "the best voter, not the one that lags";
  EXPECT_EQ(lab[2].machine.membership.members.size(), 2u)
      << "the leader sends the commit of the removal before it leaves";
  EXPECT_EQ(lab[1].tick(3 * kElectionTicks), RHUMB_OK) << lab[1].refusal;
  ASSERT_EQ(lab.deliver(orders[0]), RHUMB_OK);
  lab.settle();
  EXPECT_TRUE(lab[2].leads());
}

// T5: a leader that removes itself can leave the others in a joint state for ever. Guard: the
// change is refused with "transfer first".
TEST(Traps, t05_a_leader_that_would_lose_its_vote_is_told_to_transfer_first) {
  Lab lab(voters(3));
  for (uint64_t id = 1; id <= 3; ++id) lab[id].start();
  lab.elect(1);
  const uint64_t last = lab[1].last;
  EXPECT_EQ(lab[1].change({{1, RHUMB_REMOVE, 0}}), RHUMB_DENIED);
  EXPECT_NE(lab[1].refusal.find("transfer the leadership first"), std::string::npos)
      << lab[1].refusal;
  EXPECT_EQ(lab[1].change({{4, RHUMB_ADD_VOTER, 0}, {1, RHUMB_REMOVE, 0}}), RHUMB_DENIED);
  EXPECT_EQ(lab[1].change({{1, RHUMB_ADD_LEARNER, 0}}), RHUMB_DENIED);
  EXPECT_EQ(lab[1].last, last) << "nothing was proposed";
  ASSERT_EQ(lab[1].transfer(2), RHUMB_OK);
  lab.settle();
  ASSERT_TRUE(lab[2].leads());
  ASSERT_EQ(lab[2].change({{1, RHUMB_REMOVE, 0}}), RHUMB_OK);
  lab.settle();
  EXPECT_EQ(lab[3].machine.membership.with_role(RHUMB_VOTER), (std::vector<uint64_t>{2, 3}));
  EXPECT_FALSE(lab[3].machine.membership.joint());
}

}  // namespace
}  // namespace rhumb::consensus_raft
