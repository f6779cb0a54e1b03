#include "host/base/memory_guard.h"

#include <string>
#include <utility>

#include "host/base/log.h"
#include "host/base/metrics.h"

namespace rhumb::base {
namespace {

// percent of the limit
constexpr uint64_t kColdFrom = 80, kColdUntil = 70, kRefuseFrom = 100, kRefuseUntil = 90;

uint64_t part(uint64_t limit, uint64_t percent) {
  return limit / 100 * percent + limit % 100 * percent / 100;
}

}  // namespace

const char* memory_level_name(MemoryLevel level) {
  switch (level) {
    case MemoryLevel::kNormal:
      return "normal";
    case MemoryLevel::kCold:
      return "cold";
    case MemoryLevel::kRefuse:
      return "refuse";
  }
  return "unknown";
}

MemoryLevel next_memory_level(MemoryLevel now, uint64_t used, uint64_t limit) {
  if (limit == 0) return MemoryLevel::kNormal;
  if (used >= part(limit, now == MemoryLevel::kRefuse ? kRefuseUntil : kRefuseFrom))
    return MemoryLevel::kRefuse;
  if (used >= part(limit, now == MemoryLevel::kNormal ? kColdFrom : kColdUntil))
    return MemoryLevel::kCold;
  return MemoryLevel::kNormal;
}

MemoryGuard::MemoryGuard(uint64_t limit_bytes, Measure measure)
    : limit_(limit_bytes), measure_(std::move(measure)) {
  gauge("rhumb_memory_limit_bytes").set(static_cast<double>(limit_));
}

MemoryLevel MemoryGuard::look() {
  static Gauge& bytes = gauge("rhumb_memory_bytes");
  static Gauge& level = gauge("rhumb_memory_level");
  const MutexLock lock(mutex_);
  const uint64_t used = measure_();
  const MemoryLevel before = level_.load(std::memory_order_relaxed),
                    now = next_memory_level(before, used, limit_);
  used_.store(used, std::memory_order_relaxed);
  level_.store(now, std::memory_order_release);
  bytes.set(static_cast<double>(used));
  level.set(static_cast<double>(now));
  if (now != before) {
    changes_.fetch_add(1, std::memory_order_release);
    log(now > before ? LogLevel::kWarn : LogLevel::kInfo, "memory", "memory level changed",
        {{"from", memory_level_name(before)},
         {"to", memory_level_name(now)},
         {"bytes", used},
         {"limit", limit_}});
  }
  return now;
}

bool MemoryGuard::room_for(uint64_t bytes) {
  if (look() != MemoryLevel::kNormal) return false;
  return next_memory_level(MemoryLevel::kNormal, used_.load(std::memory_order_relaxed) + bytes,
                           limit_) == MemoryLevel::kNormal;
}

Status MemoryGuard::admit() {
  if (level() == MemoryLevel::kNormal || look() != MemoryLevel::kRefuse) return ok();
  return {Code::kMemoryFull, "the server uses " +
                                 std::to_string(used_.load(std::memory_order_relaxed)) +
                                 " bytes of memory, its limit is " + std::to_string(limit_) +
                                 " (memory.limit_bytes); it takes writes again below " +
                                 std::to_string(part(limit_, kRefuseUntil)) +
                                 "; delete collections or raise the limit"};
}

}  // namespace rhumb::base
