// The host as one engine of one plugin sees it: log, executor, clock, memory, each found by id and
// revision (rhumb/host.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "host/base/executor.h"
#include "rhumb/host.h"

namespace rhumb::plugin {

// One per engine, so that log lines carry its name and its memory is counted apart. Made and
// destroyed on the control thread; its address is what plugins hold, so it never moves and outlives
// every instance opened with it. Services run on any thread.
class HostServices {
 public:
  // name: "<kind>/<id>", shown in the log. executor: background work of plugins; must outlive this.
  HostServices(std::string name, base::Executor& executor);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  const rhumb_host_t* raw() const { return &host_; }
  // What the engine says it keeps allocated, over all its instances. Never below 0, whatever it
  // reports.
  uint64_t memory_bytes() const;

 private:
  static HostServices& self(const rhumb_host_t* host) {
    return *static_cast<HostServices*>(host->ctx);
  }
  static const void* get_extension(const rhumb_host_t* host, const char* id);
  static void log(const rhumb_host_t* host, uint32_t level, rhumb_slice_t utf8);
  static rhumb_status_t post(const rhumb_host_t* host, void (*fn)(void*), void* arg);
  static rhumb_status_t parallel(const rhumb_host_t* host, uint64_t n, void (*fn)(void*, uint64_t),
                                 void* arg);
  static uint64_t clock_monotonic_ns(const rhumb_host_t*);
  static uint64_t clock_wall_ns(const rhumb_host_t*);
  static void report_memory(const rhumb_host_t* host, int64_t delta_bytes);

  const std::string name_;
  base::Executor& executor_;
  std::atomic<int64_t> memory_bytes_{0};
  rhumb_host_t host_;
  rhumb_host_log_t log_;
  rhumb_host_executor_t executor_table_;
  rhumb_host_clock_t clock_;
  rhumb_host_memory_t memory_;
};

}  // namespace rhumb::plugin
