#include "codes/nibbles.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rhumb::coded {
namespace {

constexpr uint32_t kCodes = kCodeMax + 1;

// Sums over the codes [first, last), as differences of sums from the start.
class Sums {
 public:
  explicit Sums(const Histogram& codes) {
    for (uint32_t c = 0; c < kCodes; ++c) {
      const auto n = static_cast<double>(codes[c]);
      rows_[c + 1] = rows_[c] + n;
      first_[c + 1] = first_[c] + n * c;
      second_[c + 1] = second_[c] + n * c * c;
    }
  }
  double all() const { return rows_[kCodes]; }
  double mean(uint32_t first, uint32_t last) const {
    const double n = rows_[last] - rows_[first];
    return n > 0 ? (first_[last] - first_[first]) / n : (first + last - 1) / 2.0;
  }
  double error(uint32_t first, uint32_t last) const {
    const double n = rows_[last] - rows_[first], sum = first_[last] - first_[first];
    return n > 0 ? second_[last] - second_[first] - sum * sum / n : 0;
  }

 private:
  std::array<double, kCodes + 1> rows_{}, first_{}, second_{};
};

}  // namespace

// Finds the best way to cut the codes into runs, by dynamic programming over the beginning of the
// last run.
Levels best_levels(const Histogram& codes) {
  const Sums sums(codes);
  if (!(sums.all() > 0)) {
    Histogram even;
    even.fill(1);
    return best_levels(even);
  }
  using Row = std::array<double, kCodes + 1>;
  std::array<Row, kLevels4 + 1> error;
  std::array<std::array<uint8_t, kCodes + 1>, kLevels4 + 1> begins{};
  for (Row& row : error) row.fill(std::numeric_limits<double>::infinity());
  error[0][0] = 0;
  for (uint32_t level = 1; level <= kLevels4; ++level) {
    for (uint32_t last = level; last <= kCodes; ++last) {
      for (uint32_t first = level - 1; first < last; ++first) {
        const double with = error[level - 1][first] + sums.error(first, last);
        if (!(with < error[level][last])) continue;
        error[level][last] = with;
        begins[level][last] = static_cast<uint8_t>(first);
      }
    }
  }
  Levels levels{};
  for (uint32_t level = kLevels4, last = kCodes; level > 0; --level) {
    const uint32_t first = begins[level][last];
    levels[level - 1] = static_cast<uint8_t>(std::lround(sums.mean(first, last)));
    last = first;
  }
  return levels;
}

std::array<uint8_t, kCodes> nearest_levels(const Levels& levels) {
  std::array<uint8_t, kCodes> nearest{};
  for (uint32_t c = 0; c < kCodes; ++c) {
    const auto apart = [&](uint32_t level) {
      return levels[level] > c ? levels[level] - c : c - levels[level];
    };
    for (uint32_t level = 1; level < kLevels4; ++level) {
      if (apart(level) < apart(nearest[c])) nearest[c] = static_cast<uint8_t>(level);
    }
  }
  return nearest;
}

void pack(const uint8_t* codes, uint32_t n, const std::array<uint8_t, kCodes>& nearest,
          uint8_t* out) {
  for (uint32_t i = 0; i < n; i += 2 * kNibbleGroup) {
    for (uint32_t j = 0; j < kNibbleGroup; ++j) {
      *out++ =
          static_cast<uint8_t>(nearest[codes[i + j]] | nearest[codes[i + kNibbleGroup + j]] << 4);
    }
  }
}

void unpack(const uint8_t* packed, uint32_t n, const Levels& levels, uint8_t* codes) {
  for (uint32_t i = 0; i < n; i += 2 * kNibbleGroup) {
    for (uint32_t j = 0; j < kNibbleGroup; ++j, ++packed) {
      codes[i + j] = levels[*packed & 15];
      codes[i + kNibbleGroup + j] = levels[*packed >> 4];
    }
  }
}

}  // namespace rhumb::coded
