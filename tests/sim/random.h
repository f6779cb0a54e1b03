// The only source of randomness in a simulated run: SplitMix64, seeded, the same on every machine.
#pragma once

#include <cstdint>

namespace rhumb::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t word = state_;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return word ^ (word >> 31);
  }
  // Returns a number in [0, end); end > 0.
  uint64_t below(uint64_t end) { return next() % end; }
  // Returns a number in [first, last].
  uint64_t between(uint64_t first, uint64_t last) { return first + below(last - first + 1); }
  bool chance(uint32_t per_mille) { return below(1000) < per_mille; }

 private:
  uint64_t state_;
};

}  // namespace rhumb::sim
