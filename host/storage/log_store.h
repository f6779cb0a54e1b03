// The node's write-ahead log behind a storage plugin, which all consensus groups share.
// rhumb/storage.h defines its records. Threads: the control thread calls open() and recover(); one
// thread at a time calls append(); any thread may call the rest.
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

// The numbers of the plugin ABI.
enum class RecordType : uint32_t {
  kData = RHUMB_LOG_DATA,
  kMembers = RHUMB_LOG_MEMBERS,
  kNoop = RHUMB_LOG_NOOP,
  kHardState = RHUMB_LOG_HARD_STATE,
  kBase = RHUMB_LOG_BASE,
  kInstall = RHUMB_LOG_INSTALL,
  kDrop = RHUMB_LOG_DROP,
};
inline bool is_entry(RecordType type) { return type <= RecordType::kNoop; }

// `data` is borrowed: in append() until it returns, in a visit until the visitor returns.
struct LogRecord {
  uint64_t group = 0, index = 0, term = 0;
  RecordType type = RecordType::kData;
  std::string_view data;
};

// The bytes that the log takes on disk, and the group with the most entries in its oldest segment
// file. A checkpoint of that group lets the log free the file. 0 means no group.
struct LogUse {
  uint64_t bytes = 0, oldest_group = 0;
  std::string failure = {};  // why the log takes no more; empty if it does
};

class LogStore {
 public:
  // Returning false stops the visit. A visitor must not call the log.
  using Visit = std::function<bool(const LogRecord&)>;
  using Done = std::function<void(base::Status)>;

  // Opens the log in `directory` with the engine `id` ("wal"), and creates it if it does not exist.
  static base::Result<std::unique_ptr<LogStore>> open(const plugin::PluginRegistry& plugins,
                                                      const std::string& id,
                                                      const std::string& directory,
                                                      const std::string& config_json = "{}");
  ~LogStore();  // waits for appends in progress
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;

  // Called once, before anything else. Visits each group's hard state, its newest base or install
  // record, and its entries. kCorrupt names the file and the offset.
  base::Status recover(const Visit& visit);
  // Appends one batch, in order. OK means that the batch is accepted: `done` runs once the batch is
  // durable, on the log's thread and in the order of the calls; it must not block. kBusy and
  // kNoSpace mean that nothing was accepted; the caller tries again later. kIo and kCorrupt mean
  // that the log has failed for good.
  base::Status append(std::span<const LogRecord> records, Done done);
  // Visits the entries [first, last] in order. Stops after max_bytes of data, but visits at least
  // one entry. Returns kNotFound if the log lacks some of them.
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
