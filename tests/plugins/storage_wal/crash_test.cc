// Kills, failed writes and full disks.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "log_fixture.h"

namespace rhumb::wal_test {
namespace {

constexpr const char* kSmall = R"({"segment_bytes":65536,"keep_segments":2})";

// The child appends to three groups and releases now and then. It reports through the pipe what was
// acknowledged.
[[noreturn]] void append_until_killed(const std::string& dir, int acknowledged_fd) {
  LogUnderTest log;
  if (log.start(dir, kSmall) != RHUMB_OK) ::_exit(3);
  uint64_t next[3];
  for (uint64_t g = 0; g < 3; ++g) {
    const GroupState& state = log.recovered[g + 1];
    next[g] = state.base.index + state.entries.size() + 1;
  }
  for (;;) {
    uint64_t told[3];
    for (uint64_t g = 0; g < 3; ++g) {
      if (log.append({{g + 1, next[g], 1,
                       std::to_string(g + 1) + "/" + std::to_string(next[g]) +
                           std::string(400, '.')}}) != RHUMB_OK)
        ::_exit(4);
      if (next[g] % 64 == 0 && log.release(g + 1, next[g] - 10) != RHUMB_OK) ::_exit(5);
      told[g] = next[g]++;
    }
    if (::write(acknowledged_fd, told, sizeof(told)) != static_cast<ssize_t>(sizeof(told)))
      ::_exit(6);
  }
}

TEST_F(LogTest, nothing_acknowledged_is_lost_to_a_kill) {
  constexpr uint64_t kSeed = 4711;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  uint64_t acknowledged[3] = {0, 0, 0};
  for (int round = 0; round < 25; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(::pipe(pipe_fds), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe_fds[0]);
      append_until_killed(dir_, pipe_fds[1]);
    }
    ::close(pipe_fds[1]);
    const uint64_t rounds_before_kill = 1 + random() % 60;
    uint64_t told[3];
    for (uint64_t n = 0; n < rounds_before_kill; ++n) {
      ASSERT_EQ(::read(pipe_fds[0], told, sizeof(told)), static_cast<ssize_t>(sizeof(told)));
      std::copy(told, told + 3, acknowledged);
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    while (::read(pipe_fds[0], told, sizeof(told)) == static_cast<ssize_t>(sizeof(told)))
      std::copy(told, told + 3, acknowledged);
    ::close(pipe_fds[0]);

    LogUnderTest log;
    ASSERT_EQ(log.start(dir_, kSmall), RHUMB_OK) << log.error.text;
    for (uint64_t g = 1; g <= 3; ++g) {
      const GroupState& state = log.recovered[g];
      ASSERT_GE(state.base.index + state.entries.size(), acknowledged[g - 1]) << "round " << round;
      for (const Entry& e : state.entries)
        ASSERT_TRUE(e.data.starts_with(std::to_string(g) + "/" + std::to_string(e.index) + "."));
    }
  }
}

// Replaces a segment's descriptor by one that cannot be written, which has the effect of a broken
// disk.
TEST_F(LogTest, a_failed_write_poisons_the_log_for_ever) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, kSmall), RHUMB_OK);
  ASSERT_EQ(log.append({{1, 1, 1, "good"}}), RHUMB_OK);
  const int read_only = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::string active = std::filesystem::canonical(segment_files(dir_).front()).string();
  int swapped = -1;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (std::filesystem::read_symlink(fd.path(), error).string() == active)
      swapped = std::stoi(fd.path().filename().string());
  }
  ASSERT_GE(swapped, 0);
  ASSERT_EQ(::dup3(read_only, swapped, O_CLOEXEC), swapped);
  ::close(read_only);
  EXPECT_EQ(log.text("failure"), "");
  EXPECT_EQ(log.append({{1, 2, 1, "lost"}}), RHUMB_IO);
  EXPECT_NE(log.text("failure").find(".wal"), std::string::npos) << log.text("failure");
  Completions completions;
  EXPECT_EQ(log.append_async({{1, 3, 1, "refused"}}, completions), RHUMB_IO);
  EXPECT_NE(std::string(log.error.text).find(".wal"), std::string::npos) << log.error.text;
  std::vector<Entry> got;
  EXPECT_EQ(log.read(1, 1, 1, got), RHUMB_IO);
  EXPECT_EQ(log.release(1, 1), RHUMB_IO);
  log.close();
  ASSERT_EQ(log.start(dir_, kSmall), RHUMB_OK) << log.error.text;
  EXPECT_EQ(log.recovered[1].entries.size(), 1u);
}

