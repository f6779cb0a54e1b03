// Kills, a log that fails, and a full disk.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "tests/consensus/fixture.h"

namespace rhumb::consensus {
namespace {

// The child process of nothing_committed_is_lost_to_a_kill. (It starts anew, because a fork of a
// process with threads cannot start new threads everywhere.) It proposes without end, and reports
// on descriptor 3 how far commands were committed.
int propose_until_killed(const char* dir, uint64_t from) {
  base::Executor apply("apply", 2, 100000);
  Machine machine(apply);
  Node node(dir);
  const bool fresh = node.host().recovered_groups().empty();
  if (!(fresh ? node.create(5, machine) : node.open(5, machine)).ok()) return 2;
  for (uint64_t i = from;; ++i) {
    if (!node.propose(5, std::to_string(i)).ok()) return 3;
    if (::write(3, &i, sizeof(i)) != static_cast<ssize_t>(sizeof(i))) return 4;
  }
}

[[noreturn]] void run_child(const std::string& dir, uint64_t from, int acknowledged_fd) {
  ::dup2(acknowledged_fd, 3);
  ::setenv("RHUMB_TEST_DIR", dir.c_str(), 1);
  ::setenv("RHUMB_TEST_FROM", std::to_string(from).c_str(), 1);
  ::execl("/proc/self/exe", "test_consensus", nullptr);
  ::_exit(127);
}

TEST_F(ConsensusTest, nothing_committed_is_lost_to_a_kill) {
  constexpr uint64_t kSeed = 20;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  uint64_t acknowledged = 0;
  for (int round = 0; round < 12; ++round) {
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    const uint64_t from = acknowledged + 1;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(fds[0]);
      run_child(dir_, from, fds[1]);
    }
    ::close(fds[1]);
    uint64_t told = 0;
    for (uint64_t n = 1 + random() % 200; n > 0; --n) {
      ASSERT_EQ(::read(fds[0], &told, sizeof(told)), static_cast<ssize_t>(sizeof(told)));
      acknowledged = told;
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    while (::read(fds[0], &told, sizeof(told)) == static_cast<ssize_t>(sizeof(told)))
      acknowledged = told;
    ::close(fds[0]);
  }
  Machine machine(apply_);
  Node node(dir_);
  ASSERT_TRUE(node.open(5, machine).ok());
  // Each child continued after what its predecessor had acknowledged. Commands that were committed
  // without an acknowledgement may be there twice.
  const std::vector<std::string> data = machine.data();
  uint64_t next = 1;
  for (const std::string& command : data) {
    const uint64_t number = std::stoull(command);
    ASSERT_LE(number, next);
    if (number == next) ++next;
  }
  EXPECT_GT(next, acknowledged);
}

// Replaces the descriptor of the active segment by one that cannot be written.
void break_log(const std::string& dir) {
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(fd.path(), error).string();
    if (target.starts_with(std::filesystem::canonical(dir).string()) && target.ends_with(".wal")) {
      const int read_only = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      const int broken = std::stoi(fd.path().filename().string());
      ASSERT_EQ(::dup3(read_only, broken, O_CLOEXEC), broken);
      ::close(read_only);
    }
  }
}

TEST_F(ConsensusTest, a_failed_log_fences_every_group) {
  Machine one(apply_), two(apply_);
  Node node(dir_);
  ASSERT_TRUE(node.create(5, one).ok());
  ASSERT_TRUE(node.create(6, two).ok());
  ASSERT_TRUE(node.propose(5, "fine").ok());
  break_log(dir_);
  EXPECT_EQ(node.propose(5, "lost").status().code(), base::Code::kIo);
  std::string reason;
  EXPECT_FALSE(node.host().healthy(&reason));
  EXPECT_NE(reason.find(".wal"), std::string::npos) << reason;
  EXPECT_EQ(node.propose(6, "refused").status().code(), base::Code::kIo);
  EXPECT_EQ(node.read_index(6).status().code(), base::Code::kIo);
  EXPECT_FALSE(node.host().status(6)->is_leader);
  EXPECT_FALSE(two.leader());
}

TEST_F(ConsensusTest, a_full_disk_is_reported_and_a_release_ends_it) {
  if (::mount("none", dir_.c_str(), "tmpfs", 0, "size=600k") != 0)
    GTEST_SKIP() << "SKIPPED: mounting a small tmpfs needs root";
  struct Unmount {
    std::string dir;
    ~Unmount() { ::umount2(dir.c_str(), MNT_DETACH); }
  } const unmount{dir_};
  Machine machine(apply_);
  Node node(dir_, R"({"segment_bytes":65536})");
  ASSERT_TRUE(node.create(5, machine).ok());
  // The write that finds no room waits, and the proposals after it are refused. So the proposals
  // are sent without waiting for the previous one.
  std::atomic<uint64_t> committed{0}, refused{0}, sent{0};
  while (refused == 0) {
    ++sent;
    node.host().propose(5, std::string(1000, 'x'), [&](const base::Result<uint64_t>& index) {
      if (index.ok())
        committed = *index;
      else if (index.status().code() == base::Code::kNoSpace)
        ++refused;
    });
    // The loop keeps up meanwhile.
    if (sent % 10 == 0) ASSERT_TRUE(node.read_index(5).ok()) << "reads go on";
  }
  std::string reason;
  EXPECT_TRUE(node.host().healthy(&reason)) << reason;
  // Each release gives room to some of the waiting entries. These are then committed and can be
  // released in turn, as checkpoints do.
  base::Result<uint64_t> index = base::Status(base::Code::kNoSpace, "not asked yet");
  while (!index.ok() && index.status().code() == base::Code::kNoSpace) {
    Answer<base::Result<uint64_t>> answer;
    std::atomic<bool> answered{false};
    node.host().propose(5, "after",
                        [&, callback = answer.callback()](base::Result<uint64_t> result) {
                          callback(std::move(result));
                          answered = true;
                        });
    do node.host().release(5, machine.durable_index());
    while (!answered);
    index = answer.get();
  }
  ASSERT_TRUE(index.ok()) << index.status().to_string();
  machine.wait_applied(*index);
  EXPECT_EQ(machine.data().back(), "after");
}

}  // namespace
}  // namespace rhumb::consensus

int main(int argc, char** argv) {
  const char* dir = std::getenv("RHUMB_TEST_DIR");
  const char* from = std::getenv("RHUMB_TEST_FROM");
  if (dir != nullptr && from != nullptr)
    return rhumb::consensus::propose_until_killed(dir, std::stoull(from));
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
