// Virtual time: actions run in the order of their times, and within one instant in the order of
// arrival. Everything is on one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace rhumb::sim {

using Microseconds = uint64_t;
inline constexpr Microseconds kMillisecond = 1000, kSecond = 1000 * kMillisecond;

class Agenda {
 public:
  Microseconds now_us() const { return now_us_; }

  void after(Microseconds delay_us, std::function<void()> action) {
    actions_.emplace(std::pair{now_us_ + delay_us, ++sequence_}, std::move(action));
  }
  // Runs the next action that is due by `until_us`. If there is none, sets the time to `until_us`
  // and returns false.
  bool run_one(Microseconds until_us) {
    if (actions_.empty() || actions_.begin()->first.first > until_us) {
      now_us_ = until_us;
      return false;
    }
    auto next = actions_.extract(actions_.begin());
    now_us_ = next.key().first;
    next.mapped()();
    return true;
  }

 private:
  Microseconds now_us_ = 0;
  uint64_t sequence_ = 0;
  std::map<std::pair<Microseconds, uint64_t>, std::function<void()>> actions_;
};

}  // namespace rhumb::sim
