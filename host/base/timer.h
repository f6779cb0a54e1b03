// Runs functions at their deadlines: one thread runs one short function at a time. Functions must
// not block; longer work is posted to an executor.
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
  ~TimerQueue();  // calls stop()
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Any thread may call it. Runs fn once, at or after `when`. Returns an id for cancel(). Returns
  // 0, and never runs fn, if `when` is no deadline or the queue has stopped.
  uint64_t at(Deadline when, std::function<void()> fn);
  // Returns true if fn had not started, in which case it never will.
  bool cancel(uint64_t id);
  // Joins the thread. Functions that still wait never run. Further calls do nothing. Must not be
  // called from a timer function.
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
