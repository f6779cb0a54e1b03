// Decides how a query is answered, and answers it. Candidates that were found by codes are compared
// again by the host's vectors.
#include <algorithm>
#include <cmath>

#include "engine/engine.h"
#include "engine/search_request.h"
#include "rhumb/cpp/index_query.h"

namespace rhumb::coded {
namespace {

// Filters that are correlated with the clusters need broader walks than calibration has seen,
// because calibration knows no filters.
constexpr uint32_t kFilteredBreadth = 2, kFilteredBreadthMin = 64;
constexpr float kWidenMax = 64;
// If at least this share passes (the rest is mostly deleted), a walk need not keep the passing
// nodes apart from the others.
constexpr double kMostPassShare = 0.95;
constexpr uint32_t kMostPassSpare = 6;  // such a walk is broader by one part in this many
constexpr uint64_t kScanRows = 256;     // a walk never pays below this number of rows
// If the last candidates that were compared exactly still brought hits, codes may have put other
// hits further back. Of the candidates compared so far a quarter is watched, but at least four.
// Comparing ends when at most an eighth of the watched ones were hits.
constexpr size_t kWatchedPart = 4, kWatchedMin = 4, kHitsPart = 8;
// A scan by codes keeps this many times the candidates that are compared exactly at least.
constexpr uint32_t kScanPool = 4;
constexpr double kLengthSureness = 1.001;   // lengths and products are sums of floats
constexpr uint64_t kExactScanRows = 65536;  // most rows that a scan in doubt compares exactly

// Returns how many of the closest by codes (or one-bit codes) have to be compared again so that the
// closest k are among them. Coarser codes need more. For codes of a byte it is the number measured
// at ten hits, if that is larger than usual.
uint32_t rescored_of(const Trained& trained, bool by_floats, uint32_t k, float oversampling) {
  constexpr uint32_t kAll = 1u << 30, kUsualPlaces = 6;
  const Codec& codec = trained.codec;
  if (!(oversampling > 0)) {
    if (by_floats) return k + kWatchedMin;
    if (codec.products()) return k + (k / 2 + 8) * codec.params().sub;
    if (codec.nibbles()) return k + k / 2 + 9;
    const uint32_t places = trained.measured.places.load(std::memory_order_relaxed);
    return places > kUsualPlaces ? k + 2 * places * std::max(1u, k / kCalibrationHits)
                                 : k + k / 4 + 4;
  }
  return oversampling * static_cast<float>(k) < static_cast<float>(kAll)
             ? std::max(k, static_cast<uint32_t>(oversampling * static_cast<float>(k)))
             : kAll;
}
uint32_t rescored_bits_of(uint32_t k) { return 8 * k + 80; }

// The bits of a filter that was given as a list. They are cleared when the search ends.
class PassingBits {
 public:
  PassingBits(const SlotFilter& filter, uint64_t end, std::vector<uint64_t>& bits)
      : filter_(filter), end_(end), bits_(bits) {
    if (!filter_.by_slots()) return;
    if (bits_.size() < end_ / 64 + 1) bits_.resize(end_ / 64 + 1);
    for_each([this](uint32_t slot) { bits_[slot >> 6] |= uint64_t{1} << (slot & 63); });
  }
  ~PassingBits() {
    if (filter_.by_slots()) for_each([this](uint32_t slot) { bits_[slot >> 6] = 0; });
  }
  PassingBits(const PassingBits&) = delete;
  PassingBits& operator=(const PassingBits&) = delete;
  bool operator()(uint32_t slot) const { return (bits_[slot >> 6] >> (slot & 63) & 1) != 0; }

