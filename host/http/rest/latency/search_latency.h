// How long searches that look short took of late, so that those that prove so are answered where
// they were parsed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace rhumb::http::rest {

// How long its thread would have been held up for others: the time it computed, or all that passed
// when it waited for the disk or for a lock. That the machine was given to somebody else meanwhile
// says nothing about the search.
class Stopwatch {
 public:
  Stopwatch();  // runs
  uint64_t held_ns() const;

 private:
  uint64_t wall_ns_, cpu_ns_, waits_;
};

// One estimate for each kind of search of each collection (short_search.h); any thread, no lock.
// Few slots are shared by all that hash to them: who shares one with a slow neighbour goes to the
// pool, and nothing worse. It begins slow, so that what is new, cold or without a graph shows
// itself in the pool first.
class SearchLatencies {
 public:
  static constexpr uint32_t kShortNs = 300'000;

  class Latency {
   public:
    bool is_short() const { return estimate_ns_.load(std::memory_order_relaxed) <= kShortNs; }
    // Up fast and down slowly: one slow search in ten keeps all of them off the loops.
    void took(uint64_t ns) {
      const uint32_t before = estimate_ns_.load(std::memory_order_relaxed);
      const uint32_t sample = ns < kSlowNs ? static_cast<uint32_t>(ns) : kSlowNs;
      const uint32_t after =
          sample > before ? before + (sample - before) / 2 : before - (before - sample) / 8;
      // of two at once one is lost: it is an estimate
      estimate_ns_.store(after, std::memory_order_relaxed);
    }

   private:
    static constexpr uint32_t kSlowNs = 8 * kShortNs;  // slower is not worse
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
