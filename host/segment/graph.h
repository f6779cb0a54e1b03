// The index-plugin instance of one vector column, and how far it reaches. Derived data: whatever is
// wrong with it, it is built again. The engine's slots are the column's rows: of a multivector a
// point has several, and the rest of the house goes on counting slots.
//
// Threads: search() and built() any thread; the others belong to the shard's background strand.
// Until the graph is opened, built() is 0 and the column is scanned. Rows from built() on are the
// caller's to scan; a slot may come from both, with the same distance. Settings hold for the graph
// that is begun next; one that was begun goes on as it was. With an `m` of 0 none is begun, and the
// rows wait for none. What survives a crash: what save() wrote, if the rows it covers survived too.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/index/index_instance.h"
#include "host/segment/columns/vector_column.h"
#include "host/segment/options.h"
#include "host/segment/renewal.h"
#include "host/segment/search/top_k.h"

namespace rhumb::segment {

struct GraphCall {
  std::string_view query;       // row bytes, of as many queries as they make
  uint32_t k = 0, ef = 0;       // ef 0: the engine's, for
  float recall = 0, widen = 0;  // a recall, times a factor; 0: its own, 1
  float oversampling = 0;       // as in rhumb_query_t
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

// The column's rows that count: bits of the live ones of a view, or of those that a filter let
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

  // An engine is there, and a graph is wanted or was begun. Why not, if an engine is not there:
  // reason().
  bool available() const { return engine_.has_value() && wanted(); }
  bool wanted() const { return wanted_.load(std::memory_order_acquire) || built() > 0; }
  // Any thread. Graph and quantization settings from now on.
  void configure(const model::VectorParams& params);
  const std::string& reason() const { return reason_; }

  // What the engine knows of how much it finds: JSON [[ef, recall at 10], ..]; empty: nothing.
  std::string calibration() const;
  // What the engine says of itself. kUnsupported: there is no graph.
  base::Result<index::IndexStats> stats() const;
  const std::string& engine() const { return options_.index_engine; }
  uint32_t built() const { return built_.load(std::memory_order_acquire); }
  struct Answer {
    std::vector<std::vector<Hit>> hits;  // by query; closest first, the slots of hits are rows
    uint64_t distances = 0;
  };
  base::Result<Answer> search(const GraphCall& call, const GraphRows& rows) const;

  // [background] Takes in up to `max_rows` more rows of slots below slot_end; false if there was
  // nothing to do. An engine that cannot insert is built in one go, and only when `sealed`.
  // kCancelled leaves what was built before.
  base::Result<bool> extend(uint32_t slot_end, uint32_t max_rows, bool sealed,
                            std::span<const uint64_t> live, const std::atomic<bool>& cancelled);
  // The engine answered something that ends all trust: search() fails from now on.
  bool fenced() const;
  // [background] The engine failed: forgets the graph, so that the column is scanned and a new one
  // may be begun.
  void drop();
  // [background] Writes the files anew if a quarter (whole: anything) has come since they were
  // written. Nothing is written if a row of a slot >= durable_rows is in the graph. Once it is
  // whole, and when it was loaded, vectors that are to be on disk leave memory.
  base::Status save(uint32_t durable_rows, bool whole);
  // At recovery: loads what save() left, if it covers no slot >= rows. A file that is missing or
  // damaged is no error: built() stays 0. When memory is short, they stay in the file's pages.
  base::Status load(uint32_t rows);
  // [background] A graph that is complete and saved goes out of memory into the pages of its file,
  // beside searches; later ones are slower and find the same. false: nothing was to be done, or the
  // engine cannot.
  base::Result<bool> reopen_mapped();

  // [background] Why the engine is to be built anew over the rows there are now: it says so, and it
  // may (rhumb/index.h: at most once for each doubling of the rows, and once more when it is
  // complete, that is, will get no more). Empty: it is not. Asks the engine at most once for each
  // number of rows.
  std::string renewal_wish(bool complete);
  // [background] About the memory that another instance takes.
  uint64_t renewal_bytes() const;
  // [background] The new instance, of the rows below built() that are live; run() builds it, on
  // another thread. keep: what holds this graph.
  std::shared_ptr<Renewal> begin_renewal(std::span<const uint64_t> live, bool complete,
                                         std::shared_ptr<const void> keep) const;
  // [background] One that was built takes in up to max_rows of the rows that came since. true: it
  // has all of them and is searched from now on; the files are to be saved. Searches whose view is
  // older than `live` of begin_renewal() must have ended.
  base::Result<bool> take_renewal(Renewal& renewal, uint32_t max_rows,
                                  const std::atomic<bool>& cancelled);
  // [background] It failed: the same rows are not built anew again.
  void renewal_failed(const Renewal& renewal);
  // It is known of all rows up to built() that nothing is to be built anew, or cannot be now.
  bool settled() const { return settled_.load(std::memory_order_acquire); }
  void settle() { settled_.store(true, std::memory_order_release); }

 private:
  // closed when the last search that uses it is done
  std::shared_ptr<index::IndexInstance> instance() const;
  model::VectorParams settings() const;
  void leave_memory() const;
  void publish(std::shared_ptr<index::IndexInstance> instance, uint32_t built);
  // mapped: if the engine can, whatever the collection says.
  base::Result<std::shared_ptr<index::IndexInstance>> open(const std::string& data_directory,
                                                           uint32_t slots,
                                                           bool mapped = false) const;
  base::Result<bool> build(uint32_t slot_end, bool sealed, std::span<const uint64_t> live,
                           const std::atomic<bool>& cancelled);
  // Rows, not slots.
  base::Status insert(index::IndexInstance& graph, uint32_t first, uint32_t end,
                      const std::atomic<bool>& cancelled) const;

  const VectorColumn& column_;
  const std::string directory_;
  const SegmentOptions& options_;
  std::optional<plugin::Engine<rhumb_index_ops_t>> engine_;
  std::string reason_;
  std::atomic<uint32_t> built_{0};
  std::atomic<bool> wanted_{true};
  // [background] in the engine: at least all those of the slots below built_
  uint32_t rows_ = 0;
  uint32_t saved_ = 0;   // [background] rows in the files
  bool mapped_ = false;  // [background] because memory was short
  std::atomic<bool> settled_{true};
  uint32_t renewed_rows_ = 0;      // [background] that the latest renewal began with
  bool renewed_complete_ = false;  // [background] and they were all
  uint32_t asked_rows_ = 0;        // [background] when the engine was asked
  bool asked_complete_ = false;    // [background]
  std::string wish_;               // [background] what it answered
  mutable base::Mutex mutex_;
  std::shared_ptr<index::IndexInstance> instance_ RHUMB_GUARDED_BY(mutex_);
  model::VectorParams settings_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::segment
