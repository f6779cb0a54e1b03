// Traps of linearizable reads: T6 and T7. Each comment says what goes wrong without the guard, and
// then the guard.
#include "tests/places.h"
#include "tests/plugins/consensus_raft/lab.h"

namespace rhumb::consensus_raft {
namespace {

bool is_answer(const Packet& p) { return p.kind() == sim::kHeartbeatResponse; }
bool is_beat(const Packet& p) { return p.kind() == sim::kHeartbeat; }

class ReadTraps : public ::testing::Test {
 protected:
  // Runs one round: 2 answers its heartbeat, and the answer is returned undelivered.
  Packet answer_of_two(Lab& lab) {
    Packet answer;
    for (const Packet& beat : lab.take(is_beat)) {
      if (beat.to == 2) EXPECT_EQ(lab.deliver(beat), RHUMB_OK);
    }
    const auto answers = lab.take(is_answer);
    EXPECT_EQ(answers.size(), 1u);
    return answers.empty() ? answer : answers[0];
  }
};

// T6: read contexts match across incarnations, which gives stale reads, and late copies confirm
// newer reads (etcd-io/etcd#20418). Guard: a context is id, incarnation and counter, and is
// compared whole.
TEST_F(ReadTraps, t06_a_late_copy_of_an_answer_confirms_no_newer_read) {
  Lab lab(voters(3));
  begin(lab);
  ASSERT_EQ(lab[1].read(1), RHUMB_OK) << lab[1].refusal;
  const Packet first = answer_of_two(lab);
  ASSERT_EQ(lab.deliver(first), RHUMB_OK);
  ASSERT_EQ(lab[1].reads.size(), 1u);
  EXPECT_EQ(lab[1].reads[0].status, RHUMB_OK);
  ASSERT_EQ(lab[1].read(2), RHUMB_OK);
  ASSERT_EQ(lab.deliver(first), RHUMB_OK);
  EXPECT_EQ(lab[1].reads.size(), 1u) << "the copy speaks of the round before";
  ASSERT_EQ(lab.deliver(answer_of_two(lab)), RHUMB_OK);
  ASSERT_EQ(lab[1].reads.size(), 2u);
  EXPECT_EQ(lab[1].reads[1].token, 2u);
}

TEST_F(ReadTraps, t06_an_answer_to_an_earlier_incarnation_confirms_nothing) {
  Lab lab(voters(3));
  begin(lab);
  ASSERT_EQ(lab[1].read(1), RHUMB_OK);
  const std::string of_first_life = bytes_field(answer_of_two(lab).frame, kContext);
  ASSERT_FALSE(of_first_life.empty());
  lab[1].crash();
  lab.network.clear();
  lab[1].start();
  lab.succeed(1);
  ASSERT_EQ(lab[1].read(1), RHUMB_OK);  // the same count of reads, and the same token
  const std::string late = FrameWriter()
                               .number(kType, sim::kHeartbeatResponse)
                               .number(kTo, 1)
                               .number(kFrom, 2)
                               .number(kTerm, lab[1].term)
                               .bytes(kContext, of_first_life)
                               .frame();
  ASSERT_EQ(lab[1].receive(2, late), RHUMB_OK);
  EXPECT_TRUE(lab[1].reads.empty());
  const Packet real = answer_of_two(lab);
  EXPECT_NE(bytes_field(real.frame, kContext), of_first_life);
  ASSERT_EQ(lab.deliver(real), RHUMB_OK);
  EXPECT_EQ(lab[1].reads.size(), 1u);
}

// T6: no read is dropped silently. A leader that is replaced answers for each read, in the round
// and waiting for the next one.
TEST_F(ReadTraps, t06_no_read_is_dropped_silently) {
  Lab lab(voters(3));
  begin(lab);
  for (uint64_t token = 1; token <= 3; ++token) ASSERT_EQ(lab[1].read(token), RHUMB_OK);
  lab.network.clear();
  // 2 and 3 get no more messages from 1.
  for (int i = 0; i < 10 * kElectionTicks && !lab[2].leads() && !lab[3].leads(); ++i) {
    ASSERT_EQ(lab[2].tick(), RHUMB_OK);
    ASSERT_EQ(lab[3].tick(), RHUMB_OK);
    lab.settle([](const Packet& p) { return p.from == 1; });
  }
  ASSERT_EQ(lab[1].reads.size(), 3u);
  for (const rhumb_read_t& read : lab[1].reads) EXPECT_EQ(read.status, RHUMB_NOT_LEADER);
}

// T7: lease reads are stale when processes pause (13 of 500 reads). Guard: only ReadIndex "Safe" is
// used, so no read is confirmed without a quorum's answer.
void cut_off_and_read(Lab& lab) {
  ASSERT_EQ(lab[1].read(1), RHUMB_OK);
  lab.network.clear();
  ASSERT_EQ(lab[1].tick(5 * kElectionTicks), RHUMB_OK);
}

TEST_F(ReadTraps, t07_without_a_quorum_no_read_is_confirmed) {
  Lab lab(voters(3));
  begin(lab);
  cut_off_and_read(lab);
  ASSERT_EQ(lab[1].reads.size(), 1u);
  EXPECT_NE(lab[1].reads[0].status, RHUMB_OK);

  // The same with leases, to show that the test would detect them.
  Lab planted(voters(3), places::planted_consensus());
  planted.config.config_json = R"({"plant":"lease_reads"})";
  begin(planted);
  cut_off_and_read(planted);
  ASSERT_EQ(planted[1].reads.size(), 1u);
  EXPECT_EQ(planted[1].reads[0].status, RHUMB_OK);
}

}  // namespace
}  // namespace rhumb::consensus_raft
