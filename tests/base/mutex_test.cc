#include "host/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace rhumb::base {
namespace {

static_assert(sizeof(Mutex) == sizeof(std::mutex));
static_assert(sizeof(SharedMutex) == sizeof(std::shared_mutex));
static_assert(sizeof(CondVar) == sizeof(std::condition_variable));
static_assert(sizeof(MutexLock) == sizeof(std::lock_guard<std::mutex>));

TEST(Mutex, one_thread_at_a_time_holds_it) {
  constexpr uint64_t kThreads = 4, kTurns = 20'000;
  Mutex mutex;
  uint64_t count = 0;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (uint64_t i = 0; i < kTurns; ++i) {
        const MutexLock lock(mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kTurns);
}

TEST(Mutex, released_lock_lets_others_in_and_ends_unlocked) {
  Mutex mutex;
  int value = 0;
  {
    ReleasableMutexLock lock(mutex);
    value = 1;
    lock.unlock();
    std::thread([&] {
      const MutexLock other(mutex);
      ++value;
    }).join();
    lock.lock();
    ++value;
    lock.unlock();
  }
  const MutexLock lock(mutex);
  EXPECT_EQ(value, 3);
}

TEST(SharedMutex, readers_hold_it_together_and_keep_writers_out) {
  SharedMutex mutex;
  int value = 1;
  std::thread writer;
  {
    const ReaderLock lock(mutex);
    int seen = 0;
    std::thread([&] {
      const ReaderLock other(mutex);
      seen = value;
    }).join();
    EXPECT_EQ(seen, 1);
    writer = std::thread([&] {
      const WriterLock other(mutex);
      value = 2;
    });
    EXPECT_EQ(value, 1);  // a race that TSan reports if the writer does not wait
  }
  writer.join();
  const ReaderLock lock(mutex);
  EXPECT_EQ(value, 2);
}

// Both threads wait for each other's number: the mutex is free during a wait, and held after it.
TEST(CondVar, wait_releases_the_mutex_and_takes_it_again) {
  constexpr int kTurns = 1'000;
  Mutex mutex;
  CondVar changed;
  int number = 0;
  std::thread odd([&] {
    for (int i = 1; i < kTurns; i += 2) {
      const MutexLock lock(mutex);
      while (number != i) changed.wait(mutex);
      ++number;
      changed.notify_all();
    }
  });
  for (int i = 0; i < kTurns; i += 2) {
    const MutexLock lock(mutex);
    while (number != i) changed.wait_for(mutex, std::chrono::seconds(60));
    ++number;
    changed.notify_one();
  }
  odd.join();
  EXPECT_EQ(number, kTurns);
}

TEST(CondVar, timeout_returns_with_the_mutex_held) {
  Mutex mutex;
  CondVar changed;
  bool entered = false;
  std::thread other;
  {
    const MutexLock lock(mutex);
    EXPECT_EQ(changed.wait_until(mutex, std::chrono::steady_clock::now()), std::cv_status::timeout);
    EXPECT_EQ(changed.wait_for(mutex, std::chrono::nanoseconds(0)), std::cv_status::timeout);
    other = std::thread([&] {
      const MutexLock own(mutex);
      entered = true;
    });
    EXPECT_FALSE(entered);  // a race that TSan reports if the mutex is free
  }
  other.join();
  EXPECT_TRUE(entered);
}

}  // namespace
}  // namespace rhumb::base