TEST_F(LogTest, a_full_disk_refuses_appends_until_space_is_freed) {
  if (::mount("none", dir_.c_str(), "tmpfs", 0, "size=512k") != 0)
    GTEST_SKIP() << "SKIPPED: mounting a small tmpfs needs root";
  struct Unmount {
    std::string dir;
    ~Unmount() { ::umount2(dir.c_str(), MNT_DETACH); }
  } const unmount{dir_};
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_ + "/log", kSmall), RHUMB_OK) << log.error.text;
  uint64_t index = 0;
  rhumb_status_t rc = RHUMB_OK;
  while (rc == RHUMB_OK && index < 10'000) {
    rc = log.append({{1, index + 1, 1, std::string(1000, 'x')}});
    if (rc == RHUMB_OK) ++index;
  }
  ASSERT_EQ(rc, RHUMB_NO_SPACE);
  std::vector<Entry> got;
  EXPECT_EQ(log.read(1, 1, index, got), RHUMB_OK);
  EXPECT_EQ(got.size(), index);
  // A restart works while the disk is full.
  log.close();
  ASSERT_EQ(log.start(dir_ + "/log", kSmall), RHUMB_OK) << log.error.text;
  ASSERT_EQ(log.recovered[1].entries.size(), index);
  // A release needs no new segment, and gives room without a restart.
  ASSERT_EQ(log.release(1, index), RHUMB_OK) << log.error.text;
  do rc = log.append({{1, index + 1, 1, std::string(1000, 'y')}});
  while (rc == RHUMB_NO_SPACE);
  EXPECT_EQ(rc, RHUMB_OK);
}

// A cached batch, for example, must not keep the file of a freed segment open, because its space
// would stay in use.
TEST_F(LogTest, freed_segments_give_their_space_back) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, R"({"segment_bytes":65536,"cache_bytes":16777216})"), RHUMB_OK);
  for (uint64_t i = 1; i <= 300; ++i)
    ASSERT_EQ(log.append({{1, i, 1, std::string(1000, 'x')}}), RHUMB_OK);
  ASSERT_EQ(log.release(1, 300), RHUMB_OK);
  ASSERT_EQ(log.append({{1, 301, 1, "behind"}}), RHUMB_OK);
  while (log.stat("segments") > 1) std::this_thread::yield();
  const auto removed_but_open = [&] {
    int count = 0;
    for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      const std::string target = std::filesystem::read_symlink(fd.path(), error).string();
      if (target.find(dir_) != std::string::npos && target.find("(deleted)") != std::string::npos)
        ++count;
    }
    return count;
  };
  // The janitor closes each file after removing it.
  while (removed_but_open() > 0) std::this_thread::yield();
}

TEST_F(LogTest, readers_run_while_the_log_is_written_released_and_moved) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, R"({"segment_bytes":65536,"keep_segments":1,"cache_bytes":30000})"),
            RHUMB_OK);
  ASSERT_EQ(log.append({{9, 1, 1, "idle"}}), RHUMB_OK);
  std::atomic<uint64_t> durable{0}, released{0};
  std::atomic<bool> stop{false};
  const auto data_of = [](uint64_t i) { return std::to_string(i) + std::string(i % 700, 'd'); };
  std::vector<std::thread> readers;
  std::atomic<uint64_t> seen{0};
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      std::vector<Entry> got;
      while (!stop) {
        const uint64_t high = durable, low = released + 1;
        if (high < low) continue;
        const rhumb_status_t rc = log.read(1, low, high, got, 20'000);
        if (rc == RHUMB_NOT_FOUND) continue;  // released meanwhile
        ASSERT_EQ(rc, RHUMB_OK);
        for (const Entry& e : got) ASSERT_EQ(e.data, data_of(e.index));
        seen += got.size();
        ASSERT_EQ(log.read(9, 1, 1, got), RHUMB_OK);
        ASSERT_EQ(got.front().data, "idle");
      }
    });
  }
  std::thread releaser([&] {
    while (!stop) {
      const uint64_t to = durable;
      if (to < released + 50) continue;
      released = to - 20;
      ASSERT_EQ(log.release(1, to - 20), RHUMB_OK);
    }
  });
  for (uint64_t i = 1; i <= 2000; ++i) {
    ASSERT_EQ(log.append({{1, i, 1, data_of(i)}}), RHUMB_OK);
    durable = i;
  }
  stop = true;
  for (std::thread& t : readers) t.join();
  releaser.join();
  EXPECT_GT(seen, 0u);
  EXPECT_GT(log.stat("freed_segments"), 0u);
}

}  // namespace
}  // namespace rhumb::wal_test
