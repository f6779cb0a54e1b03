// Walks the graph: greedily through the upper levels, then best first with a bounded, sorted pool
// of the nodes that were met.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "engine/costs.h"
#include "graph/graph.h"
#include "rhumb/cpp/exact_scan.h"

namespace rhumb::coded {

// Working memory of one walk. Each thread keeps one for all instances, so its size is that of the
// largest graph that the thread has walked (an eighth of a byte per slot).
struct Scratch {
  std::vector<uint32_t> visited;  // one bit per slot; all zero between walks
  std::vector<uint32_t> touched;  // slots whose bit in `visited` is set: the first touched_n
  size_t touched_n = 0;
  std::vector<uint32_t> distances, passing;  // of one step
  std::vector<WalkKey> pool;                 // the walk's results, sorted
  std::vector<WalkKey> closer;               // of one step: keys that may enter the pool
  // A min-heap for walks through nodes that may not be results.
  std::vector<WalkKey> frontier;
  // The bits of a filter that is given as a list. All zero between searches.
  std::vector<uint64_t> bits;
  std::vector<float> prepared;
  std::vector<uint8_t> code;
  std::vector<char> planes;

  static Scratch& of_this_thread() {
    static thread_local Scratch scratch;
    return scratch;
  }
};

// Limits for a filtered walk.
struct Budget {
  double distances;   // cost of the other way to answer, in distances of a walk
  double unfiltered;  // distances of a walk without a filter
};

// A walk through one graph for one query, or for one vector that is to be linked. It lives on the
// stack of a call. It ignores slots from `bound` on, which is at most the graph's end when the call
// began.
class Walk {
 public:
  Walk(const Graph& graph, const Probe& probe, uint32_t bound, Pacer& pacer, Scratch& scratch)
      : graph_(graph),
        probe_(probe),
        pacer_(pacer),
        scratch_(scratch),
        bound_(bound),
        links_max_(graph.shape().degree + kSlackLinks) {
    if (scratch_.visited.size() < bound_ / 32 + 1) scratch_.visited.resize(bound_ / 32 + 1);
    const size_t step = kStepNodes * (links_max_ + 16);
    if (scratch_.distances.size() < step) scratch_.distances.resize(step);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  uint64_t distances() const noexcept { return distances_; }
  uint32_t bound() const noexcept { return bound_; }
  WalkKey measured(uint32_t slot) {
    uint32_t distance = 0;
    score(&slot, 1, &distance);
    return walk_key(distance, slot);
  }

  // Moves greedily from `at` on `level`, and returns the first node that has no closer neighbour.
  WalkKey descend(WalkKey at, uint32_t level) {
    std::vector<uint32_t>& ids = scratch_.passing;
    if (ids.size() < links_max_) ids.resize(links_max_);
    const uint32_t room = graph_.row_links(level);
    for (;;) {
      const WalkKey before = at;
      const uint32_t* const row = graph_.row(walk_slot(at), level);
      uint32_t n = 0;
      for (uint32_t i = 0; i < room; ++i) {
        ids[n] = __atomic_load_n(row + i, __ATOMIC_ACQUIRE);
        n += ids[n] < bound_ ? 1 : 0;  // kNoLink, which pads a row, is beyond any bound
      }
      score(ids.data(), n, scratch_.distances.data());
      for (uint32_t i = 0; i < n; ++i) at = std::min(at, walk_key(scratch_.distances[i], ids[i]));
      if (at == before) return at;
    }
  }

  // search() ignores this node, as if it were not in the graph. So a row that searches for its own
  // neighbours is treated like a query from outside.
  void hide(uint32_t slot) noexcept { hidden_ = slot; }
  // search() ends when the next node to expand is more than `reach` times as far as the `rank`th
  // best so far. So an easy walk need not be as broad as others (distance-adaptive beam search,
  // arXiv 2505.15636). With reach 0 there is no such limit.
  void stop_beyond(uint32_t rank, float reach) noexcept {
    stop_rank_ = rank;
    reach_ = reach;
  }
  // Leaves in scratch.pool the closest `ef` nodes that were met from `start` on, sorted. Every node
  // may be a result.
  void search(WalkKey start, uint32_t level, uint32_t ef);
  // The same, but only nodes for which passes(slot) is true are results; the walk also goes through
  // the others. Returns false if it gave up, after `budget.distances` or as soon as so few nodes
  // pass around here that the walk would reach that budget.
  template <typename Passes>
  bool search_passing(WalkKey start, uint32_t ef, const Budget& budget, Passes passes);

 private:
  // Nodes that are expanded together, so that their rows and codes are fetched at the same time.
  static constexpr uint32_t kStepNodes = 2;
  // Distances after which a filtered walk first looks at the share of passing nodes. The number
  // doubles each time.
  static constexpr uint64_t kFirstLook = 192;

  // Clears `visited`, also when the call is cancelled in the middle.
  struct Cleaner {
    Scratch& scratch;
    ~Cleaner() {
      for (size_t i = 0; i < scratch.touched_n; ++i) scratch.visited[scratch.touched[i] >> 5] = 0;
      scratch.touched_n = 0;
    }
  };

  void score(const uint32_t* ids, uint32_t n, uint32_t* out) {
    probe_(ids, n, out);
    distances_ += n;
    pacer_.rows(n);
  }
  void visit(uint32_t slot) {
    make_room(1);
    scratch_.visited[slot >> 5] |= 1u << (slot & 31);
    scratch_.touched[scratch_.touched_n++] = slot;
  }
  void make_room(size_t links) {
    if (scratch_.touched.size() < scratch_.touched_n + links + 16)
      scratch_.touched.resize(2 * (scratch_.touched_n + links) + 64);
  }
  // Appends to `touched` the links of a node that were not visited yet.
  void expand(uint32_t slot, uint32_t level) {
#if defined(__SANITIZE_THREAD__)
    // The portable form reads links as atomics, which a vector register cannot do.
    const auto unvisited = kPortableKernels.unvisited;
#else
    const auto unvisited = graph_.kernels().unvisited;
#endif
    make_room(links_max_);
    const uint32_t room = graph_.row_links(level);
    const uint32_t* const row = graph_.row(slot, level);
    uint32_t* const visited = scratch_.visited.data();
    scratch_.touched_n +=
        unvisited(row, room, 0, bound_, visited, scratch_.touched.data() + scratch_.touched_n);
    if (level != 0 || __atomic_load_n(row + room - 1, __ATOMIC_ACQUIRE) == kNoLink) return;
    const uint32_t* const slack = graph_.slack(slot);
    if (slack == nullptr) return;
    scratch_.touched_n += unvisited(slack, kSlackLinks, ~uint32_t{0}, bound_, visited,
                                    scratch_.touched.data() + scratch_.touched_n);
  }

  const Graph& graph_;
  const Probe probe_;
  Pacer& pacer_;
  Scratch& scratch_;
  const uint32_t bound_, links_max_;
  bool beyond_reach(WalkKey next, WalkKey ranked) const {
    const auto distance = [&](WalkKey key) {
      const uint32_t d = walk_distance(key);
      return probe_.floats ? std::bit_cast<float>(d) : static_cast<float>(d);
    };
    return distance(next) > reach_ * distance(ranked);
  }

  uint32_t hidden_ = kNoLink;
  uint32_t stop_rank_ = 0;
  float reach_ = 0;
  uint64_t distances_ = 0;
};

// Inserts into a sorted array of at most `limit` keys. Returns the key's position, or `limit` if
// the key is too far.
inline uint32_t insert_sorted(WalkKey* pool, uint32_t& n, uint32_t limit, WalkKey key) {
  if (n == limit && key >= pool[n - 1]) return limit;
  uint32_t at = 0;
  // Without branches, because the processor could not predict them.
  for (uint32_t length = n; length > 0;) {
    const uint32_t half = (length + 1) / 2;
    at = pool[at + half - 1] < key ? at + half : at;
    length -= half;
  }
  const uint32_t end = n < limit ? n++ : limit - 1;
  std::memmove(pool + at + 1, pool + at, (end - at) * sizeof(WalkKey));
  pool[at] = key;
  return at;
}

template <typename Passes>
bool Walk::search_passing(WalkKey start, uint32_t ef, const Budget& budget, Passes passes) {
  const Cleaner cleaner{scratch_};
  std::vector<WalkKey>& best = scratch_.pool;
  std::vector<WalkKey>& frontier = scratch_.frontier;
  best.resize(ef);
  uint32_t found = 0;
  uint64_t passed = 0, look_at = distances_ + kFirstLook;
  const uint64_t before = distances_;
  frontier.assign(1, start);
  visit(walk_slot(start));
  if (passes(walk_slot(start))) best[found++] = start;
  while (!frontier.empty()) {
    std::pop_heap(frontier.begin(), frontier.end(), std::greater<>());
    const WalkKey nearest = frontier.back();
    frontier.pop_back();
    if (found == ef && nearest > best[ef - 1]) break;
    if (distances_ >= look_at) {
      const auto spent = static_cast<double>(distances_ - before);
      const double share = (static_cast<double>(passed) + 0.5) / (spent + 1);
      if (spent > budget.distances ||
          budget.unfiltered * Costs::lengthening(share) > spent + budget.distances)
        return false;
      look_at = 2 * distances_;
    }
    const size_t first = scratch_.touched_n;
    expand(walk_slot(nearest), 0);
    if (!frontier.empty()) graph_.prefetch(walk_slot(frontier.front()));
    const auto n = static_cast<uint32_t>(scratch_.touched_n - first);
    const uint32_t* const ids = scratch_.touched.data() + first;
    score(ids, n, scratch_.distances.data());
    for (uint32_t i = 0; i < n; ++i) {
      const bool may_be_found = passes(ids[i]);
      passed += may_be_found ? 1 : 0;
      const WalkKey key = walk_key(scratch_.distances[i], ids[i]);
      if (found == ef && key > best[ef - 1]) continue;
      frontier.push_back(key);
      std::push_heap(frontier.begin(), frontier.end(), std::greater<>());
      if (may_be_found) insert_sorted(best.data(), found, ef, key);
    }
  }
  best.resize(found);
  return true;
}

}  // namespace rhumb::coded
