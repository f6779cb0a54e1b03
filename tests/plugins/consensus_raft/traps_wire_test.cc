// Traps of incoming messages, of resources and of defaults: T12 to T17. Each comment says what goes
// wrong without the guard, and then the guard.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tests/plugins/consensus_raft/lab.h"

namespace rhumb::consensus_raft {
namespace {

FrameWriter message(uint64_t kind, uint64_t from, uint64_t to, uint64_t term) {
  FrameWriter frame;
  frame.number(kType, kind).number(kTo, to).number(kFrom, from).number(kTerm, term);
  return frame;
}

std::string entry(uint64_t kind, uint64_t term, uint64_t index, const std::string& data) {
  return FrameWriter().number(1, kind).number(2, term).number(3, index).bytes(4, data).body();
}

// T12: a stale rejection moves next_index below matched. Guard: it is dropped.
TEST(Traps, t12_a_stale_rejection_moves_no_index_back) {
  Lab lab(voters(3));
  begin(lab);
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(lab[1].propose("entry"), RHUMB_OK);
    lab.settle();
  }
  const uint64_t matched = lab[2].last;
  // When the leader probes, a rejection that names its next index is valid.
  rhumb_event_t event = sim::make_event(RHUMB_EV_UNREACHABLE);
  event.peer = 2;
  ASSERT_EQ(lab[1].step(event), RHUMB_OK);
  const std::string late = message(sim::kAppendResponse, 2, 1, lab[1].term)
                               .number(kIndex, matched)
                               .number(kReject, 1)
                               .number(kRejectHint, 1)
                               .frame();
  ASSERT_EQ(lab[1].receive(2, late), RHUMB_OK);
  ASSERT_EQ(lab[1].propose("one more"), RHUMB_OK);
  const auto appends =
      lab.take([](const Packet& p) { return p.to == 2 && p.kind() == sim::kAppend; });
  ASSERT_FALSE(appends.empty());
  for (const Packet& packet : appends)
    EXPECT_GE(sim::glance(packet.frame).index, matched) << "what 2 acknowledged is not sent again";
}

// T13: unknown enum values on the wire make raft panic, and it does not check sender and order.
// Guard: messages are checked before raft gets them.
TEST(Traps, t13_what_raft_would_panic_on_is_refused) {
  Lab lab(voters(3));
  begin(lab);
  const uint64_t term = lab[1].term, last = lab[2].last;
  const auto append = [&](const std::string& bytes) {
    return message(sim::kAppend, 1, 2, term)
        .number(kLogTerm, term)
        .number(kIndex, last)
        .bytes(kEntries, bytes)
        .frame();
  };
  const std::pair<const char*, std::string> frames[] = {
      {"nothing", ""},
      {"another version", "\7" + message(sim::kHeartbeat, 1, 2, term).body()},
      {"no protobuf", std::string("\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12)},
      {"cut off", append(entry(0, term, last + 1, "data")).substr(0, 20)},
      {"unknown kind of message", message(99, 1, 2, term).frame()},
      {"kind beyond an int", message(~0ull, 1, 2, term).frame()},
      {"from somebody else", message(sim::kHeartbeat, 3, 2, term).frame()},
      {"to somebody else", message(sim::kHeartbeat, 1, 3, term).frame()},
      {"from itself", message(sim::kHeartbeat, 2, 2, term).frame()},
      {"without a term", message(sim::kHeartbeat, 1, 2, 0).frame()},
      {"unknown kind of entry", append(entry(9, term, last + 1, "data"))},
      {"old kind of membership entry", append(entry(1, term, last + 1, ""))},
      {"membership entry of unknown values",
       append(entry(2, term, last + 1, FrameWriter().number(1, 77).body()))},
      {"a gap", append(entry(0, term, last + 5, "data"))},
      {"out of order", append(entry(0, term, last, "data"))},
      {"entry of a later term", append(entry(0, term + 1, last + 1, "data"))},
      {"append at the end of numbers", message(sim::kAppend, 1, 2, term)
                                           .number(kIndex, ~0ull)
                                           .bytes(kEntries, entry(0, term, 0, "x"))
                                           .frame()},
      {"snapshot without a snapshot", message(sim::kSnapshot, 1, 2, term).frame()},
      {"snapshot without voters",
       message(sim::kSnapshot, 1, 2, term)
           .bytes(9, FrameWriter().bytes(2, FrameWriter().number(2, 50).number(3, 1).body()).body())
           .frame()},
  };
  for (const auto& [what, frame] : frames) {
    const rhumb_status_t status = lab[2].receive(1, frame);
    EXPECT_TRUE(status == RHUMB_INVALID || status == RHUMB_UNSUPPORTED)
        << what << ": " << status << " " << lab[2].refusal;
    EXPECT_FALSE(lab[2].refusal.empty()) << what;
  }
  EXPECT_EQ(
      lab[1].receive(2, message(sim::kAppendResponse, 2, 1, term).number(kIndex, 1000).frame()),
      RHUMB_INVALID)
      << "acknowledges what there is not";
  EXPECT_EQ(lab[2].last, last);
  ASSERT_EQ(lab[1].propose("still alive"), RHUMB_OK);
  lab.settle();
  EXPECT_EQ(lab[2].last, last + 1);
}

// T14: followers forward proposals and transfers. Guard: these are refused, and the host redirects.
TEST(Traps, t14_no_proposal_is_forwarded) {
  Lab lab(voters(3));
  begin(lab);
  EXPECT_EQ(lab[2].propose("x"), RHUMB_NOT_LEADER);
  EXPECT_EQ(lab[2].change({{4, RHUMB_ADD_LEARNER, 0}}), RHUMB_NOT_LEADER);
  EXPECT_EQ(lab[2].transfer(2), RHUMB_NOT_LEADER);
  EXPECT_EQ(lab[2].read(1), RHUMB_NOT_LEADER);
  EXPECT_EQ(lab[2].leader, 1u) << "whom to redirect to";
  const uint64_t last = lab[1].last;
  // Kinds that are local to a replica, or forwarded.
  for (const uint64_t kind : {0, 1, 2, 10, 11, 12, 13, 15, 16}) {
    const std::string frame =
        message(kind, 2, 1, lab[1].term).bytes(kEntries, entry(0, 0, 0, "x")).frame();
    EXPECT_EQ(lab[1].receive(2, frame), RHUMB_INVALID) << "kind " << kind;
  }
  EXPECT_TRUE(lab.network.empty());
  EXPECT_EQ(lab[1].last, last);
  EXPECT_TRUE(lab[1].leads());
}

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// T15: ready records pile up in an idle group. Guard: they are acknowledged at once.
TEST(Traps, t15_an_idle_group_does_not_grow) {
  constexpr int kRounds = 300'000;
  constexpr uint64_t kGrowthMax = 4u << 20;  // one record per round would be 12 MB and more
  Lab lab(voters(3));
  begin(lab);
  const std::string beat =
      message(sim::kHeartbeat, 1, 2, lab[1].term).number(kCommit, lab[2].last).frame();
  const auto idle = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      ASSERT_EQ(lab[2].receive(1, beat), RHUMB_OK);
      lab.network.clear();
    }
  };
  idle(1000);
  const uint64_t before = resident_bytes();
  idle(kRounds);
#if defined(RHUMB_SANITIZED)
  // A sanitizer keeps freed memory, so its process size says nothing about ours.
  (void)before, (void)kGrowthMax;
#else
  EXPECT_LT(resident_bytes(), before + kGrowthMax);
#endif
}

// T16: by default max_size_per_msg is 0, check_quorum and pre_vote are off, and time-outs come from
// thread_rng. Guard: all are set, and time-outs come from the seed in `open`.
TEST(Traps, t16_entries_travel_together_in_one_message) {
  Lab lab(voters(3));
  begin(lab);
  lab[2].crash();
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(lab[1].propose("entry"), RHUMB_OK);
    lab.settle([](const Packet& p) { return p.to == 2; });
  }
  lab[2].start();
  size_t appends = 0, entries = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(lab[1].tick(), RHUMB_OK);
    lab.settle([&](const Packet& p) {
      appends += p.to == 2 && count_field(p.frame, kEntries) > 0 ? 1 : 0;
      entries += p.to == 2 ? count_field(p.frame, kEntries) : 0;
      return false;
    });
  }
  EXPECT_GE(entries, 50u);
  EXPECT_LE(appends, 3u);
}

