// Walks the graph: greedily through the upper levels, then best first with a bounded set of
// results.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "graph.h"
#include "rhumb/cpp/exact_scan.h"

namespace rhumb::hnsw {

// Working memory of one walk. Each thread keeps one for all instances, so its size is that of the
// largest graph that the thread has walked (an eighth of a byte per slot).
struct Scratch {
  std::vector<uint64_t> visited;  // one bit per slot; all zero between walks
  std::vector<uint32_t> touched;  // slots whose bit in `visited` is set
  // One bit per slot, for filters that are given as a list. All zero between searches.
  std::vector<uint64_t> passing;
  std::vector<HitKey> frontier;  // a min-heap of nodes that were measured but not yet expanded
  TopK best;                     // the results
  std::vector<uint32_t> links;
  std::vector<float> distances;

  static Scratch& of_this_thread() {
    static thread_local Scratch scratch;
    return scratch;
  }
};

// A walk through one graph for one query, or for one vector that is to be linked. It lives on the
// stack of a call during which Graph::reserve() does not run.
class Walk {
 public:
  Walk(const Graph& graph, const rhumb_vectors_t& column, const rhumb_kernel_t& kernel,
       const void* query, Pacer& pacer, Scratch& scratch)
      : graph_(graph),
        column_(column),
        kernel_(kernel),
        query_(query),
        pacer_(pacer),
        scratch_(scratch) {
    scratch_.visited.resize(std::max<size_t>(scratch_.visited.size(), graph.capacity() / 64 + 1));
    scratch_.links.resize(std::max<size_t>(scratch_.links.size(), graph.max_links(0)));
    scratch_.distances.resize(scratch_.links.size());
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  uint64_t distances() const noexcept { return distances_; }
  HitKey measured(uint32_t slot) {
    ++distances_;
    return hit_key(kernel_.one(query_, row_of(column_, slot), column_.dim), slot);
  }

  // Moves greedily from `at` on `level`, and returns the first node that has no closer neighbour.
  HitKey descend(HitKey at, uint32_t level) {
    for (;;) {
      const HitKey before = at;
      const uint32_t n = graph_.copy_links(hit_slot(at), level, scratch_.links.data());
      score(n);
      for (uint32_t i = 0; i < n; ++i)
        at = std::min(at, hit_key(scratch_.distances[i], scratch_.links[i]));
      if (at == before) return at;
    }
  }

  // Leaves in scratch.best the `ef` closest passing nodes that were met from `start` on. The walk
  // also goes through nodes that do not pass. Returns false if it gave up after `budget` distances.
  template <typename Passes>
  bool search_level(HitKey start, uint32_t level, uint32_t ef, uint64_t budget, Passes passes) {
    const Cleaner cleaner{scratch_};
    TopK& best = scratch_.best;
    std::vector<HitKey>& frontier = scratch_.frontier;
    best.reset(ef);
    frontier.assign(1, start);
    visit(hit_slot(start));
    if (passes(hit_slot(start))) best.push(start);
    while (!frontier.empty()) {
      std::pop_heap(frontier.begin(), frontier.end(), std::greater<>());
      const HitKey nearest = frontier.back();
      frontier.pop_back();
      if (!best.takes(nearest) && nearest != best.worst()) break;
      if (distances_ > budget) return false;
      const uint32_t n = unvisited_links(hit_slot(nearest), level);
      score(n);
      for (uint32_t i = 0; i < n; ++i) {
        const HitKey key = hit_key(scratch_.distances[i], scratch_.links[i]);
        if (!best.takes(key)) continue;
        frontier.push_back(key);
        std::push_heap(frontier.begin(), frontier.end(), std::greater<>());
        if (passes(hit_slot(key))) best.push(key);
      }
      if (!frontier.empty()) graph_.prefetch_links(hit_slot(frontier.front()));
    }
    return true;
  }

 private:
  // Clears `visited`, also when the call is cancelled in the middle.
  struct Cleaner {
    Scratch& scratch;
    ~Cleaner() {
      for (const uint32_t slot : scratch.touched) scratch.visited[slot >> 6] = 0;
      scratch.touched.clear();
    }
  };

  bool visit(uint32_t slot) {
    uint64_t& word = scratch_.visited[slot >> 6];
    const uint64_t bit = uint64_t{1} << (slot & 63);
    if ((word & bit) != 0) return false;
    scratch_.touched.push_back(slot);
    word |= bit;
    return true;
  }
  uint32_t unvisited_links(uint32_t slot, uint32_t level) {
    uint32_t* const links = scratch_.links.data();
    const uint32_t n = graph_.copy_links(slot, level, links);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; ++i) {
      if (visit(links[i])) links[kept++] = links[i];
    }
    return kept;
  }
  void score(uint32_t n) {
    kernel_.slots(query_, &column_, scratch_.links.data(), n, scratch_.distances.data());
    distances_ += n;
    pacer_.rows(n);
  }

  const Graph& graph_;
  const rhumb_vectors_t& column_;
  const rhumb_kernel_t& kernel_;
  const void* const query_;
  Pacer& pacer_;
  Scratch& scratch_;
  uint64_t distances_ = 0;
};

inline constexpr uint64_t kNoBudget = ~uint64_t{0};

}  // namespace rhumb::hnsw
