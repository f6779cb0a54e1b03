// The index-plugin instance of one vector column, and how many of the column's rows it covers. The
// graph is derived data: if anything is wrong with it, it is built again. The engine's slots are
// the column's rows. A point with a multivector has several rows, and everything outside this class
// still counts slots.
//
// Threads: search() and built() may be called on any thread; the other calls belong to the shard's
// background strand. Until the graph is opened, built() is 0 and the column is scanned. The caller
// scans the rows from built() on. A slot may come from both, with the same distance. When the
// settings of the index change, a graph that was begun is built again with them (renewal.h). With
// an `m` of 0 no graph is begun, and no rows wait for one. What save() wrote survives a crash if
// the rows that it covers survived too.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/index/index_instance.h"
#include "host/segment/columns/vector_column.h"
#include "host/segment/options.h"
#include "host/segment/renewal.h"
#include "host/segment/search/search_call.h"
#include "host/segment/search/top_k.h"

namespace rhumb::segment {

// The column's rows that count: bits of the live rows of a view, or of the rows that a filter let
// through.
struct GraphRows {
  uint32_t rows = 0;
  std::span<const uint64_t> pass;
  uint64_t pass_count = 0;
  bool filtered = false;
};

class Graph {
 public:
  Graph(const VectorColumn& column, std::string directory, const SegmentOptions& options);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // True if an engine is loaded and a graph is wanted or was begun. reason() says why an engine is
  // missing.
  bool available() const { return engine_.has_value() && wanted(); }
  bool wanted() const { return wanted_.load(std::memory_order_acquire) || built() > 0; }
  // Any thread. Sets the settings of graph and quantization.
  void configure(const model::VectorParams& params);
  const std::string& reason() const { return reason_; }

  // What the engine knows of its recall: JSON [[ef, recall at 10], ..]. Empty means that it knows
  // nothing.
  std::string calibration() const;
  // What the engine reports about itself. kUnsupported means that there is no graph.
  base::Result<index::IndexStats> stats() const;
  const std::string& engine() const { return options_.index_engine; }
  uint32_t built() const { return built_.load(std::memory_order_acquire); }
  struct Answer {
    // By query, closest first. The slots of the hits are row numbers.
    std::vector<std::vector<Hit>> hits;
    uint64_t distances = 0;
  };
  base::Result<Answer> search(const SearchCall& call, const GraphRows& rows) const;

  // [background] Takes in up to `max_rows` more rows of slots below slot_end. False means that
  // there was nothing to do. An engine that cannot insert is built in one go, and only when
  // `sealed`. kCancelled keeps what was built before.
  base::Result<bool> extend(uint32_t slot_end, uint32_t max_rows, bool sealed,
                            std::span<const uint64_t> live, const std::atomic<bool>& cancelled);
  // True if the engine gave an answer that ends all trust in it. search() fails from then on.
  bool fenced() const;
  // [background] The engine failed. Drops the graph, so that the column is scanned and a new graph
  // may be begun.
  void drop();
  // [background] Writes the files again if a quarter more rows (with `whole`: any rows) have come
  // since they were last written. Writes nothing if the graph holds a row of a slot >=
  // durable_rows. Once the graph is whole, and when it was loaded, vectors that the settings place
  // on disk leave memory.
  base::Status save(uint32_t durable_rows, bool whole);
  // At recovery: loads what save() wrote, if that covers no slot >= rows. A missing or damaged file
  // is not an error: built() stays 0. When memory is short, the graph stays in the file's pages.
  base::Status load(uint32_t rows);
  // [background] Moves a graph that is complete and saved out of memory into the pages of its file,
  // beside searches. Later searches are slower and find the same. False means that there was
  // nothing to do, or that the engine cannot do it.
  base::Result<bool> reopen_mapped();

