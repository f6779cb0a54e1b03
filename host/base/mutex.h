// The mutexes, locks and condition variable of the host: the standard library's, with the
// attributes that let clang check who holds what (thread_annotations.h). They cost what the
// standard library's cost. tests/tidy/text.py refuses the standard library's own elsewhere in
// host/.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "host/base/thread_annotations.h"

namespace rhumb::base {

// One thread at a time. Hold it through MutexLock or ReleasableMutexLock where possible.
class RHUMB_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() RHUMB_ACQUIRE() { native_.lock(); }
  void unlock() RHUMB_RELEASE() { native_.unlock(); }

 private:
  friend class CondVar;
  std::mutex native_;
};

// One writer, or any number of readers. Hold it through WriterLock or ReaderLock.
class RHUMB_CAPABILITY("mutex") SharedMutex {
 public:
  SharedMutex() = default;
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void lock() RHUMB_ACQUIRE() { native_.lock(); }
  void unlock() RHUMB_RELEASE() { native_.unlock(); }
  void lock_shared() RHUMB_ACQUIRE_SHARED() { native_.lock_shared(); }
  void unlock_shared() RHUMB_RELEASE_SHARED() { native_.unlock_shared(); }

 private:
  std::shared_mutex native_;
};

// Holds a mutex from its construction to the end of its scope.
class RHUMB_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) RHUMB_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RHUMB_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Holds a mutex, and may release it and take it again in between.
class RHUMB_SCOPED_CAPABILITY ReleasableMutexLock {
 public:
  explicit ReleasableMutexLock(Mutex& mutex) RHUMB_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~ReleasableMutexLock() RHUMB_RELEASE() {
    if (held_) mutex_.unlock();
  }
  ReleasableMutexLock(const ReleasableMutexLock&) = delete;
  ReleasableMutexLock& operator=(const ReleasableMutexLock&) = delete;

  void unlock() RHUMB_RELEASE() {
    mutex_.unlock();
    held_ = false;
  }
  void lock() RHUMB_ACQUIRE() {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

class RHUMB_SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) RHUMB_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~WriterLock() RHUMB_RELEASE() { mutex_.unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mutex_;
};

class RHUMB_SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) RHUMB_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReaderLock() RHUMB_RELEASE() { mutex_.unlock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mutex_;
};

// The caller of a wait holds the mutex, through whichever lock, and holds it again on return. A
// wait may return without a notification, so it stands in a loop over the condition:
//   while (!ready_) wake_.wait(mutex_);
// There is no wait that takes the condition as a lambda: the analysis looks at a lambda apart from
// the function around it, and would not see that the lock is held.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void notify_one() { native_.notify_one(); }
  void notify_all() { native_.notify_all(); }

  void wait(Mutex& mutex) RHUMB_REQUIRES(mutex) {
    Adopted lock(mutex.native_);
    native_.wait(lock.native);
  }
  template <typename Clock, typename Duration>
  std::cv_status wait_until(Mutex& mutex, const std::chrono::time_point<Clock, Duration>& deadline)
      RHUMB_REQUIRES(mutex) {
    Adopted lock(mutex.native_);
    return native_.wait_until(lock.native, deadline);
  }
  template <typename Rep, typename Period>
  std::cv_status wait_for(Mutex& mutex, const std::chrono::duration<Rep, Period>& time)
      RHUMB_REQUIRES(mutex) {
    Adopted lock(mutex.native_);
    return native_.wait_for(lock.native, time);
  }

 private:
  // The standard library waits with a lock of its own: it takes over the mutex, which the caller
  // has locked, for the length of the wait, and leaves it locked.
  struct Adopted {
    explicit Adopted(std::mutex& mutex) : native(mutex, std::adopt_lock) {}
    ~Adopted() { native.release(); }
    std::unique_lock<std::mutex> native;
  };
  std::condition_variable native_;
};

}  // namespace rhumb::base