TEST(Traps, t16_a_leader_without_a_quorum_steps_down) {
  Lab lab(voters(3));
  begin(lab);
  ASSERT_EQ(lab[1].tick(2 * kElectionTicks + 1), RHUMB_OK);
  EXPECT_FALSE(lab[1].leads());
}

TEST(Traps, t16_a_cut_off_replica_does_not_raise_its_term) {
  Lab lab(voters(3));
  begin(lab);
  const uint64_t term = lab[3].term;
  ASSERT_EQ(lab[3].tick(20 * kElectionTicks), RHUMB_OK);
  EXPECT_EQ(lab[3].term, term);
  EXPECT_FALSE(lab.take([](const Packet& p) { return p.kind() == sim::kRequestPreVote; }).empty());
  EXPECT_TRUE(lab.take([](const Packet& p) { return p.kind() == sim::kRequestVote; }).empty());
}

// Returns how many ticks pass until each replica asks for votes, which is the history of one run.
std::vector<int> time_outs(uint64_t shift) {
  std::vector<int> history;
  for (uint64_t id = 1; id <= 8; ++id) {
    Lab lab(voters(8));
    Replica& replica = lab[(id + shift) % 8 + 1];
    replica.start();
    int ticks = 0;
    while (lab.network.empty() && ticks < 5 * kElectionTicks) {
      EXPECT_EQ(replica.tick(), RHUMB_OK);
      ++ticks;
    }
    history.push_back(ticks);
  }
  return history;
}

