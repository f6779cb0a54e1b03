// Measures the cost of a walk and of a scan on this machine with this graph's codes. Filtered
// queries are planned with these figures (costs.h).
#include <time.h>

#include <algorithm>
#include <vector>

#include "engine/engine.h"
#include "engine/search_request.h"

namespace rhumb::coded {
namespace {

// Smaller graphs are scanned without measuring.
constexpr uint32_t kPricedNodesMin = 8192;
// Numbers of rows for scans by codes and by one-bit codes. The rows are spread over the graph as a
// filter would leave them.
constexpr uint32_t kFewRows = 1024, kMoreRows = kBitScanRows - 1, kFewBitRows = kBitScanRows,
                   kMoreBitRows = 2 * kBitScanRows;
constexpr uint32_t kNarrow = 32, kBroad = 96;  // breadths of the measured walks
constexpr uint32_t kAskers = 4, kRounds = 3;
constexpr double kFactorMax = 2.5;  // larger factors are taken for disturbances

double thread_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

std::vector<uint32_t> spread_nodes(const Graph& graph, uint32_t n) {
  std::vector<uint32_t> slots;
  const uint64_t end = graph.end();
  for (uint64_t i = 0; i < n; ++i) {
    const auto slot = static_cast<uint32_t>(i * end / n);
    if (graph.has(slot)) slots.push_back(slot);
  }
  return slots;
}

// Returns the shortest of some runs, after one run that warms up.
template <typename Fn>
double shortest_ns(Fn fn) {
  fn();
  double best = 1e18;
  for (uint32_t round = 0; round < kRounds; ++round) {
    const double before = thread_ns();
    fn();
    best = std::min(best, thread_ns() - before);
  }
  return best;
}

}  // namespace

void Engine::price(Trained& trained) const {
  const Graph& graph = trained.graph;
  if (graph.nodes() < kPricedNodesMin) return;
  const auto whole = std::make_shared<std::vector<SlotRange>>(1, SlotRange{0, graph.end()});
  const std::vector<uint32_t> askers = spread_nodes(graph, kAskers);
  const auto run = [&](const rhumb_filter_t* filter, uint32_t ef) {
    for (const uint32_t slot : askers) {
      uint32_t slots[kCalibrationHits], count = 0;
      float distances[kCalibrationHits];
      rhumb_hits_t hits{sizeof hits, 0, slots, distances, &count, 0, 0};
      rhumb_query_t query{};
      query.struct_size = sizeof query;
      query.k = kCalibrationHits;
      query.filter = filter;
      Request r = request(nullptr, query, hits, ef);
      r.ranges = whole;
      r.reach = 0;
      r.prepare(row_of(column_, slot));
      TopK best(query.k);
      if (filter != nullptr)
        scan_codes(r, filter->pass_count, best);
      else
        walk(r, {Way::kWalk, {}}, best);
    }
  };
  const auto scan_ns = [&](uint32_t rows) {
    const std::vector<uint32_t> slots = spread_nodes(graph, rows);
    const rhumb_filter_t filter{
        sizeof filter, RHUMB_FILTER_SLOTS, nullptr, slots.data(), 0, slots.size(), nullptr};
    return shortest_ns([&] { run(&filter, kNarrow); }) / static_cast<double>(askers.size());
  };
  const auto walk_ns = [&](uint32_t ef) {
    return shortest_ns([&] { run(nullptr, ef); }) / static_cast<double>(askers.size());
  };
  // Differences are used, so that the fixed cost of a search cancels out.
  const Costs costs{
      trained.codec.compared_bytes(), trained.codec.bit_stride(), graph.shape().degree, {}};
  const auto within = [](double factor) {
    return static_cast<float>(std::clamp(factor, 1 / kFactorMax, kFactorMax));
  };
  const auto scan_factor = [&](uint32_t few, uint32_t more, double row_ns) {
    return within((scan_ns(more) - scan_ns(few)) / ((more - few) * row_ns));
  };
  trained.prices.scan.store(scan_factor(kFewRows, kMoreRows, costs.scan_row_ns()),
                            std::memory_order_relaxed);
  if (trained.codec.bit_bytes() != 0) {
    trained.prices.bit_scan.store(scan_factor(kFewBitRows, kMoreBitRows, costs.scan_bit_row_ns()),
                                  std::memory_order_relaxed);
  }
  const double walk =
      (walk_ns(kBroad) - walk_ns(kNarrow)) / (costs.walk_ns(kBroad) - costs.walk_ns(kNarrow));
  trained.prices.walk.store(within(walk), std::memory_order_relaxed);
}

}  // namespace rhumb::coded
