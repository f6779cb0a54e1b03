// What the ways of answering cost, to choose among them. In nanoseconds of the machine they were
// measured on (Xeon of 2023, AVX-512, one thread, sets of tests/bench/ann; docs/benchmarks/ann.md),
// times what pricing.cc finds on the machine at hand.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

namespace rhumb::coded {

struct Costs {
  uint32_t width = 0;       // bytes of a 7-bit code
  uint32_t bit_stride = 0;  // of a one-bit code, 0 if there is none
  uint32_t degree = 32;
  struct Factors {
    double scan = 1, bit_scan = 1, walk = 1;
  } here;

  double scan_row_ns() const { return here.scan * (2 + 0.045 * width); }
  double scan_bit_row_ns() const { return here.bit_scan * (4 + 0.035 * bit_stride); }
  // of a code somewhere in memory
  double rescored_code_ns() const { return here.walk * (30 + 0.15 * width); }
  // A walk without a filter, and one distance of it.
  double walk_ns(uint32_t ef) const {
    return here.walk * kWalkStartNs + ef * (kLinksMeasured * degree * distance_ns() +
                                            (bit_stride != 0 ? rescored_code_ns() : 0));
  }
  double distance_ns() const {
    return here.walk * (17 + 0.046 * (bit_stride != 0 ? bit_stride : width));
  }
  double walk_distances(uint32_t ef) const {
    return kDescentDistances + ef * kLinksMeasured * degree;
  }
  // A scan costs what it is said to, a filtered walk may cost more: it has to be cheaper by so
  // much.
  static constexpr double kSureness = 1.2;
  // A walk that passes through what a filter drops, where the share p passes.
  static double lengthening(double p) { return std::pow(std::max(p, 1e-6), -kFilterExponent); }

 private:
  static constexpr double kFilterExponent = 0.68;  // on 128 and 1536 dimensions, p from .01 to .5
  static constexpr double kLinksMeasured = 0.4;    // of a row: the others were met before
  static constexpr double kDescentDistances = 100;
  static constexpr double kWalkStartNs = 5000;
};

// How much dearer than there scans and walks are here. Any thread may ask while they are measured
// anew.
struct Prices {
  std::atomic<float> scan{1}, bit_scan{1}, walk{1};
  Costs::Factors factors() const {
    return {scan.load(std::memory_order_relaxed), bit_scan.load(std::memory_order_relaxed),
            walk.load(std::memory_order_relaxed)};
  }
};

}  // namespace rhumb::coded
