#include "engine/calibration.h"

#include <algorithm>
#include <vector>

#include "engine/engine.h"
#include "engine/samples.h"
#include "engine/search_request.h"

namespace rhumb::coded {
namespace {

constexpr double kGoodEnough = 0.9995;  // with this recall, broader walks need not be tried
// A walk that ends early may lose hits against a full walk: one for every kMissedMore hits that the
// full walk misses, and one more, as chance, if the full walk misses at least kMissedByChance.
constexpr uint64_t kMissedMore = 32;
constexpr size_t kReachSteps = 2;
constexpr uint64_t kMissedByChance = 8;

// The answer to one sample.
struct Answer {
  uint32_t slots[kCalibrationHits];
  float distances[kCalibrationHits];
  uint32_t count = 0;
  rhumb_hits_t hits() { return {sizeof(rhumb_hits_t), 0, slots, distances, &count, 0, 0}; }
  // Returns how many hits are no farther than `limit`.
  uint32_t within(float limit) const {
    return static_cast<uint32_t>(
        std::count_if(distances, distances + count, [limit](float d) { return d <= limit; }));
  }
};

}  // namespace

// Answers a sample by a walk without a filter, or by a scan if the walk finds too few.
void Engine::ask(const rhumb_call_t* call, const Sample& sample, uint32_t ef, float reach,
                 rhumb_hits_t& hits) const {
  rhumb_query_t query{};
  query.struct_size = sizeof query;
  query.k = kCalibrationHits;
  Request r = request(call, query, hits, ef);
  r.hidden = sample.slot;
  r.reach = reach;
  r.prepare(sample.vector(column_));
  TopK best(query.k);
  if (!add_long_rows(r, best)) walk(r, {Way::kWalk, {}}, best);
  write_hits(hits, 0, query.k, best);
}

// Returns how many of the true neighbours of all samples a walk of this breadth finds.
uint64_t Engine::found_by(std::span<const Sample> samples, uint32_t ef, float reach,
                          const rhumb_call_t* call) const {
  std::atomic<uint64_t> found{0};
  host_.parallel(samples.size(), [&](uint64_t i) {
    Answer answer;
    rhumb_hits_t hits = answer.hits();
    ask(call, samples[i], ef, reach, hits);
    found += std::min(answer.within(samples[i].farthest), samples[i].count);
  });
  return found.load();
}

void Engine::calibrate(const rhumb_call_t* call) {
  Trained& trained = *trained_.load(std::memory_order_acquire);
  calibrated_nodes_.store(trained.graph.nodes(), std::memory_order_relaxed);
  const NodeBits nodes(trained.graph, *trained.long_rows.snapshot());
  std::vector<Sample> samples = stored_samples(trained.graph, column_, kCalibrationSamples);
  if (samples.empty()) return;
  answer_exactly(samples, kernel_, column_, nodes.range(), &nodes.filter(), call, host_);
  const size_t copied = move_copies(samples, nodes.filter(), call);
  uint64_t wanted = 0;
  for (const Sample& sample : samples) wanted += sample.count;
  if (wanted == 0) return;
  // If vectors themselves are compared, queries of inner products have no distances that can be
  // multiplied. And ten copies of one vector say nothing about the distance of the next row.
  const bool copies = copied > samples.size() / kCopiesPart,
             may_end_early = !(trained.codec.floats() && metric_ == RHUMB_DOT) && !copies;
  CalibrationTable table;
  uint64_t best = 0;
  // A reach that was too short for one breadth is too short for all broader ones.
  size_t reach = may_end_early ? 0 : kCalibrationReaches.size();
  for (size_t b = 0; b < kCalibrationBreadths.size(); ++b) {
    if (static_cast<double>(best) < kGoodEnough * static_cast<double>(wanted)) {
      const uint32_t breadth = kCalibrationBreadths[b];
      const uint64_t unlimited = found_by(samples, breadth, 0, call),
                     missed = wanted - std::min(wanted, unlimited);
      const uint64_t spare = missed / kMissedMore + (missed >= kMissedByChance ? 1 : 0);
      uint64_t found = unlimited;
      for (; reach < kCalibrationReaches.size(); ++reach) {
        found = found_by(samples, breadth, kCalibrationReaches[reach], call);
        if (found + spare >= unlimited) break;
        found = unlimited;
      }
      best = std::max(best, found);
      table.reaches[b] = reach < kCalibrationReaches.size() ? kCalibrationReaches[reach] : 0;
    } else if (reach < kCalibrationReaches.size()) {
      // The samples can show no more: everything was found. A search that asks for a broader walk
      // wants more, so it gets a longer reach.
      table.reaches[b] =
          kCalibrationReaches[std::min(reach + kReachSteps, kCalibrationReaches.size() - 1)];
    }
    table.recalls[b] = static_cast<float>(best) / static_cast<float>(wanted);
  }
  trained.calibration.set(table);
  judge(trained, samples, copies, nodes.filter(), call);
  price(trained);
}

// A growing graph is calibrated each time its size has doubled. It is judged each time it has grown
// by half, or many rows beyond its codes' range have come. The insert that finds this out does the
// work.
void Engine::measure_grown(Trained& trained, const rhumb_call_t* call) {
  const uint64_t nodes = trained.graph.nodes();
  uint64_t known = calibrated_nodes_.load(std::memory_order_relaxed);
  if (nodes >= kCalibratedNodesMin && nodes >= 2 * known) {
    if (calibrated_nodes_.compare_exchange_strong(known, nodes)) calibrate(call);
    return;
  }
  known = judged_nodes_.load(std::memory_order_relaxed);
  if (nodes < kJudgedNodesMin || nodes < known + kJudgedGrowthMin) return;
  const uint64_t clipped =
      trained.insertion.clipped() -
      std::min(trained.insertion.clipped(), judged_clipped_.load(std::memory_order_relaxed));
  if (nodes < known + known / 2 && clipped < (nodes - known) / kClippedPart) return;
  if (judged_nodes_.compare_exchange_strong(known, nodes)) judge_grown(trained, call);
}

}  // namespace rhumb::coded
