// A bounded pool of threads. Requests, searches, applying and background work each have their own
// instance; host/app decides the sizes.
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
  // `threads` is at least 1. At most `queue_max` tasks may wait. `name` becomes the threads' name
  // and has at most 15 bytes.
  Executor(std::string name, uint32_t threads, uint32_t queue_max);
  ~Executor();  // calls stop()
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Returns kBusy when queue_max tasks wait and kUnavailable after stop(). Any thread may call it.
  // Tasks must not throw. They run in the caller's trace (host/base/trace_context.h).
  Status post(Task task);
  // Runs fn(i) for i in [0, n) on the pool's threads and the caller's, and returns when all are
  // done. It works when the pool is busy or stopped, too.
  void parallel(uint64_t n, const std::function<void(uint64_t)>& fn);
  // Refuses new tasks, runs the queued ones (strands to their end) and joins the threads. Further
  // calls do nothing. Must not be called from one of the pool's own threads.
  void stop();
  uint32_t threads() const { return thread_count_; }
  size_t queued() const;

 private:
  friend class Strand;
  // Queues one turn of a strand. Each strand has at most one turn in the queue, so turns do not
  // count against queue_max, and they are accepted while the pool is stopping. Returns false when
  // no thread is left to run the turn.
  bool post_strand(Task task);
  // Returns whether a sleeping thread must be woken.
  bool enqueue(Task task) RHUMB_REQUIRES(mutex_);
  // Releases mutex_ while it spins, and returns with it held.
  void spin() RHUMB_REQUIRES(mutex_);
  void run();

  const std::string name_;
  const uint32_t thread_count_, queue_max_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<Task> queue_ RHUMB_GUARDED_BY(mutex_);
  // The size of queue_, which queued() and a spinning thread can read here without the lock.
  std::atomic<size_t> depth_{0};
  // waking_ counts the sleeping threads that have already been notified.
  uint32_t alive_ RHUMB_GUARDED_BY(mutex_);
  uint32_t sleeping_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint32_t waking_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint32_t spinning_ RHUMB_GUARDED_BY(mutex_) = 0;
  bool stopping_ RHUMB_GUARDED_BY(mutex_) = false;
  Mutex stop_mutex_;  // one stop() joins, a second waits for it
  std::vector<std::thread> threads_ RHUMB_GUARDED_BY(stop_mutex_);
};

// Runs the tasks of one owner (a shard's apply, a group's steps) on an executor, one at a time and
// in order. The destructor waits for its tasks. The executor must outlive the strand.
class Strand {
 public:
  explicit Strand(Executor& executor) : executor_(executor) {}
  ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // Any thread may call it. The callers' own limits (uncommitted bytes and others) bound the queue.
  // No task is ever refused or lost: after the executor has stopped, tasks run on the posting
  // thread. Tasks run in the caller's trace.
  void post(Executor::Task task);
  // Blocks until all tasks posted so far have run. Must not be called from inside the strand.
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
