// Keeps the process within its own memory limit, so that the system never has to kill it. When
// memory gets short, the process first becomes colder: data that can be read from files again
// leaves memory. Then it refuses requests that would make it grow. Reads and deletions always go
// on.
//
// The guard measures and decides; components that can become colder read level(). Any thread may
// call it. Its state does not survive a crash.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "host/base/mutex.h"
#include "host/base/status.h"

namespace rhumb::base {

enum class MemoryLevel : uint8_t { kNormal, kCold, kRefuse };
const char* memory_level_name(MemoryLevel level);

// The level that follows `now` when `used` bytes are in use. A level is left only well below the
// use at which it begins, so that memory that was given back is not taken again at once. A limit of
// 0 means no limit.
MemoryLevel next_memory_level(MemoryLevel now, uint64_t used, uint64_t limit);

class MemoryGuard {
 public:
  using Measure = std::function<uint64_t()>;  // bytes in use; cheap, any thread may call it
  MemoryGuard(uint64_t limit_bytes, Measure measure);
  MemoryGuard(const MemoryGuard&) = delete;
  MemoryGuard& operator=(const MemoryGuard&) = delete;

  uint64_t limit() const { return limit_; }
  MemoryLevel level() const { return level_.load(std::memory_order_acquire); }
  // Measures now. Logs a change of the level and updates the metrics.
  MemoryLevel look();
  // The number of changes of the level so far, counted over all callers of look(). It shows a
  // caller also the levels that came and went between two of its own calls.
  uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  // Measures now and returns whether the level would still be kNormal with `bytes` more in use.
  bool room_for(uint64_t bytes);
  // Called before memory grows. kMemoryFull names the limit, the use and the setting. Unless the
  // level is kNormal, admit() measures anew, so that many writers cannot go far beyond the limit
  // between two measurements of a timer.
  Status admit();

 private:
  const uint64_t limit_;
  const Measure measure_;
  Mutex mutex_;  // one look at a time
  std::atomic<MemoryLevel> level_{MemoryLevel::kNormal};
  std::atomic<uint64_t> used_{0}, changes_{0};
};

}  // namespace rhumb::base
