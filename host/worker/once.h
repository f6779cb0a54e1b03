// A callback that fires once, with an answer or at its deadline, whichever comes first.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "host/base/status.h"
#include "host/base/timer.h"

namespace rhumb::worker {

template <typename T>
class Once : public std::enable_shared_from_this<Once<T>> {
 public:
  using Done = std::function<void(base::Result<T>)>;
  // at_deadline() makes the answer when the deadline passes; it runs on the timer's thread.
  static std::shared_ptr<Once> start(base::TimerQueue& timers, base::Deadline deadline, Done done,
                                     std::function<base::Result<T>()> at_deadline) {
    std::shared_ptr<Once> once(new Once(timers, std::move(done)));
    once->timer_ = timers.at(
        deadline, [weak = std::weak_ptr<Once>(once), at_deadline = std::move(at_deadline)] {
          if (auto self = weak.lock()) self->fire(at_deadline());
        });
    return once;
  }
  // The same, with kTimeout and `what` as the answer.
  static std::shared_ptr<Once> start(base::TimerQueue& timers, base::Deadline deadline, Done done,
                                     std::string what) {
    return start(timers, deadline, std::move(done), [what = std::move(what)]() -> base::Result<T> {
      return base::Status(base::Code::kTimeout, what);
    });
  }

  bool fired() const { return fired_.load(std::memory_order_acquire); }
  // The first call wins; later ones do nothing.
  void fire(base::Result<T> result) {
    if (fired_.exchange(true, std::memory_order_acq_rel)) return;
    if (timer_ != 0) timers_.cancel(timer_);
    Done done = std::move(done_);
    done(std::move(result));
  }

 private:
  Once(base::TimerQueue& timers, Done done) : timers_(timers), done_(std::move(done)) {}
  base::TimerQueue& timers_;
  Done done_;
  std::atomic<uint64_t> timer_{0};
  std::atomic<bool> fired_{false};
};

}  // namespace rhumb::worker
