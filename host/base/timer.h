// Deadlines: one thread that runs short functions at a time. Functions must not block; what takes
// longer is posted to an executor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <thread>

#include "host/base/clock.h"
#include "host/base/mutex.h"

namespace rhumb::base {

class TimerQueue {
 public:
  TimerQueue();
  ~TimerQueue();  // stop()
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Any thread. Runs fn once at or after `when`. Returns an id for cancel(); 0 (never runs) when
  // `when` is none or the queue is stopped.
  uint64_t at(Deadline when, std::function<void()> fn);
  // True if fn had not started and never will.
  bool cancel(uint64_t id);
  // Joins; what is still waiting never runs. Idempotent. Not from a timer function.
  void stop();

 private:
  void run();
  using Key = std::pair<uint64_t, uint64_t>;  // (when, id)
  Mutex mutex_;
  CondVar wake_;
  std::map<Key, std::function<void()>> entries_ RHUMB_GUARDED_BY(mutex_);
  std::map<uint64_t, uint64_t> when_of_ RHUMB_GUARDED_BY(mutex_);
  uint64_t next_id_ RHUMB_GUARDED_BY(mutex_) = 1;
  bool stopping_ RHUMB_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace rhumb::base
