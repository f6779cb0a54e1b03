// The log's bound, tested over a log of numbers: which groups are checkpointed, in which order, and
// when writes are refused.
#include "host/worker/log_bound.h"

#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <thread>
#include <vector>

namespace rhumb::worker {
namespace {

constexpr uint64_t kBound = 6400;  // so the bound looks at the log after each 100 bytes

// Records of groups, oldest first. A checkpoint of a group forgets its records when the test lets
// it through.
class FakeLog {
 public:
  void append(uint64_t group, uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    records_.push_back({group, bytes});
  }
  storage::LogUse use() const {
    const std::lock_guard lock(mutex_);
    storage::LogUse use;
    for (const Record& r : records_) use.bytes += r.bytes;
    if (!records_.empty()) use.oldest_group = records_.front().group;
    return use;
  }
  void checkpoint(uint64_t group, std::function<void()> done) {
    std::unique_lock lock(mutex_);
    asked_.push_back(group);
    if (held_) {
      waiting_.push_back({group, std::move(done)});
      came_.notify_all();
      return;
    }
    if (group != fenced_) forget(group);
    lock.unlock();
    done();
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void fence(uint64_t group) {
    const std::lock_guard lock(mutex_);
    fenced_ = group;
  }
  void await_checkpoint() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !waiting_.empty(); });
  }
  void let_through(bool frees) {
    std::unique_lock lock(mutex_);
    held_ = false;
    const auto waiting = std::move(waiting_);
    waiting_.clear();
    for (const auto& [group, done] : waiting) {
      if (frees) forget(group);
    }
    lock.unlock();
    for (const auto& [group, done] : waiting) done();
  }
  std::vector<uint64_t> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  struct Record {
    uint64_t group, bytes;
  };
  void forget(uint64_t group) {
    std::erase_if(records_, [group](const Record& r) { return r.group == group; });
  }
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Record> records_;
  std::vector<uint64_t> asked_;
  bool held_ = false;
  uint64_t fenced_ = 0;
  std::vector<std::pair<uint64_t, std::function<void()>>> waiting_;
};

class LogBoundTest : public ::testing::Test {
 protected:
  void write(uint64_t group, uint64_t bytes) {
    log.append(group, bytes);
    bound.wrote(bytes);
    settle();  // a write during a look is noticed at the next write
  }
  // All tasks that were started have run when a task behind them has.
  void settle() {
    for (int turn = 0; turn < 8; ++turn) {
      std::promise<void> ran;
      ASSERT_TRUE(executor.post([&] { ran.set_value(); }).ok());
      ran.get_future().wait();
    }
  }

  FakeLog log;
  base::Executor executor{"test", 1, 1024};
  LogBound bound{kBound, [this] { return log.use(); },
                 [] {
                   return std::vector<uint64_t>{7, 8, 9};
                 },
                 [this](uint64_t group, std::function<void()> done) {
                   log.checkpoint(group, std::move(done));
                 },
                 executor};
};

TEST_F(LogBoundTest, below_half_of_the_bound_nothing_is_checkpointed) {
  for (int i = 0; i < 31; ++i) write(7, 100);
  settle();
  EXPECT_TRUE(log.asked().empty());
  EXPECT_TRUE(bound.admit().ok());
}

TEST_F(LogBoundTest, an_idle_group_with_one_entry_is_checkpointed_too) {
  write(7, 1);
  for (int i = 0; i < 40; ++i) {
    write(8, 100);
  }
  const auto asked = log.asked();
  ASSERT_GE(asked.size(), 2u);
  EXPECT_EQ(asked[0], 7u) << "the oldest first, however little it holds";
  EXPECT_EQ(asked[1], 8u) << "in the same go: that of group 7 freed next to nothing";
  EXPECT_LT(log.use().bytes, kBound / 2);
}

TEST_F(LogBoundTest, at_the_bound_writes_are_refused_until_something_is_freed) {
  log.hold();
  for (int i = 0; i < 32; ++i) write(7, 100);
  log.await_checkpoint();
  for (int i = 0; i < 31; ++i) write(8, 100);
  EXPECT_TRUE(bound.admit().ok());
  write(8, 100);
  const base::Status refused = bound.admit();
  EXPECT_EQ(refused.code(), base::Code::kBusy);
  EXPECT_NE(refused.message().find("6400"), std::string::npos) << refused.message();
  log.let_through(true);
  settle();
  EXPECT_TRUE(bound.admit().ok());
}

TEST_F(LogBoundTest, a_checkpoint_that_frees_nothing_is_not_repeated_without_end) {
  log.hold();
  for (int i = 0; i < 64; ++i) write(7, 100);
  log.await_checkpoint();
  log.let_through(false);  // as for a fenced shard
  settle();
  EXPECT_EQ(log.asked(), (std::vector<uint64_t>{7, 8, 9})) << "each once";
  log.hold();
  EXPECT_EQ(bound.admit().code(), base::Code::kBusy) << "and sets off another look";
  log.await_checkpoint();
  EXPECT_EQ(log.asked().size(), 4u);
  log.let_through(true);
  settle();
  EXPECT_TRUE(bound.admit().ok());
}

TEST_F(LogBoundTest, a_group_that_cannot_be_checkpointed_does_not_keep_the_others_from_it) {
  log.fence(7);
  write(7, 100);
  for (int i = 0; i < 60; ++i) {
    write(8 + i % 2, 100);
  }
  EXPECT_LT(log.use().bytes, kBound * 3 / 4);
  EXPECT_TRUE(bound.admit().ok());
  EXPECT_EQ(log.use().oldest_group, 7u);
}

TEST_F(LogBoundTest, a_log_without_live_records_only_looks_full) {
  log.append(0, 2 * kBound);  // space that is being freed, or a segment that is still written to
  bound.wrote(100);
  settle();
  EXPECT_TRUE(bound.admit().ok());
  EXPECT_TRUE(log.asked().empty());
}

TEST_F(LogBoundTest, stop_waits_for_the_checkpoint_under_way) {
  log.hold();
  for (int i = 0; i < 40; ++i) write(7, 100);
  log.await_checkpoint();
  auto stopped = std::async(std::launch::async, [&] { bound.stop(); });
  log.let_through(true);
  stopped.get();
  for (int i = 0; i < 40; ++i) write(7, 100);
  settle();
  EXPECT_EQ(log.asked().size(), 1u);
}

TEST_F(LogBoundTest, many_writers_at_once_stay_within_the_bound) {
  std::vector<std::thread> writers;
  for (uint64_t group = 1; group <= 4; ++group) {
    writers.emplace_back([this, group] {
      for (int i = 0; i < 500; ++i) {
        if (!bound.admit().ok()) continue;
        log.append(group, 50);
        bound.wrote(50);
      }
    });
  }
  for (std::thread& w : writers) w.join();
  settle();
  EXPECT_FALSE(log.asked().empty());
  EXPECT_LT(log.use().bytes, kBound + 4 * 50);
}

}  // namespace
}  // namespace rhumb::worker
