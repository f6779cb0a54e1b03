#include "host/base/executor.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/trace_context.h"

namespace rhumb::base {
namespace {

void spin_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// Shared by the caller of parallel() and its helpers. A helper that starts late finds nothing to
// claim and never touches fn, which lives only as long as the call.
struct ParallelRun {
  const std::function<void(uint64_t)>* fn;
  uint64_t n;
  std::atomic<uint64_t> next{0};
  Mutex mutex;
  CondVar all_done;
  uint64_t done RHUMB_GUARDED_BY(mutex) = 0;

  void work() {
    uint64_t mine = 0;
    for (uint64_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) {
      (*fn)(i);
      ++mine;
    }
    if (mine == 0) return;
    const MutexLock lock(mutex);
    done += mine;
    if (done == n) all_done.notify_all();
  }
};

}  // namespace

Executor::Executor(std::string name, uint32_t threads, uint32_t queue_max)
    : name_(std::move(name)), thread_count_(threads), queue_max_(queue_max), alive_(threads) {
  RHUMB_ASSERT(threads >= 1);
  RHUMB_ASSERT(name_.size() <= 15);
  threads_.reserve(threads);
  for (uint32_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Executor::~Executor() { stop(); }

Status Executor::post(Task task) {
  if (current_trace()) task = in_current_trace(std::move(task));
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    if (stopping_) return {Code::kUnavailable, "executor " + name_ + " is stopped"};
    if (queue_.size() >= queue_max_)
      return {Code::kBusy, "executor " + name_ + ": " + std::to_string(queue_max_) + " tasks wait"};
    wake = enqueue(std::move(task));
  }
  if (wake) wake_.notify_one();  // outside the lock, because the woken thread takes it first
  return ok();
}

bool Executor::post_strand(Task task) {
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    if (alive_ == 0) return false;
    wake = enqueue(std::move(task));
  }
  if (wake) wake_.notify_one();
  return true;
}

// A spinning thread, or one that has already been notified, will find the task without another
// notification, which would be a needless system call.
bool Executor::enqueue(Task task) {
  queue_.push_back(std::move(task));
  depth_.store(queue_.size(), std::memory_order_release);
  if (sleeping_ <= waking_ || queue_.size() <= spinning_ + waking_) return false;
  ++waking_;
  return true;
}

void Executor::parallel(uint64_t n, const std::function<void(uint64_t)>& fn) {
  if (n == 0) return;
  auto run = std::make_shared<ParallelRun>();
  run->fn = &fn;
  run->n = n;
  const uint64_t helpers = std::min<uint64_t>(n - 1, thread_count_);
  for (uint64_t i = 0; i < helpers; ++i) {
    // If the pool is full or stopped, the caller does more of the work.
    if (!post([run] { run->work(); }).ok()) break;
  }
  run->work();
  const MutexLock lock(run->mutex);
  while (run->done != n) run->all_done.wait(run->mutex);
}

void Executor::stop() {
  const MutexLock stop_lock(stop_mutex_);
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

size_t Executor::queued() const { return depth_.load(std::memory_order_acquire); }

// Waits a few microseconds for the next task before the thread sleeps, because on a busy server a
// wake-up costs more than the wait.
void Executor::spin() {
  if (spinning_ != 0) return;
  ++spinning_;
  mutex_.unlock();
  const uint64_t until = monotonic_ns() + limits::kExecutorSpinNs;
  while (depth_.load(std::memory_order_acquire) == 0 && monotonic_ns() < until) spin_pause();
  mutex_.lock();
  --spinning_;
}

void Executor::run() {
  pthread_setname_np(pthread_self(), name_.c_str());
  ReleasableMutexLock lock(mutex_);
  while (true) {
    if (queue_.empty() && !stopping_) spin();
    while (queue_.empty() && !stopping_) {
      ++sleeping_;
      wake_.wait(mutex_);
      --sleeping_;
      if (waking_ > 0) --waking_;
    }
    if (queue_.empty()) break;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    depth_.store(queue_.size(), std::memory_order_release);
    lock.unlock();
    task();
    task = nullptr;  // destroys the captured objects before the lock is taken
    lock.lock();
  }
  --alive_;
}

Strand::~Strand() {
  const MutexLock lock(mutex_);
  while (running_) idle_.wait(mutex_);
  RHUMB_ASSERT(queue_.empty());
}

void Strand::post(Executor::Task task) {
  if (current_trace()) task = in_current_trace(std::move(task));
  {
    const MutexLock lock(mutex_);
    queue_.push_back(std::move(task));
    ++posted_;
    if (running_) return;
    running_ = true;
  }
  schedule();
}

void Strand::drain() {
  const MutexLock lock(mutex_);
  const uint64_t target = posted_;
  while (done_ < target) idle_.wait(mutex_);
}

void Strand::schedule() {
  if (executor_.post_strand([this] { run(); })) return;
  while (run_batch()) {}
}

void Strand::run() {
  if (run_batch()) schedule();
}

// Returns whether tasks are left. When none are left, the strand may be destroyed as soon as the
// lock is released, so nothing is touched after that.
bool Strand::run_batch() {
  ReleasableMutexLock lock(mutex_);
  for (uint32_t i = 0; i < limits::kStrandBatchTasks && !queue_.empty(); ++i) {
    Executor::Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    ++done_;
    idle_.notify_all();
  }
  if (!queue_.empty()) return true;
  running_ = false;
  idle_.notify_all();
  return false;
}

}  // namespace rhumb::base
