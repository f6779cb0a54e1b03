// A shard's key-value store as its readers see it: the points as of the last published log index. A
// batch that is committed in the store but not yet published is never visible.
//
// A row may name a segment that is gone. Rows leave this class with the segment and slot where
// their points are now, except those of undo().
//
// Threads: commit() and publish_pending() belong to the apply thread; any thread may read. Nothing
// is opened before the first read or write that needs it. A shard without a store has no points.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/shard/state/forwards.h"
#include "host/shard/state/kv_cache.h"
#include "host/shard/state/tables.h"

namespace rhumb::shard {

// What a batch changes: the key and its row before the batch.
using PendingRows = std::map<std::string, std::optional<PointRow>, std::less<>>;
using KeyedRow = std::pair<std::string, PointRow>;

class Store {
 public:
  Store(KvCache& cache, std::string directory);
  ~Store();

  bool exists() const { return exists_.load(std::memory_order_acquire); }

  // [apply] newest() returns the newest row, published or not. undo() returns the row as of the
  // watermark.
  base::Result<std::optional<PointRow>> newest(std::string_view id_key) const;
  base::Result<std::optional<PointRow>> undo(uint64_t watermark, std::string_view id_key) const;

  // Returns the row as of what is published.
  base::Result<std::optional<PointRow>> find(std::string_view id_key) const;
  // Up to `limit` rows from `first` on, in the order of keys. `next` is where the next page begins;
  // it is empty at the end.
  struct Page {
    std::vector<KeyedRow> rows;
    std::string next;
  };
  base::Result<Page> page(std::string_view first, size_t limit) const;

  // [apply] commit() writes one transaction. Readers go on seeing `before` for its keys until
  // publish_pending() publishes the batch. That happens in one moment: nobody sees the new rows
  // here and an older view there, or the other way round.
  base::Status commit(const storage::KvBatch& batch, PendingRows before);
  void publish_pending(const std::function<void()>& publish);
  // [apply] As publish_pending(), for a change of the segments. From now on rows are found through
  // `forwards`.
  void publish_forwards(Forwards forwards, const std::function<void()>& publish);
  Forwards forwards() const;
  base::Status flush();  // one thread at a time, beside commit()
  // Any thread. Copies the store, which exists, into a new directory.
  base::Status copy(const std::string& directory, const storage::KvStore::Moments& moments) const;

  // These are for recovery.
  base::Result<std::optional<std::string>> get(Table table, std::string_view key) const;
  base::Status visit(Table table, const storage::KvStore::Visit& visit) const;

 private:
  base::Result<std::optional<PointRow>> row(Table table, std::string_view key) const;

  KvCache& cache_;
  const std::string directory_;
  std::atomic<bool> exists_;
  mutable base::Mutex pending_mutex_;
  PendingRows pending_ RHUMB_GUARDED_BY(pending_mutex_);
  Forwards forwards_ RHUMB_GUARDED_BY(pending_mutex_);
};

}  // namespace rhumb::shard