 private:
  template <typename Fn>
  void for_each(Fn fn) const {
    filter_.for_each(0, static_cast<uint32_t>(end_), fn);
  }
  const SlotFilter& filter_;
  const uint64_t end_;
  std::vector<uint64_t>& bits_;
};

bool everything_passes(const rhumb_filter_t* filter, uint32_t end) {
  if (filter == nullptr) return true;
  if (filter->kind != RHUMB_FILTER_ALL) return false;
  if (filter->live == nullptr) return filter->bit_count == 0 || filter->bit_count >= end;
  return filter->bit_count >= end && filter->pass_count == filter->bit_count;
}

}  // namespace

Engine::Plan Engine::plan(const Request& r, uint64_t passing) const {
  const Graph& graph = r.trained->graph;
  const Costs costs{r.trained->codec.compared_bytes(), r.trained->codec.bit_stride(),
                    graph.shape().degree, r.trained->prices.factors()};
  const auto rows = static_cast<double>(passing), nodes = static_cast<double>(graph.nodes());
  if (passing <= kScanRows || nodes == 0) return {Way::kCodes, {}};
  double scan_ns = rows * costs.scan_row_ns();
  if (r.scans_bits(passing))
    scan_ns = rows * costs.scan_bit_row_ns() + rescored_bits_of(r.k) * costs.rescored_code_ns();
  const double walk_ns = costs.walk_ns(r.ef);
  if (r.all_pass) return {scan_ns <= walk_ns ? Way::kCodes : Way::kWalk, {}};
  if (scan_ns <= Costs::kSureness * walk_ns * Costs::lengthening(std::min(1.0, rows / nodes)))
    return {Way::kCodes, {}};
  return {rows >= kMostPassShare * nodes ? Way::kMostPass : Way::kPassing,
          {scan_ns / costs.distance_ns(), costs.walk_distances(r.ef)}};
}

// Compares candidates by the host's vectors. Returns how many of those from `watched` on are hits
// so far.
size_t Engine::compare(Request& r, std::span<const WalkKey> candidates, size_t watched,
                       TopK& best) const {
  std::vector<uint32_t>& ids = r.scratch.passing;
  if (ids.size() < candidates.size()) ids.resize(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) ids[i] = walk_slot(candidates[i]);
  std::vector<float> distances(candidates.size());
  kernel_.slots(r.vector, &column_, ids.data(), candidates.size(), distances.data());
  r.pacer.rows(candidates.size());
  r.out.exact_distances += candidates.size();
  size_t hits = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const HitKey key = hit_key(distances[i], ids[i]);
    hits += i >= watched && best.takes(key) ? 1 : 0;
    best.push(key);
  }
  return hits;
}

// Compares the `at_least` closest entries of the pool (by 7-bit codes). Then it compares more, as
// long as the last ones are still hits, or have the same distance by codes as the ones left out.
// Returns false if it is in doubt when the pool ends.
bool Engine::rescore(Request& r, std::vector<WalkKey>& pool, size_t at_least, TopK& best) const {
  size_t done = std::min(at_least, pool.size());
  if (done == pool.size() || r.query.oversampling > 0) {
    if (done < pool.size())
      std::nth_element(pool.begin(), pool.begin() + static_cast<ptrdiff_t>(done), pool.end());
    compare(r, {pool.data(), done}, done, best);
    return true;
  }
  const auto at = [&pool](size_t i) { return pool.begin() + static_cast<ptrdiff_t>(i); };
  std::nth_element(pool.begin(), at(done), pool.end());
  size_t watched = std::min(done, std::max(kWatchedMin, done / kWatchedPart));
  std::nth_element(pool.begin(), at(done - watched), at(done));
  size_t hits = compare(r, {pool.data(), done}, done - watched, best);
  bool in_doubt = false;
  for (;;) {
    const uint32_t last = walk_distance(*std::max_element(at(done - watched), at(done)));
    if (hits * kHitsPart < watched && walk_distance(pool[done]) != last) break;
    in_doubt = true;
    const size_t first = done;
    done = std::min(pool.size(), done + std::max(kWatchedMin, done / kWatchedPart));
    watched = done - first;
    if (done < pool.size()) std::nth_element(at(first), at(done), pool.end());
    hits = compare(r, {pool.data() + first, watched}, 0, best);
    if (done == pool.size()) break;
  }
  if (in_doubt) doubtful_.fetch_add(1, std::memory_order_relaxed);
  return !in_doubt || done < pool.size() || hits * kHitsPart < watched;
}

// Cuts the pool to the `most` closest entries.
static void shorten(std::vector<WalkKey>& pool, uint32_t most) {
  if (pool.size() <= most) return;
  std::nth_element(pool.begin(), pool.begin() + most, pool.end());
  pool.resize(most);
}

// Replaces the pool's keys by one-bit codes with keys by codes.
void Engine::remeasure(Request& r) const {
  std::vector<WalkKey>& pool = r.scratch.pool;
  std::vector<uint32_t>&ids = r.scratch.passing, &distances = r.scratch.distances;
  if (ids.size() < pool.size()) ids.resize(pool.size());
  if (distances.size() < pool.size()) distances.resize(pool.size());
  for (size_t i = 0; i < pool.size(); ++i) ids[i] = walk_slot(pool[i]);
  r.code_probe()(ids.data(), static_cast<uint32_t>(pool.size()), distances.data());
  r.out.code_distances += pool.size();
  for (size_t i = 0; i < pool.size(); ++i) pool[i] = walk_key(distances[i], ids[i]);
}

