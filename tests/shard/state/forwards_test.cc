#include "host/shard/state/forwards.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace rhumb::shard {
namespace {

class ForwardsTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  // Overwrites the number of the format.
  void set_format(char number) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4);
    file.put(number);
  }
  const std::string path_ = testing::TempDir() + "/forwards_test_" + std::to_string(getpid());
};

TEST_F(ForwardsTest, slots_are_read_as_they_were_written) {
  const std::vector<uint32_t> slots = {3, Forward::kNowhere, 0};
  ASSERT_TRUE(write_slots(path_, slots).ok());
  const auto read = read_slots(path_);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, slots);
}

TEST_F(ForwardsTest, a_file_of_a_newer_format_is_refused_in_words_that_name_both) {
  ASSERT_TRUE(write_slots(path_, {1, 2}).ok());
  set_format(2);
  const base::Status refused = read_slots(path_).status();
  EXPECT_EQ(refused.code(), base::Code::kUnsupported);
  EXPECT_NE(refused.message().find(path_ + ": format 2, this release reads 1"), std::string::npos)
      << refused.message();
}

TEST_F(ForwardsTest, fields_that_a_newer_release_added_to_a_row_are_skipped) {
  std::string row = encode_forward(7);
  row[0] = 2;   // version
  row[2] += 4;  // length
  row += "more";
  const auto to = decode_forward(row);
  ASSERT_TRUE(to.ok()) << to.status().message();
  EXPECT_EQ(*to, 7u);
  EXPECT_FALSE(decode_forward(row.substr(0, row.size() - 1)).ok());
}

}  // namespace
}  // namespace rhumb::shard
