// How broad a walk has to be for a recall, and when it may end before: measured on the graph
// itself.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace rhumb::coded {

inline constexpr uint32_t kCalibrationHits = 10;  // recall at so many
// smaller graphs are not measured while they grow
inline constexpr uint64_t kCalibratedNodesMin = 4096;
inline constexpr uint32_t kCalibrationSamples = 128;  // rows that ask for their own neighbours
// smaller graphs, and fewer rows more, are not judged while they grow
inline constexpr uint64_t kJudgedNodesMin = 1536, kJudgedGrowthMin = 512;
// of the rows that came: so many beyond the codes' range are looked at early
inline constexpr uint64_t kClippedPart = 10;
// of the samples may have copies, and the data count as without
inline constexpr size_t kCopiesPart = 16;
// factor on breadths for a recall, where measuring asks for more
inline constexpr float kSpreadMax = 8;
inline constexpr std::array<uint32_t, 12> kCalibrationBreadths{10, 16,  24,  32,  48,  64,
                                                               96, 128, 192, 256, 384, 512};

// How far beyond the tenth nearest a walk may have to go on: the factors that are tried, of
// distances as codes have them (mostly squared).
inline constexpr std::array<float, 8> kCalibrationReaches{1.1f, 1.15f, 1.2f, 1.25f,
                                                          1.3f, 1.4f,  1.6f, 2.0f};

// As a file keeps it, by kCalibrationBreadths.
struct CalibrationTable {
  std::array<float, kCalibrationBreadths.size()> recalls{};  // rising; 0 = not measured
  // after which nothing more was found (Walk::stop_beyond); 0 = no limit is known
  std::array<float, kCalibrationBreadths.size()> reaches{};
};

// Any thread may ask while it is measured anew.
class Calibration {
 public:
  void set(const CalibrationTable& table) {
    for (size_t i = 0; i < kCalibrationBreadths.size(); ++i) {
      recalls_[i].store(table.recalls[i], std::memory_order_relaxed);
      reaches_[i].store(table.reaches[i], std::memory_order_relaxed);
    }
    measured_.store(table.recalls.back() > 0, std::memory_order_release);
  }
  CalibrationTable table() const {
    CalibrationTable out;
    for (size_t i = 0; i < kCalibrationBreadths.size(); ++i) {
      out.recalls[i] = recalls_[i].load(std::memory_order_relaxed);
      out.reaches[i] = reaches_[i].load(std::memory_order_relaxed);
    }
    return out;
  }
  bool measured() const { return measured_.load(std::memory_order_acquire); }
  // A factor on the breadth for a recall: above 1 where moved rows found too little at the breadth
  // that the table names.
  float spread() const { return spread_.load(std::memory_order_relaxed); }
  void set_spread(float spread) { spread_.store(spread, std::memory_order_relaxed); }

  // For a walk of this breadth; 0 = no limit. Walks broader than the table go on as far as any that
  // was tried.
  float reach_for(uint32_t breadth) const {
    for (size_t i = 0; i < reaches_.size(); ++i) {
      if (breadth <= kCalibrationBreadths[i]) return reaches_[i].load(std::memory_order_relaxed);
    }
    return reaches_.back().load(std::memory_order_relaxed) > 0 ? kCalibrationReaches.back() : 0;
  }

  // The breadth for the closest k, `otherwise` if nothing was measured. Rows are easier to find
  // than queries from outside: what is missing to 1 is to be cut by kMargin more than asked.
  uint32_t breadth_for(double recall, uint32_t k, uint32_t otherwise) const {
    if (!measured()) return otherwise;
    const double target = 1 - (1 - recall) * kMargin;
    double breadth = kCalibrationBreadths.back();
    for (size_t i = 0; i < recalls_.size(); ++i) {
      const double here = recalls_[i].load(std::memory_order_relaxed);
      if (here < target) continue;
      breadth = kCalibrationBreadths[i];
      if (i == 0) break;
      const double before = recalls_[i - 1].load(std::memory_order_relaxed);
      const double part = here > before ? (target - before) / (here - before) : 1;
      breadth = kCalibrationBreadths[i - 1] +
                part * (kCalibrationBreadths[i] - kCalibrationBreadths[i - 1]);
      break;
    }
    breadth *= spread();
    // Further hits need their places in the pool, and about as many more as the first ones.
    const double beyond = k > kCalibrationHits ? (k - kCalibrationHits) * kPerFurtherHit : 0;
    return static_cast<uint32_t>(breadth + beyond + 0.999);
  }

 private:
  static constexpr double kMargin = 0.7;
  static constexpr double kPerFurtherHit = 1.25;
  std::array<std::atomic<float>, kCalibrationBreadths.size()> recalls_{}, reaches_{};
  std::atomic<float> spread_{1};
  std::atomic<bool> measured_{false};
};

}  // namespace rhumb::coded
