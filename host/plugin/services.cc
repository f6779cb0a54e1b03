#include "host/plugin/services.h"

#include <algorithm>
#include <string_view>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/plugin/status.h"
#include "rhumb/core.h"

namespace rhumb::plugin {
namespace {

static_assert(static_cast<int>(base::LogLevel::kTrace) == RHUMB_LOG_TRACE &&
              static_cast<int>(base::LogLevel::kError) == RHUMB_LOG_ERROR);

// The level when the engine was loaded. If the level is raised later, log() still drops lines below
// it. If it is lowered later, only lines that plugins choose to format are logged.
uint32_t lowest_enabled_level() {
  uint32_t level = RHUMB_LOG_TRACE;
  while (level < RHUMB_LOG_ERROR && !base::log_enabled(static_cast<base::LogLevel>(level))) ++level;
  return level;
}

}  // namespace

HostServices::HostServices(std::string name, base::Executor& executor)
    : name_(std::move(name)),
      executor_(executor),
      host_{sizeof(rhumb_host_t), RHUMB_ABI_MAJOR, RHUMB_ABI_MINOR, this, get_extension},
      log_{sizeof(rhumb_host_log_t), lowest_enabled_level(), log},
      executor_table_{sizeof(rhumb_host_executor_t), executor.threads() + 1, post, parallel},
      clock_{sizeof(rhumb_host_clock_t), 0, clock_monotonic_ns, clock_wall_ns},
      memory_{sizeof(rhumb_host_memory_t), 0, report_memory} {}

uint64_t HostServices::memory_bytes() const {
  return static_cast<uint64_t>(std::max<int64_t>(0, memory_bytes_.load(std::memory_order_relaxed)));
}

const void* HostServices::get_extension(const rhumb_host_t* host, const char* id) {
  if (id == nullptr) return nullptr;
  const HostServices& services = self(host);
  const std::string_view wanted(id);
  if (wanted == RHUMB_HOST_LOG) return &services.log_;
  if (wanted == RHUMB_HOST_EXECUTOR) return &services.executor_table_;
  if (wanted == RHUMB_HOST_CLOCK) return &services.clock_;
  if (wanted == RHUMB_HOST_MEMORY) return &services.memory_;
  return nullptr;
}

void HostServices::log(const rhumb_host_t* host, uint32_t level, rhumb_slice_t utf8) {
  const auto bounded = static_cast<base::LogLevel>(std::min<uint32_t>(level, RHUMB_LOG_ERROR));
  if (!base::log_enabled(bounded) || utf8.data == nullptr) return;
  const std::string_view text(static_cast<const char*>(utf8.data), utf8.size);
  base::log(bounded, "plugin", "message of an engine",
            {{"engine", self(host).name_}, {"text", text}});
}

rhumb_status_t HostServices::post(const rhumb_host_t* host, void (*fn)(void*), void* arg) {
  if (fn == nullptr) return RHUMB_INVALID;
  return from_code(self(host).executor_.post([fn, arg] { fn(arg); }).code());
}

rhumb_status_t HostServices::parallel(const rhumb_host_t* host, uint64_t n,
                                      void (*fn)(void*, uint64_t), void* arg) {
  if (fn == nullptr) return RHUMB_INVALID;
  self(host).executor_.parallel(n, [fn, arg](uint64_t i) { fn(arg, i); });
  return RHUMB_OK;
}

uint64_t HostServices::clock_monotonic_ns(const rhumb_host_t*) { return base::monotonic_ns(); }
uint64_t HostServices::clock_wall_ns(const rhumb_host_t*) { return base::wall_ns(); }

void HostServices::report_memory(const rhumb_host_t* host, int64_t delta_bytes) {
  self(host).memory_bytes_.fetch_add(delta_bytes, std::memory_order_relaxed);
}

}  // namespace rhumb::plugin
