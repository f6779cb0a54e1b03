#include <gtest/gtest.h>

#include "host/consensus/recovered.h"
#include "rhumb/consensus.h"

namespace rhumb::consensus {
namespace {

HardState example() {
  return {7, 3, 41, {40, true, true, {{3, RHUMB_VOTER}, {9, RHUMB_LEARNER | RHUMB_LEARNER_NEXT}}}};
}

TEST(Records, hard_state_and_manifest_are_read_back_and_other_bytes_are_refused) {
  const std::string bytes = encode(example());
  const auto back = decode_hard_state(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(encode(*back), bytes);
  EXPECT_EQ(back->commit, 41u);
  EXPECT_TRUE(back->membership.joint && back->membership.auto_leave);
  EXPECT_EQ(back->membership.members[1].id, 9u);
  for (size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode_hard_state(bytes.substr(0, cut)).ok()) << cut;
  EXPECT_FALSE(decode_hard_state(bytes + "x").ok());
  std::string newer = bytes;
  newer[0] = 2;
  EXPECT_EQ(decode_hard_state(newer).status().code(), base::Code::kUnsupported);

  const std::string manifest = encode(InstallManifest{true, example().membership});
  const auto manifest_back = decode_install_manifest(manifest);
  ASSERT_TRUE(manifest_back.ok());
  EXPECT_TRUE(manifest_back->bootstrap);
  EXPECT_EQ(encode(*manifest_back), manifest);
  EXPECT_FALSE(decode_install_manifest(manifest.substr(1)).ok());
}

// A log with base 10 and entries 11 to 20, of which 15 and 18 change the members.
RecoveredGroup log_with_changes(uint64_t members_as_of) {
  RecoveredGroup group;
  group.base_index = 10;
  group.base_term = 1;
  group.hard = {2, 1, 17, {members_as_of, false, false, {{1, RHUMB_VOTER}}}};
  for (uint64_t i = 11; i <= 20; ++i)
    group.entries.push_back({2, 5, i == 15 || i == 18 ? EntryType::kMembers : EntryType::kData});
  group.membership_changes = {{15, "a"}, {18, "b"}};
  return group;
}

TEST(FindStart, the_engine_starts_at_an_index_whose_members_are_known) {
  // The members as of 10 hold up to 14. An applied index beyond that does not help the engine.
  auto start = find_start(log_with_changes(10), 19);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->engine_applied, 14u);
  EXPECT_EQ(start->machine_applied, 19u);
  EXPECT_EQ(start->commit, 19u) << "applied entries are committed";
  // The members as of 15 hold up to 17, also for a state machine that lost some entries.
  start = find_start(log_with_changes(15), 12);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->engine_applied, 15u);
  EXPECT_EQ(start->machine_applied, 12u);
  EXPECT_EQ(start->commit, 17u);
  start = find_start(log_with_changes(18), 20);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->engine_applied, 20u);
}

TEST(FindStart, a_state_machine_with_a_gap_to_its_log_is_corrupt) {
  EXPECT_EQ(find_start(log_with_changes(10), 9).status().code(), base::Code::kCorrupt);
  EXPECT_EQ(find_start(log_with_changes(10), 21).status().code(), base::Code::kCorrupt);
  EXPECT_EQ(find_start(log_with_changes(21), 15).status().code(), base::Code::kCorrupt);
  EXPECT_EQ(find_start(log_with_changes(10), 0).status().code(), base::Code::kCorrupt);
  RecoveredGroup fresh = log_with_changes(10);
  fresh.bootstrapped = true;
  EXPECT_TRUE(find_start(fresh, 0).ok());
}

}  // namespace
}  // namespace rhumb::consensus
