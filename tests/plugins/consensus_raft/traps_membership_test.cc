// Traps of membership and lost logs: T8 to T11. Each comment says what goes wrong without the
// guard, and then the guard.
#include "tests/plugins/consensus_raft/lab.h"

namespace rhumb::consensus_raft {
namespace {

bool is_snapshot(const Packet& p) { return (p.flags & RHUMB_MSG_SNAPSHOT) != 0; }

// T8: a snapshot that does not name the joiner is refused and sent again for ever. Guard: the
// engine reports NEED_SNAPSHOT instead.
TEST(Traps, t08_a_snapshot_that_does_not_name_the_joiner_is_not_sent) {
  Lab lab(voters(3));
  begin(lab);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(lab[1].propose("entry"), RHUMB_OK);
    lab.settle();
  }
  ASSERT_EQ(lab[1].snapshot(), RHUMB_OK);
  ASSERT_EQ(lab[1].change({{4, RHUMB_ADD_LEARNER, 0}}), RHUMB_OK);
  lab.join(4);
  std::vector<Packet> snapshots;
  const auto settle = [&] {
    lab.settle([&](const Packet& p) {
      if (is_snapshot(p)) snapshots.push_back(p);
      return is_snapshot(p);
    });
  };
  settle();
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(lab[1].tick(), RHUMB_OK);
    settle();
  }
  EXPECT_TRUE(snapshots.empty()) << "the only one there is does not name 4";
  ASSERT_GE(lab[1].snapshots_asked, 1u);
  ASSERT_EQ(lab[1].snapshot(), RHUMB_OK);
  for (int i = 0; i < 5 && snapshots.empty(); ++i) {
    ASSERT_EQ(lab[1].tick(), RHUMB_OK);
    settle();
  }
  ASSERT_FALSE(snapshots.empty());
  ASSERT_EQ(lab.deliver(snapshots[0]), RHUMB_OK) << lab[4].refusal;
  EXPECT_EQ(lab[4].machine.index, lab[1].machine.index);
  EXPECT_EQ(lab[4].machine.membership.role_of(4), static_cast<uint32_t>(RHUMB_LEARNER));
}

// T9: a replica that lost its log and has the same id makes the others panic. Guard: the replica
// that lost it gets RHUMB_CORRUPT, and only that one.
TEST(Traps, t09_a_lost_log_under_the_same_id_is_corrupt) {
  Lab lab(voters(3));
  const sim::Stored empty = lab[2].durable();
  begin(lab);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(lab[1].propose("entry"), RHUMB_OK);
    lab.settle();
  }
  lab[2].crash();
  lab[2].replace_disk(empty);
  lab[2].start(empty.checkpoint);
  rhumb_status_t met = RHUMB_OK;
  for (int i = 0; i < 3 && met == RHUMB_OK; ++i) {
    ASSERT_EQ(lab[1].tick(), RHUMB_OK);
    for (const Packet& packet : lab.take([](const Packet&) { return true; })) {
      const rhumb_status_t status = lab.deliver(packet);
      if (packet.to == 2 && met == RHUMB_OK) met = status;
      if (packet.to != 2) EXPECT_EQ(status, RHUMB_OK);
    }
  }
  EXPECT_EQ(met, RHUMB_CORRUPT);
  EXPECT_NE(lab[2].tick(), RHUMB_OK) << "fenced: it votes no more";
  ASSERT_EQ(lab[1].propose("the others go on"), RHUMB_OK);
  lab.settle([](const Packet& p) { return p.to == 2; });
  EXPECT_EQ(lab[1].commit, lab[1].last);
}

// T10: the automatic leave of a joint change is forgotten after a leader change. Guard: it is
// proposed again on a tick.
TEST(Traps, t10_a_joint_state_is_left_after_a_leader_change) {
  Lab lab(voters(3));
  begin(lab);
  lab[1].auto_apply = false;  // it commits the joint state and stops before it can leave it
  ASSERT_EQ(lab[1].change({{4, RHUMB_ADD_VOTER, 0}, {3, RHUMB_REMOVE, 0}}), RHUMB_OK)
      << lab[1].refusal;
  lab.settle();
  ASSERT_EQ(lab[1].tick(2), RHUMB_OK);  // 2 and 3 learn of the commit
  lab.settle();
  ASSERT_TRUE(lab[2].machine.membership.joint());
  lab[1].crash();
  lab.join(4);
  lab[4].replace_disk(lab[2].durable());  // caught up, so that the new half has its majority
  lab[4].crash();
  lab[4].start(lab[2].machine);
  lab.network.clear();
  lab.succeed(2);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(lab[2].tick(), RHUMB_OK);
    lab.settle();
  }
  EXPECT_FALSE(lab[2].machine.membership.joint());
  EXPECT_EQ(lab[4].machine.membership.with_role(RHUMB_VOTER), (std::vector<uint64_t>{1, 2, 4}));
}

// T11: a second pending change silently becomes an empty entry. Guard: it is refused as BUSY, and
// each change is tried on a copy first.
TEST(Traps, t11_a_second_pending_change_is_busy_and_no_change_is_invalid) {
  Lab lab(voters(3));
  begin(lab);
  const uint64_t before = lab[1].last;
  for (const rhumb_member_t& nothing :
       {rhumb_member_t{9, RHUMB_REMOVE, 0}, {2, RHUMB_ADD_VOTER, 0}}) {
    EXPECT_EQ(lab[1].change({nothing}), RHUMB_INVALID) << lab[1].refusal;
  }
  EXPECT_EQ(lab[1].change({{2, RHUMB_REMOVE, 0}, {3, RHUMB_REMOVE, 0}, {1, RHUMB_REMOVE, 0}}, true),
            RHUMB_INVALID)
      << "there would be no voters";
  EXPECT_EQ(lab[1].last, before);
  ASSERT_EQ(lab[1].change({{4, RHUMB_ADD_LEARNER, 0}}), RHUMB_OK);
  EXPECT_EQ(lab[1].change({{5, RHUMB_ADD_LEARNER, 0}}), RHUMB_BUSY);
  EXPECT_EQ(lab[1].last, before + 1) << "not even an empty entry";
  lab.settle();
  EXPECT_EQ(lab[1].change({{5, RHUMB_ADD_LEARNER, 0}}), RHUMB_OK) << lab[1].refusal;
  lab.settle();
  EXPECT_EQ(lab[1].machine.membership.with_role(RHUMB_LEARNER), (std::vector<uint64_t>{4, 5}));
}

}  // namespace
}  // namespace rhumb::consensus_raft
