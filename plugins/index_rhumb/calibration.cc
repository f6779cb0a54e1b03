#include "calibration.h"

#include <algorithm>
#include <vector>

#include "engine.h"
#include "search_request.h"

namespace rhumb::coded {
namespace {

constexpr double kGoodEnough = 0.9995;  // broader walks need not be tried
constexpr uint64_t kMissedMore = 32;    // a walk that ends early may miss this part more of what a full one misses

struct Sample {
  uint32_t slot;
  float farthest;  // of its true neighbours
};

// Neighbours of a row besides itself.
struct Asked {
  explicit Asked(uint32_t self) : slot(self) {}
  const uint32_t slot;
  uint32_t slots[kCalibrationHits + 1];
  float distances[kCalibrationHits + 1];
  uint32_t count = 0;
  rhumb_hits_t hits() { return {sizeof(rhumb_hits_t), 0, slots, distances, &count, 0, 0}; }
  // The distance of the last of them, and how many are no farther than `limit`.
  float last() const {
    float out = 0;
    for (uint32_t i = 0, n = 0; i < count && n < kCalibrationHits; ++i) {
      if (slots[i] == slot) continue;
      out = distances[i];
      ++n;
    }
    return out;
  }
  uint32_t within(float limit) const {
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; ++i) n += slots[i] != slot && distances[i] <= limit ? 1 : 0;
    return std::min(n, kCalibrationHits);
  }
};

}  // namespace

// The answer to a stored row as a query, along a given way.
void Engine::ask(const rhumb_call_t* call, const IndexedRanges::Snapshot& ranges, uint32_t slot, Way way, uint32_t ef, float reach,
                 rhumb_hits_t& hits) const {
  rhumb_query_t query{};
  query.struct_size = sizeof query;
  query.k = way == Way::kWalk ? kCalibrationHits : kCalibrationHits + 1;  // a scan finds the row itself, too
  Request r = request(call, query, hits, ef);
  r.ranges = ranges;
  r.hidden = slot;
  r.reach = reach;
  r.prepare(row_of(column_, slot));
  TopK best(query.k);
  if (way != Way::kWalk || !walk(r, {way, {}}, best)) scan_codes(r, r.trained->graph.nodes(), best);
  write_hits(hits, 0, query.k, best);
}

void Engine::calibrate(const rhumb_call_t* call, const IndexedRanges::Snapshot& ranges) {
  Trained& trained = *trained_.load(std::memory_order_acquire);
  calibrated_nodes_.store(trained.graph.nodes(), std::memory_order_relaxed);
  const uint32_t end = trained.graph.end();
  std::vector<Sample> samples;
  for (uint64_t i = 0; i < kCalibrationSamples; ++i) {
    // Evenly spread; of a stretch without nodes, none.
    const auto first = static_cast<uint32_t>(i * end / kCalibrationSamples), last = static_cast<uint32_t>((i + 1) * end / kCalibrationSamples);
    for (uint32_t slot = first; slot < last; ++slot) {
      if (!trained.graph.has(slot) || trained.graph.level(slot) != 0) continue;  // upper ones may be where a walk begins
      samples.push_back({slot, 0});
      break;
    }
  }
  if (samples.empty()) return;
  host_.parallel(samples.size(), [&](uint64_t i) {
    Asked asked(samples[i].slot);
    rhumb_hits_t hits = asked.hits();
    ask(call, ranges, samples[i].slot, Way::kCodes, 0, 0, hits);
    samples[i].farthest = asked.last();
  });
  const uint64_t wanted = samples.size() * kCalibrationHits;
  const auto found_at = [&](uint32_t breadth, float reach) {
    std::atomic<uint64_t> found{0};
    host_.parallel(samples.size(), [&](uint64_t i) {
      Asked asked(samples[i].slot);
      rhumb_hits_t hits = asked.hits();
      ask(call, ranges, samples[i].slot, Way::kWalk, breadth, reach, hits);
      found += asked.within(samples[i].farthest);
    });
    return found.load();
  };
  CalibrationTable table;
  uint64_t best = 0;
  size_t reach = 0;  // of kCalibrationReaches: what was too short for a breadth is too short for all broader ones
  for (size_t b = 0; b < kCalibrationBreadths.size(); ++b) {
    if (static_cast<double>(best) < kGoodEnough * static_cast<double>(wanted)) {
      const uint32_t breadth = kCalibrationBreadths[b];
      const uint64_t unlimited = found_at(breadth, 0), spare = (wanted - std::min(wanted, unlimited)) / kMissedMore;
      uint64_t found = unlimited;
      for (; reach < kCalibrationReaches.size(); ++reach) {
        found = found_at(breadth, kCalibrationReaches[reach]);
        if (found + spare >= unlimited) break;
        found = unlimited;
      }
      best = std::max(best, found);
      table.reaches[b] = reach < kCalibrationReaches.size() ? kCalibrationReaches[reach] : 0;
    }
    table.recalls[b] = static_cast<float>(best) / static_cast<float>(wanted);
  }
  trained.calibration.set(table);
  price(trained);
}

}  // namespace rhumb::coded
