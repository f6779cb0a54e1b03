// The engine: one graph of codes over one column of one segment.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "calibration.h"
#include "codec.h"
#include "graph.h"
#include "insertion.h"
#include "options.h"
#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/indexed_ranges.h"
#include "rhumb/index_merge.h"
#include "walk.h"

namespace rhumb::coded {

// Codes need data to be made for: below so many rows there is no graph, and rows are compared as they are.
inline constexpr uint64_t kTrainRows = 1024;

// What there is from kTrainRows rows on.
struct Trained {
  Trained(Codec made, const rhumb_vectors_t& column, const GraphShape& shape, uint32_t ef_construct, const Kernels& kernels)
      : codec(std::move(made)), graph(codec, kernels, shape), insertion(graph, codec, column, ef_construct) {}
  Codec codec;
  Graph graph;
  Insertion insertion;
  Calibration calibration;
  Prices prices;
};

// Threads as rhumb/index.h says; searches take no lock. Locks, in this order: training_ (until there is a graph), growth_ (while the graph
// gets room), Insertion's, then one row's. Survives a crash: what save() wrote.
class Engine {
 public:
  static constexpr const char* kId = "rhumb";
  static constexpr const char* kVersion = "0.1.0";

  Engine(const rhumb_host_t* host, const rhumb_index_open_t& open);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  static std::string describe() { return coded::describe(); }

  void build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t* live, const rhumb_progress_t* progress);
  void insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end);
  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out);
  void save(std::string_view dir);
  std::string stats() const;
  const void* get_extension(const char* id) noexcept;
  // rhumb/index_merge.h: inputs are instances of this class.
  void merge(const rhumb_call_t* call, std::span<const rhumb_index_input_t> inputs, uint32_t slot_end, const uint64_t* live,
             const rhumb_progress_t* progress);

 private:
  enum class Way { kCodes, kWalk, kMostPass, kPassing };
  struct Plan {
    Way way;
    Budget budget;  // of a walk with a filter
  };
  struct Request;  // of one search: search.cc

  std::unique_ptr<Trained> train(std::span<const uint32_t> slots) const;
  std::vector<uint32_t> present_in(std::span<const SlotRange> ranges, const uint64_t* live) const;
  // Those of a range that wait for a graph to come; false: they are to be inserted.
  bool defer(uint32_t slot_first, uint32_t slot_end, Pacer& pacer);
  void add_all(Trained& trained, std::span<const uint32_t> slots, const rhumb_call_t* call, const rhumb_progress_t* progress, uint64_t total);
  void add_in_batches(Trained& trained, std::span<const uint32_t> slots, const rhumb_call_t* call, const rhumb_progress_t* progress);
  void finish_build(Trained& trained, const rhumb_call_t* call);
  const rhumb_index_input_t* largest(std::span<const rhumb_index_input_t> inputs) const;
  void take_over(const rhumb_index_input_t& input, uint32_t slot_end, const uint64_t* live, const rhumb_call_t* call);
  void make_room(Trained& trained, uint64_t slot_end);
  void report_memory();

  void calibrate(const rhumb_call_t* call, const IndexedRanges::Snapshot& ranges);
  void price(Trained& trained) const;
  void calibrate_grown(const Trained& trained, const rhumb_call_t* call);
  void ask(const rhumb_call_t* call, const IndexedRanges::Snapshot& ranges, uint32_t slot, Way way, uint32_t ef, float reach,
           rhumb_hits_t& hits) const;

  Request request(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out, uint32_t ef) const;
  Plan plan(const Request& request, uint64_t passing) const;
  void answer(Request& request, size_t i) const;
  bool walk(Request& request, const Plan& plan, TopK& best) const;
  void scan_codes(Request& request, uint64_t passing, TopK& best) const;
  void remeasure(Request& request) const;
  template <typename Passes>
  bool walk_filtered(Request& request, const Plan& plan, Walk& walk, WalkKey at, Passes passes) const;
  void rescore(Request& request, std::span<const WalkKey> candidates, TopK& best) const;

  const Host host_;
  const Options options_;
  const rhumb_kernel_t& kernel_;  // before column_: made after looking whether there is one
  const rhumb_vectors_t& column_;
  const uint32_t metric_;
  const uint64_t capacity_hint_;
  const Kernels& kernels_;
  std::mutex training_, growth_;
  std::unique_ptr<Trained> owner_;
  std::atomic<Trained*> trained_{nullptr};
  IndexedRanges ranges_;
  std::atomic<int64_t> reported_bytes_{0};
  std::atomic<uint64_t> calibrated_nodes_{0};
};

}  // namespace rhumb::coded
