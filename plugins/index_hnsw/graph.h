// The graph: nodes, levels and links. hnswlib keeps and prunes them; its header is included by
// graph.cc only. A node's number is its slot, so a link leads straight to the host's vector. A slot
// without a node costs address space but no memory of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "rhumb/cpp/exact_scan.h"

namespace rhumb::hnsw {

inline constexpr uint32_t kMaxLevel = 32;

struct EntryPoint {
  uint32_t slot = 0, level = 0;
};

// Owned by one engine instance. No other call may run during reserve(); all other calls may run at
// the same time. A node is created and linked by one thread.
//
// Invariants: a link leads to a node that reaches at least the link's level, and whose own links at
// that level and below were written earlier. Links are read and changed under the node's lock.
// Nothing survives a crash; file.h writes the graph.
class Graph {
 public:
  Graph(const rhumb_vectors_t& column, const rhumb_kernel_t& kernel, uint32_t m,
        uint32_t ef_construct);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // Makes room for slots below `capacity`. The room never shrinks. RHUMB_NO_MEMORY leaves the graph
  // as it was.
  void reserve(uint64_t capacity);
  uint64_t capacity() const noexcept { return capacity_; }
  uint64_t nodes() const noexcept { return nodes_.load(std::memory_order_relaxed); }
  uint64_t resident_bytes() const noexcept;
  uint32_t m() const noexcept { return m_; }
  void set_m(uint32_t m) noexcept { m_ = m; }  // before the first reserve()
  uint32_t ef_construct() const noexcept { return ef_construct_; }
  uint32_t max_links(uint32_t level) const noexcept { return level == 0 ? 2 * m_ : m_; }
  // The level of a slot's node. It is the same in every build, because it depends on the slot
  // alone.
  uint32_t draw_level(uint32_t slot) const noexcept;

  // The node's level, or nothing if the slot has no node. No other thread may be adding that slot.
  std::optional<uint32_t> level(uint32_t slot) const;
  // Creates a node without links, which no other thread can reach yet.
  void create(uint32_t slot, uint32_t level);
  // Chooses links among the candidates (keys of distance and slot), and adds the reverse links from
  // the chosen nodes. The caller links level 0 first and then upwards, because a node becomes
  // reachable at a level only when a walk can go on downwards from it.
  void link(uint32_t slot, uint32_t level, std::span<const HitKey> candidates);
  // Sets links that were read from a file. The caller has checked them.
  void restore(uint32_t slot, uint32_t level, std::span<const uint32_t> links);

  // Copies the links of a node that is reachable at this level. Returns their number, at most
  // max_links(level).
  uint32_t copy_links(uint32_t slot, uint32_t level, uint32_t* out) const;
  void prefetch_links(uint32_t slot) const noexcept;

  std::optional<EntryPoint> entry() const noexcept;
  void set_entry(EntryPoint entry) noexcept;

 private:
  struct Library;  // hnswlib
  void grow(uint64_t capacity);

  const rhumb_vectors_t& column_;
  const rhumb_kernel_t& kernel_;
  uint32_t m_;
  const uint32_t ef_construct_;
  uint64_t capacity_ = 0;
  std::atomic<uint64_t> nodes_{0}, upper_bytes_{0};
  // level + 1 in the upper half, slot in the lower half; 0 = no node yet
  std::atomic<uint64_t> entry_{0};
  std::unique_ptr<Library> library_;
};

}  // namespace rhumb::hnsw
