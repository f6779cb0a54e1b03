// The latest real searches, kept for measuring and bounded in number and bytes. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "host/base/mutex.h"
#include "host/model/query.h"

namespace rhumb::shard {

class QueryReservoir {
 public:
  struct Kept {
    uint64_t number = 0;
    std::shared_ptr<const model::SearchRequest> request;
  };
  struct Counts {
    // `fresh` counts those that were not measured in the given epoch.
    uint64_t held = 0, fresh = 0;
    double hits = 10;  // hits asked for, on average
  };

  // Returns whether the search was kept. It is not kept while many wait to be measured, and then
  // the call costs next to nothing.
  bool offer(const model::SearchRequest& request, uint64_t epoch);
  // latest() returns the latest `most` searches. fresh() returns those fresh ones that have waited
  // longest.
  std::vector<Kept> latest(uint64_t most) const;
  std::vector<Kept> fresh(uint64_t most, uint64_t epoch) const;
  void measured(const std::vector<uint64_t>& numbers, uint64_t epoch);
  Counts counts(uint64_t epoch) const;
  // Call it when the collection's vectors have changed, or nothing is promised any more.
  void clear();

 private:
  struct Entry {
    Kept kept;
    uint64_t bytes = 0;
    uint64_t epoch = 0;  // the epoch in which it was measured
  };
  uint64_t fresh_of(uint64_t epoch) const RHUMB_REQUIRES(mutex_);
  void drop_oldest() RHUMB_REQUIRES(mutex_);

  std::atomic<uint64_t> full_in_{0};  // the epoch in which there were enough fresh ones
  mutable base::Mutex mutex_;
  std::deque<Entry> entries_ RHUMB_GUARDED_BY(mutex_);  // oldest first
  uint64_t bytes_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint64_t hits_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint64_t next_number_ RHUMB_GUARDED_BY(mutex_) = 1;
};

}  // namespace rhumb::shard
