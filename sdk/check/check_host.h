// A host for plugins under test. It has the real services, but no server.
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

// It owns the services and the thread that runs posted work. The thread that constructs it is the
// control thread; plugins may call the services from any thread. The destructor waits for the work
// that plugins posted.
class CheckHost {
 public:
  static constexpr uint32_t kThreads = 4;
  CheckHost();
  ~CheckHost();
  CheckHost(const CheckHost&) = delete;
  CheckHost& operator=(const CheckHost&) = delete;

  const rhumb_host_t* raw() const { return &host_; }
  // Returns the bytes that plugins reported. It should be 0 after all instances were closed.
  int64_t memory_bytes() const { return memory_bytes_.load(); }

 private:
  static CheckHost& self(const rhumb_host_t* host) { return *static_cast<CheckHost*>(host->ctx); }
  static const void* get_extension(const rhumb_host_t* host, const char* id);
  static rhumb_status_t post(const rhumb_host_t* host, void (*fn)(void*), void* arg);
  static rhumb_status_t parallel(const rhumb_host_t* host, uint64_t n, void (*fn)(void*, uint64_t),
                                 void* arg);
  void work();

  rhumb_host_t host_;
  rhumb_host_log_t log_;
  rhumb_host_executor_t executor_;
  rhumb_host_clock_t clock_;
  rhumb_host_memory_t memory_;
  std::atomic<int64_t> memory_bytes_{0};
  std::mutex mutex_;  // guards posted_, stopping_ and worker_
  std::condition_variable wake_;
  std::deque<std::pair<void (*)(void*), void*>> posted_;
  bool stopping_ = false;
  // The first post starts it. Until then, a process that forks has no other thread.
  std::thread worker_;
};

// A temporary directory. The destructor removes it with all its files.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  const std::string& path() const { return path_; }
  std::string make(const std::string& name) const;  // makes an empty subdirectory
  // Sets the directory for all of them. The default is the system's directory for temporary files.
  static void set_root(std::string root);

 private:
  std::string path_;
};

// Waits for a rhumb_done_t. It remembers if the completion fires more than once, or inside the call
// that submitted it. The thread that submits also waits; any thread may fire.
class Completion {
 public:
  rhumb_done_t done() { return {this, fire}; }
  void submitted() { submitting_ = false; }  // says that the submitting call has returned
  // Blocks until the completion has fired. After 60 s it throws Failed.
  rhumb_status_t wait();
  bool fired() const;

 private:
  static void fire(void* ctx, rhumb_status_t status, const rhumb_error_t* error);
  const std::thread::id submitter_ = std::this_thread::get_id();
  std::atomic<bool> submitting_{true};
  mutable std::mutex mutex_;  // guards count_, inside_ and status_
  std::condition_variable fired_;
  int count_ = 0;
  bool inside_ = false;
  rhumb_status_t status_ = RHUMB_OK;
};

}  // namespace rhumb::check
