// One index over one vector column of one segment: an instance of an index plugin behind plain
// types.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/model/search_params.h"
#include "host/plugin/registry.h"

namespace rhumb::index {

struct OpenRequest {
  model::Distance distance = model::Distance::kCosine;
  // The struct is copied; the memory that it points to must stay until the instance is closed.
  // `rows` is the number of slots that are filled now.
  rhumb_vectors_t vectors{};
  uint64_t capacity_hint = 0;  // upper bound of the expected slots
  std::string config_json;     // from EngineDescription::config_json
  std::string data_dir;        // files that save() wrote; empty: a new index
};

struct SearchRequest {
  // Rows in the scalar type and with the normalisation of the stored rows.
  const void* queries = nullptr;
  // `stride` is the number of bytes from one query to the next.
  uint64_t query_count = 1, stride = 0;
  uint32_t k = 0;
  model::SearchParams params;  // an engine has no use for `indexed_only` and `explain`
  // null: every slot that is indexed. The host's views pass their live bits.
  const rhumb_filter_t* filter = nullptr;
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

struct SearchResult {
  struct Hit {
    uint32_t slot = 0;
    float distance = 0;  // smaller is closer
    bool operator==(const Hit&) const = default;
  };
  std::vector<std::vector<Hit>> hits;  // by query, closest first, at most k each
  uint64_t exact_distances = 0, code_distances = 0;
  bool approximate_scores = false;
};

struct BuildRequest {
  uint32_t slot_end = 0;
  std::span<const uint64_t> live;  // bits of the slots to index; empty: all
  uint32_t threads = 1;
  // Called from any of the build's threads. May be empty.
  std::function<void(uint64_t done, uint64_t total)> progress;
  const std::atomic<bool>* cancelled = nullptr;
};

struct IndexStats {
  uint64_t rows = 0, bytes_resident = 0, bytes_mapped = 0;
  uint32_t built_through = 0;    // slots below this one are indexed
  std::string calibration_json;  // [[ef, recall at 10], ..]; empty: not known
  // Facts that the engine reports about itself (rhumb/index.h). Texts that are too long are cut.
  struct Measured {
    double recall = 0;
    uint64_t queries = 0, ef = 0;
  };
  std::optional<Measured> measured;
  std::string codes, why, warning, renew;
  uint64_t doubtful = 0, clipped_rows = 0;
};

// Owns the plugin's instance and closes it; the owner makes sure that no call is running then. Any
// threads may call search, insert and stats at the same time; concurrent inserts need disjoint
// ranges. A background thread calls build, without concurrent searches, and save, without a
// concurrent build or insert. If an engine returns a status that means it cannot be trusted (I/O,
// damage, a bug), the instance is fenced: every later call returns kUnavailable, and the owner
// rebuilds the index. Indexes are derived data, so a failure here loses nothing.
class IndexInstance {
 public:
  // kCorrupt and kUnsupported mean that the files in data_dir cannot be used: open again without
  // them and build.
  static base::Result<std::unique_ptr<IndexInstance>> open(
      const plugin::Engine<rhumb_index_ops_t>& engine, const OpenRequest& request);
  ~IndexInstance();
  IndexInstance(const IndexInstance&) = delete;
  IndexInstance& operator=(const IndexInstance&) = delete;

  const std::string& engine() const { return name_; }
  bool can_insert() const { return engine_.ops->insert != nullptr; }
  bool fenced() const { return fenced_.load(std::memory_order_relaxed); }

  base::Status build(const BuildRequest& request);
  // Indexes slots [first, end). Returns kUnsupported unless can_insert().
  base::Status insert(uint32_t first, uint32_t end, const std::atomic<bool>* cancelled = nullptr);
  base::Result<SearchResult> search(const SearchRequest& request) const;
  // Writes the index to an existing, empty directory and syncs it.
  base::Status save(const std::string& directory) const;
  base::Result<IndexStats> stats() const;

 private:
  IndexInstance(plugin::Engine<rhumb_index_ops_t> engine, const rhumb_vectors_t& vectors);
  base::Status usable() const;
  // Maps the status of a call and fences the instance if necessary.
  base::Status outcome(rhumb_status_t rc, const rhumb_error_t* error, std::string_view call) const;

  const plugin::Engine<rhumb_index_ops_t> engine_;
  const std::string name_;  // "index hnsw"
  const rhumb_vectors_t vectors_;
  rhumb_index_t* self_ = nullptr;
  mutable std::atomic<bool> fenced_{false};
};

}  // namespace rhumb::index
