// The services of the host as one engine of one plugin sees them: log, executor, clock and memory.
// Each is found by its id and revision (rhumb/host.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "host/base/executor.h"
#include "rhumb/host.h"

namespace rhumb::plugin {

// One object per engine, so that log lines carry the engine's name and its memory is counted
// separately. It is created and destroyed on the control thread. Plugins hold its address, so it
// never moves, and it outlives every instance that was opened with it. Services run on any thread.
class HostServices {
 public:
  // `name` is "<kind>/<id>" and is shown in the log. `executor` runs the plugins' background work
  // and must outlive this object.
  HostServices(std::string name, base::Executor& executor);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  const rhumb_host_t* raw() const { return &host_; }
  // The memory that the engine reports as allocated, over all its instances. Never below 0, even if
  // the engine reports so.
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
