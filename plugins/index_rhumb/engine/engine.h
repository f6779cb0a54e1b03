// The engine `rhumb`: one graph of codes over one column of one segment.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codes/codec.h"
#include "engine/calibration.h"
#include "engine/forms.h"
#include "engine/long_rows.h"
#include "engine/options.h"
#include "graph/graph.h"
#include "graph/insertion.h"
#include "graph/walk.h"
#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/indexed_ranges.h"
#include "rhumb/index_merge.h"

namespace rhumb::coded {

// Codes are learned from data. Below this number of rows there is no graph, and the vectors are
// compared themselves.
inline constexpr uint64_t kTrainRows = 1024;

// What an index has from kTrainRows rows on: codec, graph and measurements.
struct Trained {
  Trained(Codec made, const Form& of, const rhumb_vectors_t& column, const GraphShape& shape,
          uint32_t ef_construct, const Kernels& kernels)
      : form(of),
        codec(std::move(made)),
        graph(codec, kernels, shape, column),
        insertion(graph, codec, long_rows, column, ef_construct) {}
  const Form form;
  Codec codec;
  LongRows long_rows;
  Graph graph;
  Insertion insertion;
  Calibration calibration;
  Measured measured;
  Prices prices;
};

// rhumb/index.h says which calls may run at the same time; searches take no lock. Locks are taken
// in this order: training_ (until there is a graph, and in stats()), growth_ (while the graph gets
// more room), the lock of Insertion, the lock of one row. After a crash the index has what save()
// wrote.
class Engine {
 public:
  static constexpr const char* kId = "rhumb";
  static constexpr const char* kVersion = "0.1.0";

  Engine(const rhumb_host_t* host, const rhumb_index_open_t& open);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  static std::string describe() { return coded::describe(); }

  void build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t* live,
             const rhumb_progress_t* progress);
  void insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end);
  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out);
  void save(std::string_view dir);
  std::string stats() const;
  const void* get_extension(const char* id) noexcept;
  // See rhumb/index_merge.h. The inputs are instances of this class.
  void merge(const rhumb_call_t* call, std::span<const rhumb_index_input_t> inputs,
             uint32_t slot_end, const uint64_t* live, const rhumb_progress_t* progress);

 private:
  enum class Way { kCodes, kWalk, kMostPass, kPassing };
  struct Plan {
    Way way;
    Budget budget;  // limits of a walk with a filter
  };
  struct Request;  // one search: search_request.h

  std::unique_ptr<Trained> train(std::span<const uint32_t> slots, const Form& form) const;
  // Forms, in forms.cc.
  Form first_form(std::span<const uint32_t> slots) const;
  std::optional<Form> richer_form(const Trained& trained) const;
  bool is_unfit(const Trained& trained) const;
  size_t move_copies(std::vector<Sample>& samples, const rhumb_filter_t& nodes,
                     const rhumb_call_t* call) const;
  void judge(Trained& trained, std::span<Sample> samples, bool copies, const rhumb_filter_t& nodes,
             const rhumb_call_t* call);
  void judge_grown(Trained& trained, const rhumb_call_t* call);
  uint64_t found_by(std::span<const Sample> samples, uint32_t ef, float reach,
                    const rhumb_call_t* call) const;
  std::string renewal(const Trained& trained) const;
  bool has_direction(uint32_t slot) const;
  void find_left_out();
  std::vector<uint32_t> present_in(std::span<const SlotRange> ranges, const uint64_t* live) const;
  // Returns true if the slots of the range wait for a future graph, or false if they have to be
  // inserted.
  bool defer(uint32_t slot_first, uint32_t slot_end, Pacer& pacer);
  void add_all(Trained& trained, std::span<const uint32_t> slots, const rhumb_call_t* call,
               const rhumb_progress_t* progress, uint64_t total);
  void add_in_batches(Trained& trained, std::span<const uint32_t> slots, const rhumb_call_t* call,
                      const rhumb_progress_t* progress);
  void finish_build(Trained& trained, const rhumb_call_t* call);
  const rhumb_index_input_t* largest(std::span<const rhumb_index_input_t> inputs,
                                     const Form& form) const;
  void take_over(const rhumb_index_input_t& input, const Form& form, uint32_t slot_end,
                 const uint64_t* live, const rhumb_call_t* call);
  void make_room(Trained& trained, uint64_t slot_end);
  void report_memory();

  void calibrate(const rhumb_call_t* call);
  void price(Trained& trained) const;
  void measure_grown(Trained& trained, const rhumb_call_t* call);
  void ask(const rhumb_call_t* call, const Sample& sample, uint32_t ef, float reach,
           rhumb_hits_t& hits) const;

  Request request(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out,
                  uint32_t ef) const;
  Plan plan(const Request& request, uint64_t passing) const;
  void answer(Request& request, size_t i) const;
  bool walk(Request& request, const Plan& plan, TopK& best) const;
  void scan_codes(Request& request, uint64_t passing, TopK& best) const;
  bool add_long_rows(Request& request, TopK& best) const;
  void add_left_out(Request& request, TopK& best) const;
  void remeasure(Request& request) const;
  template <typename Passes>
  bool walk_filtered(Request& request, const Plan& plan, Walk& walk, WalkKey at,
                     Passes passes) const;
  size_t compare(Request& request, std::span<const WalkKey> candidates, size_t watched,
                 TopK& best) const;
  bool rescore(Request& request, std::vector<WalkKey>& pool, size_t at_least, TopK& best) const;

  const Host host_;
  const Options options_;
  // Declared before column_, because its initializer checks that there is a column.
  const rhumb_kernel_t& kernel_;
  const rhumb_vectors_t& column_;
  const uint32_t metric_;
  const uint64_t capacity_hint_;
  const Kernels& kernels_;
  mutable std::mutex training_;  // until there is a graph; when another takes its place
  std::mutex growth_;
  std::unique_ptr<Trained> owner_;
  std::atomic<Trained*> trained_{nullptr};
  IndexedRanges ranges_;
  std::atomic<int64_t> reported_bytes_{0};
  std::atomic<uint64_t> calibrated_nodes_{0}, judged_nodes_{0}, judged_clipped_{0};
  // Number of nodes when codes were last found unfit, or when a graph without codes was loaded.
  std::atomic<uint64_t> tried_nodes_{0};
  // Whether codes would fit by now, although vectors are compared.
  std::atomic<bool> codes_would_fit_{false};
  std::atomic<bool> some_left_out_{false};  // whether rows in the ranges are not in the graph
  // Number of searches that compared more rows exactly than most do.
  mutable std::atomic<uint64_t> doubtful_{0};
};

}  // namespace rhumb::coded
