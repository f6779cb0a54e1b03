// Work for a request that does not end. A thread says what it does while it does it; what goes on
// far beyond the request's deadline is logged once, with the stack of its thread, and counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/clock.h"

namespace rhumb::base {

// beyond its deadline a thread's work is reported
inline constexpr uint64_t kOverdueMs = 10'000;
inline constexpr uint32_t kMaxStackFrames = 48;  // of one report
// of its text, so that it fits a line of the log
inline constexpr uint32_t kMaxStackBytes = 8 * 1024;
inline constexpr uint32_t kStackWaitMs = 200;     // for the thread to write it
inline constexpr uint32_t kMaxReportsAtOnce = 4;  // the next look goes on

// The work of this thread from here to the end of the scope. Costs a few stores: every read is
// watched. Within another one the outer work is hidden for as long.
class Watched {
 public:
  // what: constant text ("search").
  Watched(const char* what, Deadline deadline);
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  const char* const outer_what_;
  const uint64_t outer_deadline_ns_;
};

// Work that is watched now, of all threads.
uint32_t watched_count();
// Reports what is overdue at `now_ns` and was not reported before, kMaxReportsAtOnce at most;
// returns how many. Each takes microseconds, and kStackWaitMs at most. Any thread.
uint32_t report_overdue(uint64_t now_ns = monotonic_ns());
// Reports all that is watched, overdue or not.
uint32_t report_watched(std::string_view why);

// The stack of a thread of this process, innermost first: "module+0xoffset (name)", as addr2line
// reads it, one a frame and " < " between them. The name is there where the module exports it.
std::string stack_of(int tid);

}  // namespace rhumb::base
