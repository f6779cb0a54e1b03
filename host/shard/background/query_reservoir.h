// Real searches that are kept for measuring, the latest ones, bounded in number and bytes. Any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "host/base/mutex.h"
#include "host/model/query.h"

namespace rhumb::shard {

class QueryReservoir {
 public:
  // As they are encoded; a number each.
  struct Kept {
    uint64_t number = 0;
    std::string request;
  };
  struct Counts {
    uint64_t held = 0, fresh = 0;  // fresh: not measured in that epoch
    double hits = 10;              // asked for, on average
  };

  // Whether it was kept: not while many wait to be measured. Costs next to nothing if it is not.
  bool offer(const model::SearchRequest& request, uint64_t epoch);
  // The latest `most` searches, or of the fresh ones those that have waited longest.
  std::vector<Kept> latest(uint64_t most) const;
  std::vector<Kept> fresh(uint64_t most, uint64_t epoch) const;
  void measured(const std::vector<uint64_t>& numbers, uint64_t epoch);
  Counts counts(uint64_t epoch) const;
  // The collection's vectors are others now, or nothing is promised any more.
  void clear();

 private:
  struct Entry {
    Kept kept;
    uint64_t epoch = 0;  // in which it was measured
    uint32_t hits = 0;
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
