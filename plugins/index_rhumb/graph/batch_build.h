// Builds in batches whose nodes do not see each other, so that the graph does not depend on which
// thread was first (prefix doubling: Dobson Manohar et al., ParlayANN, arXiv 2305.04359). All nodes
// of a batch search the graph as it was before, then all are linked, then they are linked back in
// order.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "graph/insertion.h"
#include "rhumb/cpp/host.h"

namespace rhumb::coded {

// Lives for one build. The caller adds batch after batch, and no other call changes the graph
// meanwhile.
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

  // Returns the most slots that should be added next. The batch is so small against the graph that
  // it hardly matters that its nodes do not see each other.
  uint64_t batch_size() const noexcept;
  // `slots` are ascending and have room. Slots that already have a node are left alone. All
  // searches end before anything is changed.
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