// Leaves the results in the pool. Returns false if the walk gave up.
template <typename Passes>
bool Engine::walk_filtered(Request& r, const Plan& plan, Walk& walk, WalkKey at,
                           Passes passes) const {
  if (plan.way == Way::kMostPass) {
    // Walks as if all nodes passed, a little broader. Enough results are left unless the nodes that
    // do not pass are all near the query.
    std::vector<WalkKey>& pool = r.scratch.pool;
    walk.search(at, 0, r.ef + r.ef / kMostPassSpare + 1);
    std::erase_if(pool, [&](WalkKey key) { return !passes(walk_slot(key)); });
    if (pool.size() >= r.ef) return true;
  }
  return walk.search_passing(at, r.ef, plan.budget, passes);
}

// Returns false if a scan has to find the hits.
bool Engine::walk(Request& r, const Plan& plan, TopK& best) const {
  const Graph& graph = r.trained->graph;
  const auto entry = graph.entry();
  if (!entry) return false;
  const uint64_t wanted = std::min<uint64_t>(r.k, r.filter.pass_count(graph.nodes()));
  Walk walk(graph, r.walk_probe(), r.bound, r.pacer, r.scratch);
  walk.hide(r.hidden);
  WalkKey at = walk.measured(entry->slot);
  for (uint32_t level = entry->level; level > 0; --level) at = walk.descend(at, level);
  bool found = true;
  if (plan.way == Way::kWalk) {
    // If vectors themselves are compared, queries of inner products have no distances that can be
    // multiplied.
    if (!r.by_floats || metric_ != RHUMB_DOT)
      walk.stop_beyond(std::max(r.k, kCalibrationHits), r.reach);
    walk.search(at, 0, r.ef);
  } else if (r.filter.by_slots()) {
    const PassingBits passes(r.filter, walk.bound(), r.scratch.bits);
    found = walk_filtered(r, plan, walk, at, [&](uint32_t slot) { return passes(slot); });
  } else {
    found = walk_filtered(r, plan, walk, at, [&](uint32_t slot) { return r.filter.passes(slot); });
  }
  r.out.code_distances += walk.distances();
  std::vector<WalkKey>& pool = r.scratch.pool;
  if (!found || pool.size() < wanted) return false;
  if (r.walks_bits()) remeasure(r);
  rescore(r, pool, rescored_of(*r.trained, r.by_floats, r.k, r.query.oversampling), best);
  return true;
}

// Compares the codes of all passing rows, and the vectors of the closest. If a doubt is left, it
// compares all vectors, unless there are too many.
void Engine::scan_codes(Request& r, uint64_t passing, TopK& best) const {
  constexpr uint32_t kBatch = 256;
  const bool by_bits = r.scans_bits(passing);
  const Probe probe = by_bits ? r.walk_probe() : r.code_probe();
  const uint32_t at_least = 2 * rescored_of(*r.trained, r.by_floats, r.k, 0),
                 limit = by_bits ? rescored_bits_of(r.k) : kScanPool * at_least;
  std::vector<WalkKey>& pool = r.scratch.pool;
  pool.clear();
  WalkKey worst = ~WalkKey{0};
  uint32_t slots[kBatch], distances[kBatch];
  uint32_t n = 0;
  const auto flush = [&] {
    probe(slots, n, distances);
    r.pacer.rows(n / 4 + 1);
    r.out.code_distances += n;
    for (uint32_t i = 0; i < n; ++i) {
      const WalkKey key = walk_key(distances[i], slots[i]);
      if (key >= worst) continue;
      pool.push_back(key);
      if (pool.size() < 2 * limit) continue;
      std::nth_element(pool.begin(), pool.begin() + limit - 1, pool.end());
      pool.resize(limit);
      worst = pool[limit - 1];
    }
    n = 0;
  };
  const Graph& graph = r.trained->graph;
  const bool some_left_out = some_left_out_.load(std::memory_order_relaxed);
  for (const SlotRange& range : *r.ranges) {
    r.filter.for_each(range.first,
                      static_cast<uint32_t>(std::min<uint64_t>(range.end, graph.capacity())),
                      [&](uint32_t slot) {
                        if (some_left_out && !graph.has(slot)) return;
                        slots[n++] = slot;
                        if (n == kBatch) flush();
                      });
  }
  if (n > 0) flush();
  if (by_bits) {
    shorten(pool, limit);
    remeasure(r);
  }
  if (rescore(r, pool, at_least, best) || passing > kExactScanRows) return;
  const void* const query[] = {r.vector};
  best.reset(r.k);
  r.out.exact_distances +=
      exact_scan(kernel_, column_, r.filter, *r.ranges, query, {&best, 1}, r.pacer);
}

