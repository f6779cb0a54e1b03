// A bounded pool of threads. Requests, searches, applying and background work each have their own
// instance (host/app decides sizes).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "host/base/function.h"
#include "host/base/mutex.h"
#include "host/base/status.h"

namespace rhumb::base {

class Executor {
 public:
  using Task = UniqueFunction<void()>;
  // threads >= 1; queue_max: tasks that may wait. name: thread name, at most 15 bytes.
  Executor(std::string name, uint32_t threads, uint32_t queue_max);
  ~Executor();  // stop()
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // kBusy when queue_max tasks wait, kUnavailable after stop(). Any thread. Tasks must not throw.
  Status post(Task task);
  // Runs fn(i) for i in [0, n) on the pool's threads and the caller's; returns when all are done.
  // Works when the pool is busy or stopped.
  void parallel(uint64_t n, const std::function<void(uint64_t)>& fn);
  // Refuses new tasks, runs what is queued (strands to their end), joins. Idempotent. Not from one
  // of its own threads.
  void stop();
  uint32_t threads() const { return thread_count_; }
  size_t queued() const;

 private:
  friend class Strand;
  // A strand's turn: each strand has at most one here, so they are not counted against queue_max,
  // and they are taken while stopping. False when no thread is left to run it.
  bool post_strand(Task task);
  bool enqueue(Task task) RHUMB_REQUIRES(mutex_);  // whether a sleeper is to be woken
  // Releases mutex_ while it spins, and returns with it held.
  void spin() RHUMB_REQUIRES(mutex_);
  void run();

  const std::string name_;
  const uint32_t thread_count_, queue_max_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<Task> queue_ RHUMB_GUARDED_BY(mutex_);
  // queue_.size(), read without the lock by a spinning thread and by queued()
  std::atomic<size_t> depth_{0};
  // waking_: of the sleeping, told to wake
  uint32_t alive_ RHUMB_GUARDED_BY(mutex_);
  uint32_t sleeping_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint32_t waking_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint32_t spinning_ RHUMB_GUARDED_BY(mutex_) = 0;
  bool stopping_ RHUMB_GUARDED_BY(mutex_) = false;
  Mutex stop_mutex_;  // one stop() joins, a second waits for it
  std::vector<std::thread> threads_ RHUMB_GUARDED_BY(stop_mutex_);
};

// Runs tasks of one owner one at a time, in order, on an executor: a shard's apply, a group's
// steps. Destroying it waits for its tasks; the executor must outlive it.
class Strand {
 public:
  explicit Strand(Executor& executor) : executor_(executor) {}
  ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // Any thread. The queue is bounded by the caller's own limits (uncommitted bytes, ...). No task
  // is ever refused or lost: once the executor has stopped, they run on the posting thread.
  void post(Executor::Task task);
  // Blocks until all tasks posted so far have run. Not from inside the strand.
  void drain();

 private:
  void schedule();
  void run();
  bool run_batch();

  Executor& executor_;
  Mutex mutex_;
  CondVar idle_;
  std::deque<Executor::Task> queue_ RHUMB_GUARDED_BY(mutex_);
  uint64_t posted_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint64_t done_ RHUMB_GUARDED_BY(mutex_) = 0;
  bool running_ RHUMB_GUARDED_BY(mutex_) = false;  // a turn is queued or running
};

}  // namespace rhumb::base
