// Bugs planted on purpose: tests prove with them that other tests would see such a bug. None of it
// ships: only objects that a test compiles anew with RHUMB_PLANTED_BUGS ask, everything else sees a
// constant.
#pragma once

#ifdef RHUMB_PLANTED_BUGS
namespace rhumb::base {
enum class Bug {
  kNone,
  kLostLiveBit,
  kLostOverride,
  kStaleView,
  kSkipsWhatMoved,
  kIdentityOfContent
};
// true for some of the calls, if that bug is the one planted; the test has the definition
bool planted(Bug bug);
}  // namespace rhumb::base
#define RHUMB_PLANTED(bug) ::rhumb::base::planted(::rhumb::base::Bug::bug)
#else
#define RHUMB_PLANTED(bug) false
#endif
