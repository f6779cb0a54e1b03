// What the scrubbers of a node share: the budget of bytes that they read, and which files were read
// lately under another name. A branch or an image links the files of its origin, and one reading
// serves all names.
#pragma once

#include <cstdint>
#include <map>

#include "host/base/direct_file.h"
#include "host/base/mutex.h"
#include "host/shard/background/rate_budget.h"

namespace rhumb::shard {

class ScrubLedger {
 public:
  ScrubLedger(uint64_t period_seconds, uint64_t bytes_per_second);

  uint64_t period_seconds() const { return period_seconds_; }
  RateBudget& budget() { return budget_; }

  // Any thread. Times are seconds since 1970. A file with one name only is not kept.
  void found_intact(const base::DirectFile::Inode& inode, uint64_t now);
  // True if the file was found intact after `since`.
  bool intact_since(const base::DirectFile::Inode& inode, uint64_t since) const;

 private:
  const uint64_t period_seconds_;
  RateBudget budget_;
  mutable base::Mutex mutex_;
  // By device and number. Entries older than the period are dropped.
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> intact_ RHUMB_GUARDED_BY(mutex_);
  uint64_t swept_ RHUMB_GUARDED_BY(mutex_) = 0;
};

}  // namespace rhumb::shard
