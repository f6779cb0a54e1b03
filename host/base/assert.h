// Assertions state invariants of our own code. Input, disks, peers and plugins are never asserted
// on: their faults are a Status.
#pragma once

namespace rhumb::base {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);
void unexpected(const char* expression, const char* file, int line);
}  // namespace rhumb::base

// Checked in every build. A failure stops the process, because going on would risk data.
#define RHUMB_ASSERT(e)                                     \
  do {                                                      \
    if (!(e)) [[unlikely]]                                  \
      ::rhumb::base::assert_failed(#e, __FILE__, __LINE__); \
  } while (0)

// Checked in debug builds only, for costly checks.
#ifdef NDEBUG
#define RHUMB_DASSERT(e) \
  do {                   \
  } while (0)
#else
#define RHUMB_DASSERT(e) RHUMB_ASSERT(e)
#endif

// For a state that should not occur but is safe to continue from: it is logged and counted. (The
// name RHUMB_BUG belongs to the plugin ABI.)
#define RHUMB_UNEXPECTED(e)                              \
  do {                                                   \
    if (e) [[unlikely]]                                  \
      ::rhumb::base::unexpected(#e, __FILE__, __LINE__); \
  } while (0)
