#include "host/base/memory_measure.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace rhumb::base {
namespace {

constexpr uint64_t kMachine = 8000ull * 1024;

// A root directory with the files that the system would have.
class MemoryMeasureTest : public ::testing::Test {
 protected:
  MemoryMeasureTest() {
    std::string pattern = testing::TempDir() + "/memory_XXXXXX";
    root = ::mkdtemp(pattern.data());
    put("/proc/meminfo", "MemTotal:        8000 kB\nMemFree:         100 kB\n");
  }
  ~MemoryMeasureTest() override { std::filesystem::remove_all(root); }
  void put(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
  std::string root;
};

TEST_F(MemoryMeasureTest, without_control_groups_the_limit_is_the_machines_memory) {
  EXPECT_EQ(memory_there(root), kMachine);
  put("/proc/self/cgroup", "0::/\n");
  EXPECT_EQ(memory_there(root), kMachine);
}

TEST_F(MemoryMeasureTest, with_version_2_the_limit_is_the_lowest_of_all_ancestors) {
  put("/proc/self/cgroup", "0::/system.slice/rhumb.service\n");
  put("/sys/fs/cgroup/system.slice/rhumb.service/memory.max", "max\n");
  EXPECT_EQ(memory_there(root), kMachine);
  put("/sys/fs/cgroup/system.slice/memory.max", "3000000\n");
  EXPECT_EQ(memory_there(root), 3'000'000u);
  put("/sys/fs/cgroup/system.slice/rhumb.service/memory.max", "5000000\n");
  EXPECT_EQ(memory_there(root), 3'000'000u);
  put("/sys/fs/cgroup/system.slice/rhumb.service/memory.max", "2000000\n");
  EXPECT_EQ(memory_there(root), 2'000'000u);
}

TEST_F(MemoryMeasureTest, a_group_outside_of_the_namespace_counts_as_the_root) {
  put("/proc/self/cgroup", "0::/../../other\n");
  put("/sys/fs/cgroup/memory.max", "1500000\n");
  put("/sys/other/memory.max", "1\n");
  EXPECT_EQ(memory_there(root), 1'500'000u);
}

TEST_F(MemoryMeasureTest, with_version_1_the_limit_is_the_memory_controllers) {
  put("/proc/self/cgroup",
      "12:cpu,cpuacct:/a\n4:hugetlb,memory:/docker/abc\n1:name=systemd:/a\n0::/\n");
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory_there(root), kMachine) << "that much is no limit";
  put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "4000000\n");
  EXPECT_EQ(memory_there(root), 4'000'000u);
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n");
  EXPECT_EQ(memory_there(root), 1'000'000u) << "a container sees its own group as the root";
}

TEST_F(MemoryMeasureTest, invalid_files_give_no_limit) {
  put("/proc/self/cgroup", "\n:\n0\n4:memory\n0::/a\n");
  put("/sys/fs/cgroup/a/memory.max", "much\n");
  EXPECT_EQ(memory_there(root), kMachine);
  put("/proc/meminfo", "nonsense\n");
  EXPECT_EQ(memory_there(root), 0u);
}

TEST_F(MemoryMeasureTest, anonymous_memory_is_resident_memory_without_a_file) {
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  put("/proc/self/statm", "5000 700 200 10 0 300 0\n");
  EXPECT_EQ(anonymous_memory(root), 500 * page);
  put("/proc/self/statm", "5000 100 200 10 0 300 0\n");
  EXPECT_EQ(anonymous_memory(root), 0u);
  put("/proc/self/statm", "\n");
  EXPECT_EQ(anonymous_memory(root), 0u);
}

TEST(AnonymousMemoryTest, anonymous_memory_follows_what_the_process_touches_and_frees) {
  constexpr size_t kBytes = 64u << 20, kNoise = 16u << 20;
  void* const pages =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  const uint64_t before = anonymous_memory();
  std::memset(pages, 1, kBytes);
  const uint64_t touched = anonymous_memory();
  ::munmap(pages, kBytes);
  EXPECT_GE(touched, before + kBytes - kNoise);
  EXPECT_LE(anonymous_memory(), touched - kBytes + kNoise);
  EXPECT_GT(memory_there(), touched);
}

}  // namespace
}  // namespace rhumb::base
