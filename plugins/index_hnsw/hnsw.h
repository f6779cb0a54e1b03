// The engine `hnsw`: one graph over one column of one segment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "file.h"
#include "graph.h"
#include "insertion.h"
#include "options.h"
#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/indexed_ranges.h"
#include "writer_first_lock.h"

namespace rhumb::hnsw {

// rhumb/index.h says which calls may run at the same time. Locks are taken in this order: growth_
// (shared for one insertion or one query, exclusive while the graph gets more room), the lock of
// Insertion, the lock of one node. After a crash the index has what save() wrote.
class Hnsw {
 public:
  static constexpr const char* kId = "hnsw";
  static constexpr const char* kVersion = "0.1.0";

  Hnsw(const rhumb_host_t* host, const rhumb_index_open_t& open);
  ~Hnsw();
  Hnsw(const Hnsw&) = delete;
  Hnsw& operator=(const Hnsw&) = delete;
  static std::string describe() { return hnsw::describe(); }

  void build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t* live,
             const rhumb_progress_t* progress);
  void insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end);
  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out);
  void save(std::string_view dir) const;
  std::string stats() const;

 private:
  void make_room(uint64_t slot_end);
  void add(uint32_t slot, Pacer& pacer);
  void report_memory();
  bool scans(uint64_t passing, uint32_t ef) const;
  uint64_t walk_one(const void* query, uint32_t k, uint32_t ef, const SlotFilter& filter,
                    Pacer& pacer, TopK*& best);

  const Host host_;
  const Options options_;
  // Declared before column_, because its initializer checks that there is a column.
  const rhumb_kernel_t& kernel_;
  const rhumb_vectors_t& column_;
  const GraphIdentity identity_;
  const uint64_t capacity_hint_;
  mutable WriterFirstLock growth_;
  Graph graph_;
  Insertion insertion_;
  IndexedRanges ranges_;
  std::atomic<int64_t> reported_bytes_{0};
};

}  // namespace rhumb::hnsw
