// Assertions state invariants of our own code; never use them on input, disk, peers or plugins:
// those are a Status.
#pragma once

namespace rhumb::base {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);
void unexpected(const char* expression, const char* file, int line);
}  // namespace rhumb::base

// Always on. The process stops: going on would risk data.
#define RHUMB_ASSERT(e)                                     \
  do {                                                      \
    if (!(e)) [[unlikely]]                                  \
      ::rhumb::base::assert_failed(#e, __FILE__, __LINE__); \
  } while (0)

// Debug builds only, for costly checks.
#ifdef NDEBUG
#define RHUMB_DASSERT(e) \
  do {                   \
  } while (0)
#else
#define RHUMB_DASSERT(e) RHUMB_ASSERT(e)
#endif

// Should not happen, but going on is safe: logged and counted. (RHUMB_BUG is the ABI's.)
#define RHUMB_UNEXPECTED(e)                              \
  do {                                                   \
    if (e) [[unlikely]]                                  \
      ::rhumb::base::unexpected(#e, __FILE__, __LINE__); \
  } while (0)
