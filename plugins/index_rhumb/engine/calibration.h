// Measures on the graph itself how broad a walk has to be (its breadth is its ef) for a recall, and
// when it may end early.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace rhumb::coded {

inline constexpr uint32_t kCalibrationHits = 10;  // recall is measured at this k
// Smaller graphs are not calibrated while they grow.
inline constexpr uint64_t kCalibratedNodesMin = 4096;
// Number of rows that search for their own neighbours.
inline constexpr uint32_t kCalibrationSamples = 128;
// A growing graph is judged when it has at least kJudgedNodesMin nodes and kJudgedGrowthMin new
// ones.
inline constexpr uint64_t kJudgedNodesMin = 1536, kJudgedGrowthMin = 512;
// A graph is judged early if one in kClippedPart of the new rows lies beyond the codes' range.
inline constexpr uint64_t kClippedPart = 10;
// If at most one sample in kCopiesPart has copies, the data count as data without copies.
inline constexpr size_t kCopiesPart = 16;
// Largest factor on the breadth for a recall, which is used if measurements show that the breadth
// is too small.
inline constexpr float kSpreadMax = 8;
inline constexpr std::array<uint32_t, 12> kCalibrationBreadths{10, 16,  24,  32,  48,  64,
                                                               96, 128, 192, 256, 384, 512};

// How far beyond the tenth nearest hit a walk may have to go on. These factors on distances of
// codes (mostly squared distances) are tried.
inline constexpr std::array<float, 8> kCalibrationReaches{1.1f, 1.15f, 1.2f, 1.25f,
                                                          1.3f, 1.4f,  1.6f, 2.0f};

// The table as a file keeps it, indexed like kCalibrationBreadths.
struct CalibrationTable {
  std::array<float, kCalibrationBreadths.size()> recalls{};  // rising; 0 = not measured
  // The reach after which nothing more was found (Walk::stop_beyond); 0 = no limit is known.
  std::array<float, kCalibrationBreadths.size()> reaches{};
};

// Any thread may read it while it is being measured again.
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
  // A factor on the breadth for a recall. It is above 1 if moved rows found too little at the
  // breadth that the table gives.
  float spread() const { return spread_.load(std::memory_order_relaxed); }
  void set_spread(float spread) { spread_.store(spread, std::memory_order_relaxed); }

  // Returns the reach for a walk of this breadth; 0 = no limit. Walks broader than the table get
  // the longest reach that was tried.
  float reach_for(uint32_t breadth) const {
    for (size_t i = 0; i < reaches_.size(); ++i) {
      if (breadth <= kCalibrationBreadths[i]) return reaches_[i].load(std::memory_order_relaxed);
    }
    return reaches_.back().load(std::memory_order_relaxed) > 0 ? kCalibrationReaches.back() : 0;
  }

  // Returns the breadth for the closest k, or `otherwise` if nothing was measured. Stored rows are
  // easier to find than queries from outside, so the part that may be missed is smaller than asked
  // for by the factor kMargin.
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
    // Each further hit needs a place in the pool, and about as much more as the first hits do.
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
