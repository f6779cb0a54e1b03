#include "host/base/direct_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace rhumb::base {
namespace {

// On a disk and in memory, which has no direct reads.
class DirectFileTest : public ::testing::TestWithParam<const char*> {
 protected:
  DirectFileTest()
      : path_(std::string(GetParam()) + "/rhumb_direct_file_" + std::to_string(::getpid())) {}
  ~DirectFileTest() override { std::filesystem::remove(path_); }
  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  const std::string path_;
};

TEST_P(DirectFileTest, pieces_and_the_end_of_the_file) {
  std::string bytes(20'000, 0);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
  write(bytes);
  auto file = DirectFile::open(path_, 8192);
  ASSERT_TRUE(file.ok()) << file.status().to_string();
  EXPECT_EQ(file->inode().links, 1u);
  EXPECT_EQ(*file->read(0, 8192), bytes.substr(0, 8192));
  EXPECT_EQ(*file->read(8192, 100), bytes.substr(8192, 100));
  EXPECT_EQ(*file->read(16384, 8192), bytes.substr(16384));
  EXPECT_EQ(*file->read(24576, 8192), "");
}

TEST_P(DirectFileTest, what_was_written_last_is_read) {
  write(std::string(5000, 'a'));
  auto file = DirectFile::open(path_, 4096);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*file->read(4096, 904), std::string(904, 'a'));
  write(std::string(5000, 'b'));
  EXPECT_EQ(*file->read(4096, 904), std::string(904, 'b'));
}

TEST_P(DirectFileTest, a_file_that_is_not_there) {
  EXPECT_EQ(DirectFile::open(path_, 4096).status().code(), Code::kNotFound);
}

// Whoever checks files for damage must not take it for damage.
TEST_P(DirectFileTest, a_process_without_room_for_another_file_is_busy) {
  write("x");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto file = DirectFile::open(path_, 4096);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(file.status().code(), Code::kBusy) << file.status().to_string();
  EXPECT_NE(file.status().message().find(path_), std::string::npos);
  EXPECT_TRUE(DirectFile::open(path_, 4096).ok());
}

INSTANTIATE_TEST_SUITE_P(Places, DirectFileTest, ::testing::Values("/var/tmp", "/dev/shm"),
                         [](const auto& place) {
                           return std::string(place.index == 0 ? "disk" : "memory");
                         });

}  // namespace
}  // namespace rhumb::base