  // [background] Why the engine should be built again over the rows that there are now: its
  // settings have changed, or it asks for this. It may ask (rhumb/index.h) at most once for each
  // doubling of the rows, and once more when it is complete, that is, will get no more rows. Empty
  // means that there is no reason. Asks the engine at most once for each number of rows.
  std::string renewal_wish(bool complete);
  // [background] The approximate memory that a second instance takes.
  uint64_t renewal_bytes() const;
  // [background] Returns the new instance, which covers the live rows below built(). run() builds
  // it, on another thread. `keep` is the object that holds this graph.
  std::shared_ptr<Renewal> begin_renewal(std::span<const uint64_t> live, bool complete,
                                         std::shared_ptr<const void> keep);
  // [background] Lets a renewal that was built take in up to max_rows of the rows that have come
  // since. True means that the new instance has all rows and is searched from now on, so the files
  // must be saved. Searches whose view is older than `live` of begin_renewal() must have ended.
  base::Result<bool> take_renewal(Renewal& renewal, uint32_t max_rows,
                                  const std::atomic<bool>& cancelled);
  // [background] The renewal failed, so the same rows are not built again.
  void renewal_failed(const Renewal& renewal);
  // True if it is known that, for the rows up to built(), no renewal is needed or none is possible
  // now.
  bool settled() const { return settled_.load(std::memory_order_acquire); }
  void settle() { settled_.store(true, std::memory_order_release); }

 private:
  // The instance is closed when the last search that uses it has ended.
  std::shared_ptr<index::IndexInstance> instance() const;
  model::VectorParams settings() const;
  void leave_memory() const;
  // [background] What the engine is told at open() of how to build, without where the data lie.
  // Empty if the engine cannot say it. The engine is asked once for each change of the settings.
  const std::string& build_settings();
  void publish(std::shared_ptr<index::IndexInstance> instance, uint32_t built);
  // With `mapped` the instance is opened in its file's pages if the engine can do that, in spite
  // of the collection's settings.
  base::Result<std::shared_ptr<index::IndexInstance>> open(const std::string& data_directory,
                                                           uint32_t slots,
                                                           bool mapped = false) const;
  base::Result<bool> build(uint32_t slot_end, bool sealed, std::span<const uint64_t> live,
                           const std::atomic<bool>& cancelled);
  // `first` and `end` count rows, not slots.
  base::Status insert(index::IndexInstance& graph, uint32_t first, uint32_t end,
                      const std::atomic<bool>& cancelled) const;

  const VectorColumn& column_;
  const std::string directory_;
  const SegmentOptions& options_;
  std::optional<plugin::Engine<rhumb_index_ops_t>> engine_;
  std::string reason_;
  std::atomic<uint32_t> built_{0};
  std::atomic<bool> wanted_{true};
  // [background] Rows that the engine holds: at least all rows of the slots below built_.
  uint32_t rows_ = 0;
  uint32_t saved_ = 0;   // [background] rows in the files
  bool mapped_ = false;  // [background] true if memory was short
  std::atomic<bool> settled_{true};
  // [background] The number of rows that the latest renewal began with.
  uint32_t renewed_rows_ = 0;
  // [background] True if those rows were complete, that is, no more were to come.
  bool renewed_complete_ = false;
  // [background] The number of rows when the engine was last asked.
  uint32_t asked_rows_ = 0;
  bool asked_complete_ = false;  // [background]
  std::string wish_;             // [background] the engine's answer
  // [background] build_settings() of the instance (empty: not known), of the renewal that was begun
  // last, and those with which a renewal failed.
  std::string built_with_, renewing_with_, failed_with_;
  std::string build_settings_;           // [background]
  uint64_t build_settings_version_ = 0;  // [background] settings_version_ that they belong to
  mutable base::Mutex mutex_;
  std::shared_ptr<index::IndexInstance> instance_ RHUMB_GUARDED_BY(mutex_);
  model::VectorParams settings_ RHUMB_GUARDED_BY(mutex_);
  uint64_t settings_version_ RHUMB_GUARDED_BY(mutex_) = 0;
};

}  // namespace rhumb::segment
