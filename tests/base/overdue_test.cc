// Work that goes on beyond its deadline is reported once, with a stack that shows where its thread
// is.
#include "host/base/overdue.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "host/base/log.h"
#include "host/base/metrics.h"

namespace rhumb::base {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000, kOverdueNs = kOverdueMs * 1'000'000;

// Loops until it is told to end. It is a function of its own, so that a test can find it in a
// stack.
__attribute__((noinline, noclone)) void turn(const std::atomic<bool>& end,
                                             std::atomic<uint64_t>& turns) {
  while (!end.load()) turns.fetch_add(1);
}

// A thread that works for a request.
class Busy {
 public:
  Busy(const char* what, Deadline deadline)
      : thread_([this, what, deadline] {
          tid_ = static_cast<int>(::syscall(SYS_gettid));
          sigset_t all;  // blocked as in the threads of the HTTP front
          sigfillset(&all);
          ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
          const Watched watched(what, deadline);
          turn(end_, turns_);
        }) {
    while (turns_.load() == 0) std::this_thread::yield();
  }
  ~Busy() {
    end_ = true;
    thread_.join();
  }
  int tid() const { return tid_; }

 private:
  std::atomic<bool> end_{false};
  std::atomic<uint64_t> turns_{0};
  std::atomic<int> tid_{0};
  std::thread thread_;
};

// Whether one of the frames, "module+0xoffset" as addr2line reads it, is in turn().
bool shows_turn(const std::string& stack) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&turn), &info) == 0) return false;
  const auto begin =
      reinterpret_cast<uintptr_t>(&turn) - reinterpret_cast<uintptr_t>(info.dli_fbase);
  for (size_t at = stack.find("+0x"); at != std::string::npos; at = stack.find("+0x", at + 1)) {
    const uint64_t offset = std::stoull(stack.substr(at + 1), nullptr, 16);
    if (offset >= begin && offset < begin + 512) return true;
  }
  return false;
}

// Whether the kernel has put the thread to sleep. ThreadSanitizer delays a signal that comes
// shortly before that until the wait ends.
bool sleeps(int tid) {
  std::ifstream stat("/proc/self/task/" + std::to_string(tid) + "/stat");
  std::string line;
  std::getline(stat, line);
  const size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.compare(name_end, 3, ") S") == 0;
}

TEST(OverdueTest, work_far_beyond_its_deadline_is_reported_once_with_its_stack) {
  log_configure(LogLevel::kInfo, LogFormat::kJson);
  const Deadline deadline{monotonic_ns()};
  const Busy busy("a search", deadline);
  EXPECT_EQ(watched_count(), 1u);
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_overdue(deadline.at_ns + kOverdueNs - 1), 0u);
  EXPECT_EQ(report_overdue(deadline.at_ns + kOverdueNs + kSecondNs), 1u);
  EXPECT_EQ(report_overdue(deadline.at_ns + kOverdueNs + 2 * kSecondNs), 0u) << "once";
  const auto line = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["what"], "a search");
  EXPECT_EQ(line["over_ms"], kOverdueMs + 1000);
  EXPECT_EQ(line["tid"], busy.tid());
  EXPECT_TRUE(shows_turn(line["stack"])) << line["stack"];
  EXPECT_NE(metrics_text().find("rhumb_overdue_requests_total "), std::string::npos);
}

TEST(OverdueTest, without_a_deadline_nothing_is_overdue_but_all_work_can_be_listed) {
  const Busy one("a count", {}), other("a scroll", Deadline::after_ms(60'000));
  EXPECT_EQ(report_overdue(monotonic_ns() + kSecondNs), 0u);
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_watched("stopping"), 2u);
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_NE(lines.find("a count"), std::string::npos);
  EXPECT_NE(lines.find("a scroll"), std::string::npos);
}

TEST(OverdueTest, work_that_ended_is_not_watched_and_inner_work_hides_the_outer_one) {
  EXPECT_EQ(watched_count(), 0u);
  const Deadline passed{1};
  {
    const Watched outer("outer", passed);
    testing::internal::CaptureStderr();
    {
      const Watched inner("inner", {});
      EXPECT_EQ(watched_count(), 1u);
      EXPECT_EQ(report_overdue(), 0u) << "the inner work has no deadline";
    }
    EXPECT_EQ(report_overdue(), 1u);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("outer"), std::string::npos);
  }
  EXPECT_EQ(watched_count(), 0u);
  EXPECT_EQ(report_overdue(), 0u);
}

TEST(OverdueTest, the_stack_of_a_waiting_thread_can_be_read) {
  std::mutex mutex;
  std::condition_variable wake;
  bool end = false;
  std::atomic<int> tid{0};
  std::thread waiting([&] {
    std::unique_lock lock(mutex);
    tid = static_cast<int>(::syscall(SYS_gettid));
    wake.wait(lock, [&] { return end; });
  });
  while (tid.load() == 0 || !sleeps(tid)) std::this_thread::yield();
  const std::string stack = stack_of(tid);
  EXPECT_NE(stack.find("libc.so"), std::string::npos) << stack;
  {
    const std::lock_guard lock(mutex);
    end = true;
  }
  wake.notify_one();
  waiting.join();
  // The kernel forgets the thread a little after it was joined.
  while (::syscall(SYS_tgkill, ::getpid(), tid.load(), 0) == 0) std::this_thread::yield();
  EXPECT_EQ(stack_of(tid), "there is no such thread");
}

}  // namespace
}  // namespace rhumb::base
