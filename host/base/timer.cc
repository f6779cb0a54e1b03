#include "host/base/timer.h"

namespace rhumb::base {

TimerQueue::TimerQueue() : thread_([this] { run(); }) {}

TimerQueue::~TimerQueue() { stop(); }

uint64_t TimerQueue::at(Deadline when, std::function<void()> fn) {
  if (when.at_ns == 0) return 0;
  MutexLock lock(mutex_);
  if (stopping_) return 0;
  const uint64_t id = next_id_++;
  const bool first = entries_.empty() || when.at_ns < entries_.begin()->first.first;
  entries_.emplace(Key{when.at_ns, id}, std::move(fn));
  when_of_.emplace(id, when.at_ns);
  if (first) wake_.notify_one();
  return id;
}

bool TimerQueue::cancel(uint64_t id) {
  MutexLock lock(mutex_);
  auto it = when_of_.find(id);
  if (it == when_of_.end()) return false;
  entries_.erase(Key{it->second, id});
  when_of_.erase(it);
  return true;
}

void TimerQueue::stop() {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void TimerQueue::run() {
  ReleasableMutexLock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty()) {
      wake_.wait(mutex_);
      continue;
    }
    const uint64_t when = entries_.begin()->first.first;
    const uint64_t now = monotonic_ns();
    if (now < when) {
      wake_.wait_for(mutex_, std::chrono::nanoseconds(when - now));
      continue;
    }
    auto node = entries_.extract(entries_.begin());
    when_of_.erase(node.key().second);
    lock.unlock();
    node.mapped()();
    lock.lock();
  }
}

}  // namespace rhumb::base
