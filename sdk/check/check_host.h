// A host for plugins under test: real services, no server.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rhumb/host.h"

namespace rhumb::check {

// The constructing thread is the control thread. The destructor waits for what plugins posted.
class CheckHost {
 public:
  static constexpr uint32_t kThreads = 4;
  CheckHost();
  ~CheckHost();
  CheckHost(const CheckHost&) = delete;
  CheckHost& operator=(const CheckHost&) = delete;

  const rhumb_host_t* raw() const { return &host_; }
  int64_t memory_bytes() const {
    return memory_bytes_.load();
  }  // as reported; instances that are closed should leave 0

 private:
  static CheckHost& self(const rhumb_host_t* host) { return *static_cast<CheckHost*>(host->ctx); }
  static const void* get_extension(const rhumb_host_t* host, const char* id);
  static rhumb_status_t post(const rhumb_host_t* host, void (*fn)(void*), void* arg);
  static rhumb_status_t parallel(const rhumb_host_t* host, uint64_t n, void (*fn)(void*, uint64_t), void* arg);
  void work();

  rhumb_host_t host_;
  rhumb_host_log_t log_;
  rhumb_host_executor_t executor_;
  rhumb_host_clock_t clock_;
  rhumb_host_memory_t memory_;
  std::atomic<int64_t> memory_bytes_{0};
  std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::deque<std::pair<void (*)(void*), void*>> posted_;
  bool stopping_ = false;
  std::thread worker_;  // started by the first post: a process that forks should have no other thread
};

// A directory of its own, removed with all in it.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  const std::string& path() const { return path_; }
  std::string make(const std::string& name) const;  // an empty subdirectory
  static void set_root(std::string root);  // where all of them go; the system's place for temporary files by default

 private:
  std::string path_;
};

// Waits for a rhumb_done_t. Fires at most once, and never inside the submitting call: violations are remembered.
class Completion {
 public:
  rhumb_done_t done() { return {this, fire}; }
  void submitted() { submitting_ = false; }  // the submitting call has returned
  // Blocks until it has fired, 60 s at most (then Failed).
  rhumb_status_t wait();
  bool fired() const;

 private:
  static void fire(void* ctx, rhumb_status_t status, const rhumb_error_t* error);
  const std::thread::id submitter_ = std::this_thread::get_id();
  std::atomic<bool> submitting_{true};
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable fired_;
  int count_ = 0;
  bool inside_ = false;
  rhumb_status_t status_ = RHUMB_OK;
};

}  // namespace rhumb::check
