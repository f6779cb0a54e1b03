#include "sdk/check/check_host.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "sdk/check/report.h"

namespace rhumb::check {
namespace {

std::string& scratch_root() {
  static std::string root = std::filesystem::temp_directory_path();
  return root;
}

void log_line(const rhumb_host_t*, uint32_t level, rhumb_slice_t text) {
  std::fprintf(stderr, "     plugin says (%u): %.*s\n", level, static_cast<int>(text.size),
               static_cast<const char*>(text.data));
}

template <typename Clock>
uint64_t now_ns(const rhumb_host_t*) {
  const auto now = Clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace

CheckHost::CheckHost()
    : host_{sizeof(rhumb_host_t), RHUMB_ABI_MAJOR, RHUMB_ABI_MINOR, this, get_extension},
      log_{sizeof(rhumb_host_log_t), RHUMB_LOG_WARN, log_line},
      executor_{sizeof(rhumb_host_executor_t), kThreads, post, parallel},
      clock_{sizeof(rhumb_host_clock_t), 0, now_ns<std::chrono::steady_clock>,
             now_ns<std::chrono::system_clock>},
      memory_{sizeof(rhumb_host_memory_t), 0,
              [](const rhumb_host_t* host, int64_t delta) { self(host).memory_bytes_ += delta; }} {}

CheckHost::~CheckHost() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (worker_.joinable()) worker_.join();
}

const void* CheckHost::get_extension(const rhumb_host_t* host, const char* id) {
  const CheckHost& own = self(host);
  const std::string_view wanted(id);
  if (wanted == RHUMB_HOST_LOG) return &own.log_;
  if (wanted == RHUMB_HOST_EXECUTOR) return &own.executor_;
  if (wanted == RHUMB_HOST_CLOCK) return &own.clock_;
  if (wanted == RHUMB_HOST_MEMORY) return &own.memory_;
  return nullptr;
}

rhumb_status_t CheckHost::post(const rhumb_host_t* host, void (*fn)(void*), void* arg) {
  CheckHost& own = self(host);
  {
    const std::lock_guard lock(own.mutex_);
    if (own.stopping_) return RHUMB_BUSY;
    own.posted_.emplace_back(fn, arg);
    if (!own.worker_.joinable()) own.worker_ = std::thread([&own] { own.work(); });
  }
  own.wake_.notify_one();
  return RHUMB_OK;
}

void CheckHost::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !posted_.empty(); });
    if (posted_.empty()) return;
    const auto [fn, arg] = posted_.front();
    posted_.pop_front();
    lock.unlock();
    fn(arg);
    lock.lock();
  }
}

rhumb_status_t CheckHost::parallel(const rhumb_host_t*, uint64_t n, void (*fn)(void*, uint64_t),
                                   void* arg) {
  std::atomic<uint64_t> next{0};
  const auto run = [&] {
    for (uint64_t i = next++; i < n; i = next++) fn(arg, i);
  };
  std::vector<std::thread> others;
  for (uint32_t t = 1; t < kThreads && t < n; ++t) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
  return RHUMB_OK;
}

void ScratchDir::set_root(std::string root) { scratch_root() = std::move(root); }

ScratchDir::ScratchDir() {
  std::string name = scratch_root() + "/rhumb-check-XXXXXX";
  require(::mkdtemp(name.data()) != nullptr,
          "cannot make a directory in " + scratch_root() + ": " + std::strerror(errno));
  path_ = name;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;  // files that stay behind lie in a directory for temporary files
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchDir::make(const std::string& name) const {
  std::string path = path_ + "/" + name;
  std::filesystem::create_directory(path);
  return path;
}

void Completion::fire(void* ctx, rhumb_status_t status, const rhumb_error_t*) {
  auto& own = *static_cast<Completion*>(ctx);
  const std::lock_guard lock(own.mutex_);
  ++own.count_;
  own.status_ = status;
  if (own.submitting_ && std::this_thread::get_id() == own.submitter_) own.inside_ = true;
  own.fired_.notify_all();
}

rhumb_status_t Completion::wait() {
  submitted();
  std::unique_lock lock(mutex_);
  require(fired_.wait_for(lock, std::chrono::seconds(60), [this] { return count_ > 0; }),
          "an accepted call never completed");
  require(!inside_, "a completion fired inside the submitting call");
  require_equal(1, count_, "times a completion fired");
  return status_;
}

bool Completion::fired() const {
  const std::lock_guard lock(mutex_);
  return count_ > 0;
}

}  // namespace rhumb::check
