// Payload texts that replaced those of rows in place: an append-only file, and in memory the newest
// text of each slot.
//
// Threads: append() and flush() belong to the apply thread; find() and text() may be called on any
// thread. An entry is visible as soon as it is appended, before the change is published. A reader
// of an older view notices this by the entry's version and checks the row again. What sync()
// covered survives a crash, and recovery replays the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/segment/columns/column.h"
#include "host/segment/format.h"

namespace rhumb::segment {

struct Override {
  uint64_t version = 0;
  uint64_t offset = 0;  // offset of the text in the file
  uint32_t bytes = 0;
};

class OverrideLog {
 public:
  // Reads the records in [0, length) and verifies them; kCorrupt names file and offset. The file is
  // created by the first append.
  base::Status open(const std::string& path, uint64_t length, uint64_t reserve_bytes,
                    ExtentLimits extents);

  bool fits(size_t text_bytes) const;
  // Writes through: the text is readable when the call returns.
  base::Status append(uint32_t slot, uint64_t version, std::string_view text);
  uint64_t length() const { return opened_ ? column_.length() : 0; }  // apply thread

  std::optional<Override> find(uint32_t slot) const;
  std::string_view text(const Override& entry) const {
    return column_.view(entry.offset, entry.bytes);
  }
  // Checks that the record's bytes are still those that were written.
  base::Status check(uint32_t slot, const Override& entry) const;
  // Any thread. Calls `visit` with the slots of the records in [from, to), in the order of writing.
  base::Status each(uint64_t from, uint64_t to,
                    const std::function<base::Status(uint32_t slot)>& visit) const;
  bool empty() const { return count_.load(std::memory_order_acquire) == 0; }
  uint64_t count() const { return count_.load(std::memory_order_acquire); }

  base::Status sync() {
    return opened_.load(std::memory_order_acquire) ? column_.sync() : base::ok();
  }
  bool poisoned() const { return opened_.load(std::memory_order_acquire) && column_.poisoned(); }

 private:
  base::Status create();
  base::Status load(uint64_t length);

  std::string path_;
  uint64_t reserve_bytes_ = 0;
  ExtentLimits extents_;
  Column column_;  // valid once opened_
  std::atomic<bool> opened_{false};
  std::atomic<uint64_t> count_{0};  // entries in newest_
  mutable base::SharedMutex mutex_;
  std::unordered_map<uint32_t, Override> newest_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::segment
