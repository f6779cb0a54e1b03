// Clocks and deadlines. Safety never depends on the wall clock; deadlines use the monotonic clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace rhumb::base {

inline uint64_t monotonic_ns() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}
inline uint64_t wall_ns() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count());
}

// A point on the monotonic clock. Zero means that there is no deadline.
struct Deadline {
  uint64_t at_ns = 0;
  static Deadline after_ms(uint64_t ms) { return {monotonic_ns() + ms * 1'000'000}; }
  bool expired() const { return at_ns != 0 && monotonic_ns() >= at_ns; }
};

}  // namespace rhumb::base
