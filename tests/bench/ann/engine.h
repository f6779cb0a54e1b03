// An index engine over a matrix of rows, loaded from its plugin as a host loads it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rhumb/index.h"
#include "rhumb/index_merge.h"
#include "tests/bench/ann/peer.h"

namespace rhumb::bench {

const rhumb_index_ops_t* load_engine(const std::string& plugin);  // ends the program if it fails

// One instance. A failure ends the program with the engine's message. rhumb/index.h says which
// calls may run at the same time.
class Engine {
 public:
  // `base` must outlive the engine. `directory` holds a saved index, or is empty.
  Engine(const rhumb_index_ops_t* ops, const Base& base, const std::string& config,
         const std::string& directory);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void build(uint32_t slot_end, uint32_t threads);
  void insert(uint32_t first, uint32_t end);
  void save(const std::string& directory);  // the directory is created anew
  struct Input {
    const Engine& engine;
    std::vector<uint32_t> slot_map;  // RHUMB_NO_SLOT: dropped
  };
  void merge(const std::vector<Input>& inputs, uint32_t slot_end, uint32_t threads);
  std::string stats() const;
  // Answers n queries. `out` gets n * k slots; missing hits are -1.
  uint32_t search(const float* queries, uint64_t n, uint32_t k, uint32_t ef,
                  const rhumb_filter_t* filter, int32_t* out) const;
  // Returns the number of distances, by codes and exact ones, of this thread's last search.
  static uint64_t compared();

 private:
  const rhumb_index_ops_t* const ops_;
  rhumb_host_t host_{};
  std::vector<const void*> chunks_;
  rhumb_vectors_t column_{};
  rhumb_index_t* self_ = nullptr;
};

}  // namespace rhumb::bench