// Compares the rows that are kept out of the graph because of their length. Returns true if nothing
// in the graph can be closer than the present results, because <q, x> is at most |q| |x| (Cauchy,
// Schwarz).
bool Engine::add_long_rows(Request& r, TopK& best) const {
  const LongRows::Snapshot rows = r.trained->long_rows.snapshot();
  if (rows->empty()) return false;
  const double length =
      std::sqrt(static_cast<double>(square_of_row(r.vector, column_.scalar, column_.dim))) *
      kLengthSureness;
  const auto decided = [&](float row_length) {
    return best.full() && -hit_distance(best.worst()) >= length * row_length;
  };
  for (const LongRows::Row& row : *rows) {
    if (decided(row.length)) return true;
    if (row.slot == r.hidden || !r.filter.passes(row.slot)) continue;
    best.push(hit_key(kernel_.one(r.vector, row_of(column_, row.slot), column_.dim), row.slot));
    ++r.out.exact_distances;
    r.pacer.rows(1);
  }
  return rows->size() < kLongRowsMax && decided(r.trained->codec.params().reach);
}

// Rows without a direction have a cosine of 0 with every query. They are added only when nothing
// closer is left.
void Engine::add_left_out(Request& r, TopK& best) const {
  constexpr float kNoDirection = 1;
  if (metric_ != RHUMB_COSINE || !some_left_out_.load(std::memory_order_relaxed)) return;
  if (best.full() && hit_distance(best.worst()) < kNoDirection) return;
  uint32_t wanted = r.k;
  for (const SlotRange& range : *r.ranges) {
    r.filter.for_each(range.first, range.end, [&](uint32_t slot) {
      if (wanted == 0 || r.trained->graph.has(slot)) return;
      best.push(hit_key(kNoDirection, slot));
      --wanted;
    });
  }
}

void Engine::answer(Request& r, size_t i) const {
  TopK best(r.k);
  const uint64_t passing = r.filter.pass_count(r.trained->graph.nodes());
  const Plan chosen = plan(r, passing);
  bool done = add_long_rows(r, best);
  if (!done && chosen.way != Way::kCodes) done = walk(r, chosen, best);
  if (!done) scan_codes(r, passing, best);
  add_left_out(r, best);
  write_hits(r.out, i, r.k, best);
}

Engine::Request Engine::request(const rhumb_call_t* call, const rhumb_query_t& query,
                                rhumb_hits_t& out, uint32_t ef) const {
  // The order of these reads matters: a slot in the ranges is then also in the graph, if there is
  // one.
  auto ranges = ranges_.snapshot();
  const Trained* const trained = trained_.load(std::memory_order_acquire);
  const uint32_t bound = trained != nullptr ? trained->graph.end() : 0;
  const bool all_pass = trained != nullptr && everything_passes(query.filter, bound);
  if (ef == 0 && trained != nullptr) {
    const double recall =
        query.recall > 0 ? std::min<double>(query.recall, kRecallMax) : options_.recall;
    ef = trained->calibration.breadth_for(recall, query.k, options_.ef_construct);
    if (!all_pass) ef = std::max(ef * kFilteredBreadth, kFilteredBreadthMin);
    if (query.widen > 0)
      ef = static_cast<uint32_t>(static_cast<float>(ef) * std::min(query.widen, kWidenMax));
  }
  Request r{query,
            SlotFilter(column_, query.filter),
            std::move(ranges),
            trained,
            Pacer(call, host_, column_),
            Scratch::of_this_thread(),
            out,
            query.k,
            std::max(query.k, ef),
            bound,
            all_pass};
  // A search that asks for more exact comparisons than calibration used wants the whole breadth.
  if (trained != nullptr && !(query.oversampling > 0))
    r.reach = trained->calibration.reach_for(r.ef);
  return r;
}

void Engine::search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
  check_call(call, host_);
  const auto queries = rows_of(column_, query, out);
  Request r = request(call, query, out, query.ef);
  const Trained* const trained = r.trained;
  if (r.k == 0 || (query.flags & RHUMB_QUERY_EXACT) != 0 || trained == nullptr) {
    std::vector<TopK> tops(queries.size(), TopK(r.k));
    if (r.k > 0)
      out.exact_distances +=
          exact_scan(kernel_, column_, r.filter, *r.ranges, queries, tops, r.pacer);
    for (size_t i = 0; i < queries.size(); ++i) write_hits(out, i, r.k, tops[i]);
    return;
  }
  for (size_t i = 0; i < queries.size(); ++i) {
    r.prepare(queries[i]);
    answer(r, i);
  }
}

}  // namespace rhumb::coded
