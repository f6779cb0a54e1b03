// The graph: codes, links and levels by slot, as a structure of arrays (chunked_array.h). A node's
// number is its slot, so a link leads straight to the node's code and to the host's vector. The
// levels are those of HNSW (Malkov, Yashunin, arXiv 1603.09320), the pruning is the relaxed one of
// DiskANN (Subramanya et al., NeurIPS 2019).
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "codes/chunked_array.h"
#include "codes/codec.h"
#include "codes/floats.h"
#include "codes/kernels.h"
#include "graph/node_levels.h"

namespace rhumb::coded {

// Links that wait beside a full row until they are pruned into it together.
inline constexpr uint32_t kSlackLinks = 16;

// The order of candidates: distance in units of codes (or bits of a float), then slot. The walk
// uses the lowest bit as a mark.
using WalkKey = uint64_t;
inline WalkKey walk_key(uint32_t distance, uint32_t slot) noexcept {
  return uint64_t{distance} << 32 | uint64_t{slot} << 1;
}
inline uint32_t walk_slot(WalkKey key) noexcept { return static_cast<uint32_t>(key) >> 1; }
inline uint32_t walk_distance(WalkKey key) noexcept { return static_cast<uint32_t>(key >> 32); }

// A query, and the codes that it is compared with. `query` and `table` are BORROWED.
struct Probe {
  void (*score)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                uint32_t* out);
  const void* query;
  CodeTable table;
  bool floats;  // whether its distances are bits of floats
  void operator()(const uint32_t* ids, uint32_t n, uint32_t* out) const {
    score(query, &table, ids, n, out);
  }
};

struct EntryPoint {
  uint32_t slot = 0, level = 0;
};

struct GraphShape {
  uint32_t degree = 32;        // links at level 0, in whole lines of sixteen
  uint32_t upper_degree = 16;  // links at each level above 0
  // Links that a new node makes at level 0. The rest of its row is left to nodes that link back.
  uint32_t own_links = 24;
  // A candidate is left out if a chosen node is closer to it by more than this factor.
  float slack = 1.1f;
  bool operator==(const GraphShape&) const = default;
};

// Owned by one engine instance. One thread at a time calls reserve(), at the same time as all other
// calls. A node is created and linked by one thread while others search.
//
// Invariant: a link leads to a node that reaches the link's level and whose codes were written
// before. Links are single words, changed under the row's lock and read without it. A row that is
// being changed is a mix of old and new links, all of them valid. Nothing survives a crash; file.h
// writes the graph.
class Graph {
 public:
  // All references are BORROWED for the graph's life. `column` holds the vectors, which are
  // compared if the codec keeps no codes.
  Graph(const Codec& codec, const Kernels& kernels, const GraphShape& shape,
        const rhumb_vectors_t& column);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void reserve(uint64_t slots);
  uint64_t capacity() const noexcept { return capacity_.load(std::memory_order_acquire); }
  // The end of the slots that have nodes. A search that begins now need not look at slots from here
  // on.
  uint32_t end() const noexcept { return end_.load(std::memory_order_acquire); }
  uint64_t nodes() const noexcept { return nodes_.load(std::memory_order_relaxed); }
  const GraphShape& shape() const noexcept { return shape_; }
  const Kernels& kernels() const noexcept { return kernels_; }
  uint64_t resident_bytes() const noexcept;
  uint64_t mapped_bytes() const noexcept;

  bool has(uint32_t slot) const noexcept { return slot < capacity() && levels_.has(slot); }
  // Returns the level of a slot's node. It is the same in every build, because it depends on the
  // slot alone.
  uint32_t draw_level(uint32_t slot) const noexcept;
  // Only for slots that have a node.
  uint32_t level(uint32_t slot) const noexcept { return levels_.level(slot); }

  // The codes of a slot that has no node yet, to be written.
  uint8_t* code(uint32_t slot) const noexcept {
    return reinterpret_cast<uint8_t*>(codes_.at(slot));
  }
  char* bit_code(uint32_t slot) const noexcept { return bits_.at(slot); }
  // `query` is what Codec::encode_query writes, or a FloatQuery if there are no codes.
  Probe probe(const void* query) const noexcept {
    return {score_,
            query,
            {codes_.chunks(), codes_.stride(), codes_.stride(), codec_.params().levels.data()},
            compares_floats_};
  }
  Probe float_probe(const void* query) const noexcept {
    return {compare_floats, query, {codes_.chunks(), codes_.stride(), codes_.stride()}, true};
  }
  // Makes a query that the column's kernel compares with its rows. `vector` is BORROWED.
  FloatQuery float_query(const void* vector) const noexcept {
    FloatQuery query = floats_;
    query.vector = vector;
    return query;
  }
  // Makes a query of a row whose codes are written. `room` is BORROWED.
  Probe row_probe(uint32_t slot, std::vector<uint8_t>& room) const {
    return compares_floats_ ? probe(float_row(slot, room))
                            : probe(codec_.row_as_query(code(slot), room));
  }
  // Turns a distance into a number that can be multiplied.
  float value_of(uint32_t distance) const noexcept {
    return compares_floats_ ? std::bit_cast<float>(distance) : static_cast<float>(distance);
  }
  Probe probe(const BitQuery& query) const noexcept {
    return {kernels_.bits, &query, {bits_.chunks(), bits_.stride(), bit_bytes_}, true};
  }

