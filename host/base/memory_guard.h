// Keeps the process within a limit of its own, so that the system never has to kill it: as memory
// gets short it first becomes colder (what can be read from files again leaves memory), then
// refuses what would make it grow. Reads and deletions always go on.
//
// The guard measures and decides; who can become colder looks at level(). Any thread. Nothing
// survives a crash.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "host/base/mutex.h"
#include "host/base/status.h"

namespace rhumb::base {

enum class MemoryLevel : uint8_t { kNormal, kCold, kRefuse };
const char* memory_level_name(MemoryLevel level);

// What follows on `now` when so much is used. A level that was reached is left a good part of the
// limit below where it began: what is given back must not be taken again at once. limit 0: none.
MemoryLevel next_memory_level(MemoryLevel now, uint64_t used, uint64_t limit);

class MemoryGuard {
 public:
  using Measure = std::function<uint64_t()>;  // bytes used; cheap, any thread
  MemoryGuard(uint64_t limit_bytes, Measure measure);
  MemoryGuard(const MemoryGuard&) = delete;
  MemoryGuard& operator=(const MemoryGuard&) = delete;

  uint64_t limit() const { return limit_; }
  MemoryLevel level() const { return level_.load(std::memory_order_acquire); }
  // Measures now. A change of the level is logged; the metrics say what was found.
  MemoryLevel look();
  // Changes of the level so far, whoever looked: a level that came and went between two looks of
  // one caller is not missed.
  uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  // Measures now: with so many bytes more the level would still be kNormal.
  bool room_for(uint64_t bytes);
  // Before what grows: kNoSpace names the limit, what is used and the setting. Unless all is well
  // it measures: many writers are not to go far beyond the limit between two looks of a timer.
  Status admit();

 private:
  const uint64_t limit_;
  const Measure measure_;
  Mutex mutex_;  // one look at a time
  std::atomic<MemoryLevel> level_{MemoryLevel::kNormal};
  std::atomic<uint64_t> used_{0}, changes_{0};
};

}  // namespace rhumb::base
