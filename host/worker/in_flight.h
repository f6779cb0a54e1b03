// The requests that are being carried out on a replica, by their identity. A second attempt waits
// until the first has ended, and then finds its outcome. The number is bounded by the requests that
// the front has accepted. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "host/base/mutex.h"

namespace rhumb::worker {

class InFlight {
 public:
  using Request = std::array<uint8_t, 16>;

  // True means that the caller goes on, and calls end() when it has finished. Otherwise `resume` is
  // called when it is the caller's turn, and the caller must then call end(), too.
  bool begin(const Request& request, std::function<void()> resume) {
    base::MutexLock lock(mutex_);
    const auto [it, first] = waiting_.try_emplace(request);
    if (!first) it->second.push_back(std::move(resume));
    return first;
  }
  void end(const Request& request) {
    std::function<void()> next;
    {
      base::MutexLock lock(mutex_);
      const auto it = waiting_.find(request);
      if (it == waiting_.end()) return;
      if (it->second.empty()) {
        waiting_.erase(it);
        return;
      }
      next = std::move(it->second.front());
      it->second.pop_front();
    }
    next();
  }

 private:
  base::Mutex mutex_;
  std::map<Request, std::deque<std::function<void()>>> waiting_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::worker
