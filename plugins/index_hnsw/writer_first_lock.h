// A shared lock whose writer does not starve: while a writer waits, new readers wait too.
// std::shared_mutex prefers readers on Linux, so searches that keep overlapping would keep a graph
// from growing.
#pragma once

#include <pthread.h>

#include <system_error>

namespace rhumb::hnsw {

// For std::unique_lock and std::shared_lock. Neither kind of lock may be taken twice by one thread.
class WriterFirstLock {
 public:
  WriterFirstLock() {
    pthread_rwlockattr_t attributes;
    check(pthread_rwlockattr_init(&attributes));
    check(pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP));
    check(pthread_rwlock_init(&lock_, &attributes));
    pthread_rwlockattr_destroy(&attributes);
  }
  ~WriterFirstLock() { pthread_rwlock_destroy(&lock_); }
  WriterFirstLock(const WriterFirstLock&) = delete;
  WriterFirstLock& operator=(const WriterFirstLock&) = delete;

  void lock() { check(pthread_rwlock_wrlock(&lock_)); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { check(pthread_rwlock_rdlock(&lock_)); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  static void check(int rc) {
    if (rc != 0) throw std::system_error(rc, std::generic_category(), "read-write lock");
  }
  pthread_rwlock_t lock_;
};

}  // namespace rhumb::hnsw
