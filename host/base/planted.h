// Bugs that are planted on purpose. Tests use them to prove that other tests would find such a bug.
// None of it ships: only objects that a test compiles with RHUMB_PLANTED_BUGS ask for a bug, and in
// all other objects the macro is a constant.
#pragma once

#ifdef RHUMB_PLANTED_BUGS
namespace rhumb::base {
enum class Bug {
  kNone,
  kLostLiveBit,
  kLostOverride,
  kStaleView,
  kSkipsWhatMoved,
  kIdentityOfContent,
  kMergeLosesOverride,
  kMergeRevivesRow,
  kMoveDropsWrite
};
// Returns true for some of the calls if `bug` is the planted one. The test defines the function.
bool planted(Bug bug);
}  // namespace rhumb::base
#define RHUMB_PLANTED(bug) ::rhumb::base::planted(::rhumb::base::Bug::bug)
#else
namespace rhumb::base {
constexpr bool kPlanted = false;
}
#define RHUMB_PLANTED(bug) ::rhumb::base::kPlanted
#endif
