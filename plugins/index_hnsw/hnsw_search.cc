// Decides how a query is answered: by a walk through the graph, or by comparing all slots that pass
// the filter (a scan). Two measured facts on clustered data of 128 and 1536 dimensions: a distance
// in a scan costs a third to a fifth of a distance in a walk, because a walk reads rows in random
// order; and with a filter that lets the share p pass, a walk is p^-0.68 times as long.
#include <algorithm>
#include <cmath>
#include <shared_mutex>

#include "hnsw.h"
#include "rhumb/cpp/index_query.h"
#include "traversal.h"

namespace rhumb::hnsw {
namespace {

constexpr float kWidenMax = 64;
constexpr double kWalkCost = 3;  // cost of a distance in a walk, in distances of a scan
constexpr double kFilterExponent = 0.68;
// A walk that has cost this many times as much as the scan stops, and the scan answers.
constexpr double kPatience = 2;

// The bits of a filter that was given as a list. They are cleared when the search ends.
class PassingBits {
 public:
  PassingBits(const SlotFilter& filter, uint64_t capacity, Scratch& scratch)
      : filter_(filter), capacity_(capacity), bits_(scratch.passing) {
    if (!filter_.by_slots()) return;
    bits_.resize(std::max<size_t>(bits_.size(), capacity / 64 + 1));
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
    filter_.for_each(0, static_cast<uint32_t>(std::min<uint64_t>(capacity_, ~uint32_t{0})), fn);
  }
  const SlotFilter& filter_;
  const uint64_t capacity_;
  std::vector<uint64_t>& bits_;
};

}  // namespace

bool Hnsw::scans(uint64_t passing, uint32_t ef) const {
  const auto indexed = static_cast<double>(graph_.nodes());
  if (indexed == 0 || passing == 0) return true;
  const double share = std::min(1.0, static_cast<double>(passing) / indexed);
  const double walk = static_cast<double>(ef) * graph_.m() * std::pow(share, -kFilterExponent);
  return static_cast<double>(passing) <= kWalkCost * walk;
}

// Walks the graph for one query. `best` becomes the results, in the thread's scratch, or NULL if a
// scan has to find them.
uint64_t Hnsw::walk_one(const void* query, uint32_t k, uint32_t ef, const SlotFilter& filter,
                        Pacer& pacer, TopK*& best) {
  const std::shared_lock lock(growth_);
  Scratch& scratch = Scratch::of_this_thread();
  const auto entry = graph_.entry();
  best = nullptr;
  if (!entry) return 0;
  const uint64_t passing = filter.pass_count(graph_.nodes());
  const auto budget = static_cast<uint64_t>(kPatience / kWalkCost * static_cast<double>(passing));
  Walk walk(graph_, column_, kernel_, query, pacer, scratch);
  HitKey at = walk.measured(entry->slot);
  for (uint32_t level = entry->level; level > 0; --level) at = walk.descend(at, level);
  bool found;
  if (filter.by_slots()) {
    const PassingBits passes(filter, graph_.capacity(), scratch);
    found = walk.search_level(at, 0, ef, budget, [&](uint32_t slot) { return passes(slot); });
  } else {
    found =
        walk.search_level(at, 0, ef, budget, [&](uint32_t slot) { return filter.passes(slot); });
  }
  // With fewer hits than possible, parts of the graph may be unreachable, or slots that the filter
  // counts have no vector.
  if (found && scratch.best.size() >= std::min<uint64_t>(k, passing)) best = &scratch.best;
  return walk.distances();
}

void Hnsw::search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
  check_call(call, host_);
  const auto queries = rows_of(column_, query, out);
  const SlotFilter filter(column_, query.filter);
  const auto ranges = ranges_.snapshot();
  const uint32_t k = query.k;
  const float widen = query.widen > 0 ? std::min(query.widen, kWidenMax) : 1.0f;
  const uint32_t ef = std::max(
      k, query.ef != 0 ? query.ef
                       : static_cast<uint32_t>(static_cast<float>(options_.ef_construct) * widen));
  Pacer pacer(call, host_, column_);
  if (k == 0 || (query.flags & RHUMB_QUERY_EXACT) != 0 ||
      scans(filter.pass_count(graph_.nodes()), ef)) {
    std::vector<TopK> tops(queries.size(), TopK(k));
    if (k > 0)
      out.exact_distances += exact_scan(kernel_, column_, filter, *ranges, queries, tops, pacer);
    for (size_t i = 0; i < queries.size(); ++i) write_hits(out, i, k, tops[i]);
    return;
  }
  for (size_t i = 0; i < queries.size(); ++i) {
    TopK* best = nullptr;
    out.exact_distances += walk_one(queries[i], k, ef, filter, pacer, best);
    TopK scanned(k);
    if (best == nullptr) {
      best = &scanned;
      out.exact_distances +=
          exact_scan(kernel_, column_, filter, *ranges, {&queries[i], 1}, {&scanned, 1}, pacer);
    }
    write_hits(out, i, k, *best);
  }
}

}  // namespace rhumb::hnsw
