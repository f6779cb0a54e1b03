// The costs of the ways to answer a query, among which the cheapest is chosen. They are in
// nanoseconds of the machine on which they were measured (Xeon of 2023, AVX-512, one thread, data
// sets of tests/bench/ann; docs/benchmarks/ann.md), times the factors that engine_pricing.cc
// measures on the present machine.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

namespace rhumb::coded {

struct Costs {
  uint32_t width = 0;       // bytes of a 7-bit code
  uint32_t bit_stride = 0;  // bytes of a one-bit code; 0 if there is none
  uint32_t degree = 32;
  struct Factors {
    double scan = 1, bit_scan = 1, walk = 1;
  } here;

  double scan_row_ns() const { return here.scan * (2 + 0.045 * width); }
  double scan_bit_row_ns() const { return here.bit_scan * (4 + 0.035 * bit_stride); }
  // Comparing a code at a random place in memory.
  double rescored_code_ns() const { return here.walk * (30 + 0.15 * width); }
  // A walk without a filter, and one distance of a walk.
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
  // The cost of a scan is certain but a filtered walk may cost more than expected. So the walk has
  // to be cheaper by this factor.
  static constexpr double kSureness = 1.2;
  // How much longer a walk is if the share p passes the filter, because it also goes through nodes
  // that do not pass.
  static double lengthening(double p) { return std::pow(std::max(p, 1e-6), -kFilterExponent); }

 private:
  // Measured on 128 and 1536 dimensions, p from 0.01 to 0.5.
  static constexpr double kFilterExponent = 0.68;
  // Share of a row's links that are measured; the others were met before.
  static constexpr double kLinksMeasured = 0.4;
  static constexpr double kDescentDistances = 100;
  static constexpr double kWalkStartNs = 5000;
};

// How much more expensive scans and walks are on this machine than on the reference machine. Any
// thread may read the factors while they are being measured again.
struct Prices {
  std::atomic<float> scan{1}, bit_scan{1}, walk{1};
  Costs::Factors factors() const {
    return {scan.load(std::memory_order_relaxed), bit_scan.load(std::memory_order_relaxed),
            walk.load(std::memory_order_relaxed)};
  }
};

}  // namespace rhumb::coded
