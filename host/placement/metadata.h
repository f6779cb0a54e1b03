// The metadata group's state machine: a cluster map that is kept in a key-value store of its own,
// with the applied index in the same transaction. Any thread may ask for the map or wait. Entries
// are applied one batch at a time on the given executor. The rows of the store survive a crash.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/consensus/state_machine.h"
#include "host/model/topology.h"
#include "host/placement/map_table.h"
#include "host/storage/kv_store.h"

namespace rhumb::placement {

using MapPtr = std::shared_ptr<const model::ClusterMap>;

struct Applied {
  base::Status status;
  bool changed = false;
};

class Metadata final : public consensus::StateMachine {
 public:
  // `release(index)` says that effects up to `index` are durable, so the log may forget them.
  static base::Result<std::unique_ptr<Metadata>> open(std::unique_ptr<storage::KvStore> store,
                                                      base::Executor& executor,
                                                      std::function<void(uint64_t)> release);

  uint64_t durable_index() const override;
  void apply(std::vector<consensus::Entry> entries, Done done) override;

  // Any thread. When `done` fires, everything that was applied before the call is durable in the
  // store, and the log is released.
  void checkpoint(Done done);

  MapPtr map() const;
  // Fires once the command with that log index is applied, at once if it already is. The argument
  // says what the command did, or is kUnavailable after stop().
  void await(uint64_t index, std::function<void(Applied)> done);
  // Fires with a map newer than `known_version`, or with kUnavailable after stop().
  void watch(uint64_t known_version, std::function<void(base::Result<MapPtr>)> done);
  void stop();

 private:
  Metadata(std::unique_ptr<storage::KvStore> store, base::Executor& executor,
           std::function<void(uint64_t)> release);
  base::Status load();
  base::Status apply_batch(const std::vector<consensus::Entry>& entries);
  base::Status checkpoint_if_due(size_t entries);
  base::Status flush();
  void publish(const MapPtr& map, uint64_t applied,
               std::vector<std::pair<uint64_t, Applied>>&& outcomes);

  const std::unique_ptr<storage::KvStore> store_;
  base::Strand strand_;
  const std::function<void(uint64_t)> release_;
  uint64_t entries_since_flush_ = 0;  // strand only

  mutable base::Mutex mutex_;
  MapPtr map_ RHUMB_GUARDED_BY(mutex_);
  uint64_t applied_ RHUMB_GUARDED_BY(mutex_) = 0;
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
  // The outcomes of the last kRecentOutcomes commands, for an await() that comes after the command
  // was applied.
  std::deque<std::pair<uint64_t, Applied>> recent_ RHUMB_GUARDED_BY(mutex_);
  std::multimap<uint64_t, std::function<void(Applied)>> awaiting_ RHUMB_GUARDED_BY(mutex_);
  std::vector<std::pair<uint64_t, std::function<void(base::Result<MapPtr>)>>> watching_
      RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::placement
