// Finds requests that do not end. Each thread records what it works on. Work that goes on far
// beyond its request's deadline is counted, and logged once with the stack of its thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/clock.h"

namespace rhumb::base {

// Work is reported when it runs this long beyond its deadline.
inline constexpr uint64_t kOverdueMs = 10'000;
inline constexpr uint32_t kMaxStackFrames = 48;  // per report
// The text of a stack, so that it fits in a line of the log.
inline constexpr uint32_t kMaxStackBytes = 8 * 1024;
// How long a report waits for the thread to write its stack.
inline constexpr uint32_t kStackWaitMs = 200;
inline constexpr uint32_t kMaxReportsAtOnce = 4;  // the next call continues

// Marks the work of this thread from here to the end of the scope. It costs a few stores, so every
// read is watched. A nested mark hides the outer one until it ends.
class Watched {
 public:
  // `what` is a constant text ("search").
  Watched(const char* what, Deadline deadline);
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  const char* const outer_what_;
  const uint64_t outer_deadline_ns_;
};

// The number of threads whose work is being watched now.
uint32_t watched_count();
// Reports work that is overdue at `now_ns` and was not reported before, at most kMaxReportsAtOnce
// pieces of it, and returns their number. Each report takes microseconds, and at most kStackWaitMs.
// Any thread may call it.
uint32_t report_overdue(uint64_t now_ns = monotonic_ns());
// Reports all watched work, overdue or not.
uint32_t report_watched(std::string_view why);

// The stack of a thread of this process, innermost frame first. Each frame reads "module+0xoffset
// (name)", which addr2line understands, and " < " separates the frames. The name is present if the
// module exports it.
std::string stack_of(int tid);

}  // namespace rhumb::base
