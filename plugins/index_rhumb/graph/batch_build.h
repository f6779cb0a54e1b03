// Building in batches that do not see each other, so that the graph does not depend on which thread
// was first (prefix doubling: Dobson Manohar et al., ParlayANN, arXiv 2305.04359): all of a batch
// search the graph as it was before, then all are linked, then linked back in order.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "graph/insertion.h"
#include "rhumb/cpp/host.h"

namespace rhumb::coded {

// Lives for one build. The caller adds batch after batch; nobody else changes the graph meanwhile.
class BatchBuild {
 public:
  BatchBuild(Graph& graph, Insertion& insertion, const rhumb_vectors_t& column, const Host& host,
             const rhumb_call_t* call, uint64_t threads)
      : graph_(graph),
        insertion_(insertion),
        column_(column),
        host_(host),
        call_(call),
        threads_(threads) {}

  // Slots to add next, at most: so few of what is there that it hardly matters that they do not see
  // each other.
  uint64_t batch_size() const noexcept;
  // Ascending slots with room reserved; those that have a node are left alone. All searching is
  // done before anything is changed.
  void add(std::span<const uint32_t> slots);

 private:
  struct BackLink {
    uint32_t level, to, from;
    auto operator<=>(const BackLink&) const = default;
  };
  void parallel(uint64_t n, const std::function<void(uint64_t i, Pacer&, Scratch&)>& body) const;
  void link_back(std::span<const PlannedNode> nodes);
  void raise_entry(std::span<const PlannedNode> nodes);

  Graph& graph_;
  Insertion& insertion_;
  const rhumb_vectors_t& column_;
  const Host& host_;
  const rhumb_call_t* const call_;
  const uint64_t threads_;
};

}  // namespace rhumb::coded
