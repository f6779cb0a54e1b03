// A bounded pool of threads. Requests, searches, applying and background work each have their own instance (host/app decides sizes).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/base/status.h"

namespace rhumb::base {

class Executor {
 public:
  using Task = std::function<void()>;
  // threads >= 1; queue_max: tasks that may wait. name: thread name, at most 15 bytes.
  Executor(std::string name, uint32_t threads, uint32_t queue_max);
  ~Executor();  // stop()
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // kBusy when queue_max tasks wait, kUnavailable after stop(). Any thread. Tasks must not throw.
  Status post(Task task);
  // Runs fn(i) for i in [0, n) on the pool's threads and the caller's; returns when all are done. Works when the pool is busy or stopped.
  void parallel(uint64_t n, const std::function<void(uint64_t)>& fn);
  // Refuses new tasks, runs what is queued, joins. Idempotent.
  void stop();
  uint32_t threads() const { return thread_count_; }
  size_t queued() const;

 private:
  void run();
  const std::string name_;
  const uint32_t thread_count_, queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Runs tasks of one owner one at a time, in order, on an executor: a shard's apply, a group's steps.
class Strand {
 public:
  explicit Strand(Executor& executor) : executor_(executor) {}
  // Any thread. The queue is bounded by the caller's own limits (uncommitted bytes, ...).
  void post(Executor::Task task);
  // Blocks until all tasks posted so far have run. Not from inside the strand.
  void drain();

 private:
  void run();
  Executor& executor_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::deque<Executor::Task> queue_;
  bool running_ = false;
};

}  // namespace rhumb::base
