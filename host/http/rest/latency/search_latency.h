// Recent latencies of searches that look short. Searches that prove to be short are answered on the
// loop that parsed them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace rhumb::http::rest {

// Measures how long a task would keep its thread from other work. That is its CPU time, or the
// elapsed time when it waited for the disk or for a lock. Time in which the machine ran something
// else says nothing about the search.
class Stopwatch {
 public:
  Stopwatch();  // starts the watch
  uint64_t held_ns() const;

 private:
  uint64_t wall_ns_, cpu_ns_, waits_;
};

// One estimate for each kind of search of each collection (see short_search.h). May be used from
// any thread, without a lock. There are few slots, and all kinds that hash to one share it. A kind
// that shares a slot with a slow one runs in the pool, which is the only damage. An estimate starts
// slow, so that a search that is new, cold or without a graph runs in the pool first.
class SearchLatencies {
 public:
  static constexpr uint32_t kShortNs = 300'000;

  class Latency {
   public:
    bool is_short() const { return estimate_ns_.load(std::memory_order_relaxed) <= kShortNs; }
    // The estimate rises fast and falls slowly, so one slow search in ten keeps its kind off the
    // loops.
    void took(uint64_t ns) {
      const uint32_t before = estimate_ns_.load(std::memory_order_relaxed);
      const uint32_t sample = ns < kSlowNs ? static_cast<uint32_t>(ns) : kSlowNs;
      const uint32_t after =
          sample > before ? before + (sample - before) / 2 : before - (before - sample) / 8;
      // Of two updates at once one is lost, which an estimate can bear.
      estimate_ns_.store(after, std::memory_order_relaxed);
    }

   private:
    static constexpr uint32_t kSlowNs = 8 * kShortNs;  // A slower search counts no worse than this.
    std::atomic<uint32_t> estimate_ns_{kSlowNs};
  };

  Latency& of(std::string_view collection_uuid, std::string_view kind) {
    const std::hash<std::string_view> hash;
    return slots_[(hash(collection_uuid) + 31 * hash(kind)) % slots_.size()];
  }

 private:
  std::array<Latency, 4096> slots_;
};

}  // namespace rhumb::http::rest