TEST(Traps, t16_time_outs_come_from_the_seed) {
  const auto once = time_outs(0);
  EXPECT_EQ(once, time_outs(0)) << "a run replays";
  EXPECT_NE(once, time_outs(3)) << "other seeds, other times";
  for (const int ticks : once) {
    EXPECT_GE(ticks, kElectionTicks);
    EXPECT_LE(ticks, 2 * kElectionTicks);
  }
}

// T17: an asynchronous fetch does not show which peer it is for. Guard: the request's peer is kept,
// and the answer goes to the peers that wait for it.
TEST(Traps, t17_a_fetch_names_its_peer_and_feeds_it) {
  Lab lab(voters(5));
  lab.config.cache_bytes = 64;  // almost nothing stays in memory
  begin(lab, 5);
  const auto propose = [&](int n, const std::function<bool(const Packet&)>& lost) {
    for (int i = 0; i < n; ++i) {
      ASSERT_EQ(lab[1].propose(std::string(100, 'x')), RHUMB_OK);
      lab.settle(lost);
    }
  };
  propose(10, [](const Packet& p) { return p.to == 5; });
  propose(10, [](const Packet& p) { return p.to == 4 || p.to == 5; });
  ASSERT_EQ(lab[1].commit, lab[1].last);
  std::set<uint64_t> peers;
  for (int i = 0; i < 100 && lab[5].last < lab[1].last; ++i) {
    ASSERT_EQ(lab[1].tick(), RHUMB_OK);
    lab.settle();
    for (const rhumb_fetch_t& wanted : std::exchange(lab[1].fetches, {})) {
      ASSERT_TRUE(wanted.peer == 4 || wanted.peer == 5) << wanted.peer;
      EXPECT_GT(wanted.low, lab[wanted.peer].last) << "of peer " << wanted.peer;
      ASSERT_EQ(lab[1].fetched(wanted), RHUMB_OK);
      const auto fed = [&](const Packet& p) {
        return p.to == wanted.peer && count_field(p.frame, kEntries) > 0;
      };
      if (std::any_of(lab.network.begin(), lab.network.end(), fed)) peers.insert(wanted.peer);
      lab.settle();
    }
  }
  EXPECT_EQ(peers, (std::set<uint64_t>{4, 5}));
  EXPECT_EQ(lab[4].last, lab[1].last);
  EXPECT_EQ(lab[5].last, lab[1].last);
}

}  // namespace
}  // namespace rhumb::consensus_raft
