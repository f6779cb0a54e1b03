// The node's write-ahead log behind a storage plugin, shared by all consensus groups. See
// rhumb/storage.h for what its records mean. Threads: open and recover by the control thread;
// append by one thread at a time; the others by any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/plugin/registry.h"

namespace rhumb::storage {

enum class RecordType : uint32_t {  // numbers of the plugin ABI
  kData = RHUMB_LOG_DATA,
  kMembers = RHUMB_LOG_MEMBERS,
  kNoop = RHUMB_LOG_NOOP,
  kHardState = RHUMB_LOG_HARD_STATE,
  kBase = RHUMB_LOG_BASE,
  kInstall = RHUMB_LOG_INSTALL,
  kDrop = RHUMB_LOG_DROP,
};
inline bool is_entry(RecordType type) { return type <= RecordType::kNoop; }

// data is borrowed: for append until it returns, in a visit until the visitor returns.
struct LogRecord {
  uint64_t group = 0, index = 0, term = 0;
  RecordType type = RecordType::kData;
  std::string_view data;
};

// What the log takes on disk, and the group with the most entries in its oldest segment: the one
// whose checkpoint lets it go. 0 = none.
struct LogUse {
  uint64_t bytes = 0, oldest_group = 0;
};

class LogStore {
 public:
  // false stops; must not call back into the log
  using Visit = std::function<bool(const LogRecord&)>;
  using Done = std::function<void(base::Status)>;

  // Opens (creating) the log of `directory` with the engine `id` ("wal").
  static base::Result<std::unique_ptr<LogStore>> open(const plugin::PluginRegistry& plugins,
                                                      const std::string& id,
                                                      const std::string& directory,
                                                      const std::string& config_json = "{}");
  ~LogStore();  // waits for appends under way
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;

  // Once, before anything else: of each group its hard state, its newest base or install, its
  // entries. kCorrupt names file and offset.
  base::Status recover(const Visit& visit);
  // One batch, in order. OK: accepted, and `done` fires once it is durable, on the log's thread, in
  // the order of the calls; it must not block. kBusy, kNoSpace: nothing was taken, try again later.
  // kIo, kCorrupt: the log has failed for good.
  base::Status append(std::span<const LogRecord> records, Done done);
  // Entries [first, last] in order, stopping after max_bytes of data but giving at least one.
  // kNotFound when the log lacks some.
  base::Status read(uint64_t group, uint64_t first, uint64_t last, uint64_t max_bytes,
                    const Visit& visit) const;
  base::Status release(uint64_t group, uint64_t index);
  base::Status drop_group(uint64_t group);
  base::Result<std::string> stats_json() const;
  base::Result<LogUse> use() const;

 private:
  LogStore() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rhumb::storage
