#include "host/app/data_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace rhumb::app {
namespace {

TEST(DataLock, a_second_server_learns_which_process_has_the_directory) {
  const std::string directory = testing::TempDir() + "/data_lock_test_" + std::to_string(getpid());
  {
    DataLock first;
    ASSERT_TRUE(first.acquire(directory).ok());
    DataLock second;
    const base::Status status = second.acquire(directory);
    EXPECT_EQ(status.code(), base::Code::kUnavailable);
    EXPECT_NE(status.message().find(directory), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("process " + std::to_string(getpid())), std::string::npos)
        << status.message();
  }
  DataLock third;  // the lock ended with its holder
  const base::Status status = third.acquire(directory);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(DataLock, the_error_says_why_a_directory_cannot_be_used) {
  DataLock lock;
  const base::Status status = lock.acquire("/proc/no/such/place");
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("/proc"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace rhumb::app
