// Clang's attributes for thread safety under names of our own. With them the compiler proves that
// each access to a member happens under the mutex that guards it (-Wthread-safety, which
// the preset asan-ubsan builds with). GCC has no such analysis: there all of them are empty.
//
//   RHUMB_GUARDED_BY(mutex)   on a member: it is read and written only while `mutex` is held.
//   RHUMB_REQUIRES(mutex)     on a function: the caller holds `mutex`.
//   RHUMB_EXCLUDES(mutex)     on a function: the caller must not hold `mutex`.
//   RHUMB_ACQUIRE, _RELEASE   on a function: it returns with the mutex locked, or unlocked.
//
// The analysis checks neither constructors nor destructors, and it looks at a lambda as at a
// function of its own: a lambda that runs under the lock carries RHUMB_REQUIRES itself.
#pragma once

#if defined(__clang__)
#define RHUMB_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define RHUMB_THREAD_ATTRIBUTE(x)
#endif

#define RHUMB_CAPABILITY(name) RHUMB_THREAD_ATTRIBUTE(capability(name))
#define RHUMB_SCOPED_CAPABILITY RHUMB_THREAD_ATTRIBUTE(scoped_lockable)

#define RHUMB_GUARDED_BY(mutex) RHUMB_THREAD_ATTRIBUTE(guarded_by(mutex))

#define RHUMB_REQUIRES(...) RHUMB_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define RHUMB_REQUIRES_SHARED(...) RHUMB_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define RHUMB_EXCLUDES(...) RHUMB_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

#define RHUMB_ACQUIRE(...) RHUMB_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RHUMB_ACQUIRE_SHARED(...) RHUMB_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define RHUMB_RELEASE(...) RHUMB_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define RHUMB_RELEASE_SHARED(...) RHUMB_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))

// The function is not analysed. A comment beside it says why it is right all the same.
#define RHUMB_NO_THREAD_SAFETY_ANALYSIS RHUMB_THREAD_ATTRIBUTE(no_thread_safety_analysis)
