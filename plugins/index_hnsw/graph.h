// The graph: nodes, levels and links, kept and pruned by hnswlib, whose header stays in graph.cc. A
// node's number is its slot, so that a link leads straight to the host's vector; slots without a
// node leave a gap that costs address space but no memory of its own pages.
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

// Owned by one engine instance. reserve() needs the caller to keep everybody else out; all others
// may run at once as long as the caller keeps reserve() out. A node is made and linked by one
// thread. Invariants: what a link names is a node that reaches at least the link's level and whose
// own links at that level and below were written before; links are read and changed under the
// node's lock. Keeps nothing over a crash: file.h writes it.
class Graph {
 public:
  Graph(const rhumb_vectors_t& column, const rhumb_kernel_t& kernel, uint32_t m,
        uint32_t ef_construct);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // Room for slots below `capacity`; never shrinks. RHUMB_NO_MEMORY leaves the graph as it was.
  void reserve(uint64_t capacity);
  uint64_t capacity() const noexcept { return capacity_; }
  uint64_t nodes() const noexcept { return nodes_.load(std::memory_order_relaxed); }
  uint64_t resident_bytes() const noexcept;
  uint32_t m() const noexcept { return m_; }
  void set_m(uint32_t m) noexcept { m_ = m; }  // before the first reserve()
  uint32_t ef_construct() const noexcept { return ef_construct_; }
  uint32_t max_links(uint32_t level) const noexcept { return level == 0 ? 2 * m_ : m_; }
  // The level a slot's node is given: the same in every build, whatever the order of threads.
  uint32_t draw_level(uint32_t slot) const noexcept;

  // The node's level, or none. Only of slots that no other thread is adding.
  std::optional<uint32_t> level(uint32_t slot) const;
  // A node without links, which nobody sees yet.
  void create(uint32_t slot, uint32_t level);
  // Chooses links among the candidates (keys of distance and slot), and links the chosen ones back.
  // From level 0 upwards: a node is seen at a level only when it can be passed through downwards.
  void link(uint32_t slot, uint32_t level, std::span<const HitKey> candidates);
  // Links as a file tells them. The caller has checked them.
  void restore(uint32_t slot, uint32_t level, std::span<const uint32_t> links);

  // Copies the links of a node that is seen at this level; returns their number, at most
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
  // level + 1 in the upper half, slot in the lower; 0 = no node yet
  std::atomic<uint64_t> entry_{0};
  std::unique_ptr<Library> library_;
};

}  // namespace rhumb::hnsw