  // Creates a node without links, which no other thread can reach yet.
  void create(uint32_t slot, uint32_t level);
  // Chooses the links of a future node, whose codes are written, among the candidates (closest
  // first, by codes).
  std::vector<uint32_t> choose_links(uint32_t slot, uint32_t level,
                                     std::span<const WalkKey> candidates) const;
  // Chooses links and adds the reverse links from the chosen nodes.
  void link(uint32_t slot, uint32_t level, std::span<const WalkKey> candidates);
  void link_back(uint32_t from, uint32_t to, uint32_t level);
  // Prunes the slack of slots [first, end) into their rows. No other thread links meanwhile.
  void settle(uint32_t first, uint32_t end);
  void drop_slack();
  // Adds a link to `slot`, in place of its last one if the row is full.
  void force_link(uint32_t slot, uint32_t to);
  // Whether a slot's row at level 0 is not full. Without slack.
  bool has_room(uint32_t slot) const noexcept;

  // Creates a node with the codes and the level of another graph's slot, and without links.
  void adopt(const Graph& from, uint32_t from_slot, uint32_t slot);
  // Set the links of a row, either as given (at most row_links) or chosen among the candidates. No
  // other thread links the same slot meanwhile.
  void set_row(uint32_t slot, uint32_t level, std::span<const uint32_t> links);
  void choose_row(uint32_t slot, uint32_t level, std::span<const uint32_t> candidates);

  // Returns the row of a node that reaches `level`: row_links(level) links, padded with kNoLink.
  const uint32_t* row(uint32_t slot, uint32_t level) const noexcept {
    return reinterpret_cast<const uint32_t*>(
        level == 0 ? rows_.at(slot) : upper_.at(levels_.first_row(slot) + level - 1));
  }
  uint32_t row_links(uint32_t level) const noexcept {
    return level == 0 ? shape_.degree : shape_.upper_degree;
  }
  // Returns the kSlackLinks links beyond a full row, complemented; nullptr if there are none.
  const uint32_t* slack(uint32_t slot) const noexcept {
    return uses_slack_.load(std::memory_order_relaxed)
               ? reinterpret_cast<const uint32_t*>(slack_.at(slot))
               : nullptr;
  }
  bool slack_in_use() const noexcept { return uses_slack_.load(std::memory_order_relaxed); }
  // Copies all links of a node at a level, row and slack. Returns their number, at most row_links +
  // kSlackLinks.
  uint32_t copy_links(uint32_t slot, uint32_t level, uint32_t* out) const noexcept;
  void prefetch(uint32_t slot) const noexcept {
    const char* const row_at = rows_.at(slot);
    for (uint32_t at = 0; at < rows_.stride(); at += kLineBytes) __builtin_prefetch(row_at + at);
    if (uses_slack_.load(std::memory_order_relaxed)) __builtin_prefetch(slack_.at(slot));
  }

  std::optional<EntryPoint> entry() const noexcept;
  void set_entry(EntryPoint entry) noexcept;

 private:
  friend class GraphFile;
  const FloatQuery* float_row(uint32_t slot, std::vector<uint8_t>& room) const;
  uint32_t* row_of(uint32_t slot, uint32_t level) noexcept {
    return const_cast<uint32_t*>(row(slot, level));
  }
  void take_upper_rows(uint32_t slot, uint32_t level);
  class Chosen;
  std::vector<uint32_t> choose(uint32_t slot, std::span<const WalkKey> candidates, uint32_t limit,
                               float slack) const;
  std::vector<WalkKey> sorted_by_distance(uint32_t slot, std::span<const uint32_t> ids) const;
  void prune(uint32_t slot, uint32_t level, uint32_t extra);
  std::atomic_flag& lock_of(uint32_t slot) noexcept { return locks_[slot % locks_.size()]; }

  const Codec& codec_;
  const Kernels& kernels_;
  const GraphShape shape_;
  const uint32_t bit_bytes_;
  const bool compares_floats_;  // true: there are no codes
  const FloatQuery floats_;     // a query without its vector
  // Compares 7-bit codes.
  void (*const score_whole_)(const void*, const CodeTable*, const uint32_t*, uint32_t, uint32_t*);
  void (*const score_)(const void*, const CodeTable*, const uint32_t*, uint32_t, uint32_t*);
  ChunkedArray codes_, bits_, rows_, slack_, upper_;
  NodeLevels levels_;
  std::atomic<uint64_t> capacity_{0}, nodes_{0};
  std::atomic<uint32_t> end_{0};
  // level + 1 in the upper half, slot in the lower half; 0 = no node yet
  std::atomic<uint64_t> entry_{0};
  std::atomic<bool> uses_slack_{true};
  // guards upper_used_ and the growth of upper_ and of what levels_ knows of it
  std::mutex upper_mutex_;
  uint32_t upper_used_ = 0;
  std::array<std::atomic_flag, 4096> locks_{};  // locks of rows, by slot
};

}  // namespace rhumb::coded
