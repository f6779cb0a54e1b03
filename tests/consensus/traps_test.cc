// T1 is the one trap of raft that the host has to guard. The traps that the engine guards are in
// tests/plugins/consensus_raft.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "host/consensus/recovered.h"
#include "tests/consensus/fixture.h"

namespace rhumb::consensus {
namespace {

constexpr uint64_t kTrappedGroup = 1024;
constexpr int kEntries = 20;

// Returns the bytes of the log's segments, in the order of the files.
std::string log_bytes(const std::string& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string bytes;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    bytes.append(std::istreambuf_iterator<char>(in), {});
  }
  return bytes;
}

// T1: every numbered write stores commit_index, before its entries. A replica that restarts must
// know which membership changes are decided before it campaigns.
TEST_F(ConsensusTest, t01_every_write_stores_the_commit_index_before_its_entries) {
  Machine machine(apply_);
  std::vector<uint64_t> indexes;
  {
    Node node(dir_);
    ASSERT_TRUE(node.create(kTrappedGroup, machine).ok());
    for (int i = 0; i < kEntries; ++i) {
      const auto index = node.propose(kTrappedGroup, "entry number " + std::to_string(i) + ".");
      ASSERT_TRUE(index.ok()) << index.status().to_string();
      indexes.push_back(*index);
      machine.wait_applied(*index);
    }
  }
  const std::string bytes = log_bytes(dir_ + "/log");
  HardState hard;  // hard state of a sole voter that has led once
  hard.term = 2;
  hard.voted_for = 1;
  hard.membership = {1, false, false, {{1, RHUMB_VOTER}}};
  size_t before = bytes.find("entry number 0.");
  ASSERT_NE(before, std::string::npos);
  for (size_t i = 1; i < indexes.size(); ++i) {
    const size_t entry = bytes.find("entry number " + std::to_string(i) + ".");
    ASSERT_NE(entry, std::string::npos);
    ASSERT_LT(before, entry);
    hard.commit = indexes[i - 1];
    const size_t stored = bytes.find(encode(hard), before);
    EXPECT_LT(stored, entry) << "commit " << hard.commit << " is not stored before entry "
                             << indexes[i];
    before = entry;
  }
}

}  // namespace
}  // namespace rhumb::consensus
