// A key-value store behind a storage plugin: one a shard, one for the metadata. See rhumb/storage.h
// for what visible and durable mean. write() and flush(): one thread at a time; get() and
// visit_range(): any thread, at the same time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/plugin/registry.h"

namespace rhumb::storage {

// Writes that become visible together. Owns its bytes.
class KvBatch {
 public:
  void put(uint32_t table, std::string key, std::string value);
  void erase(uint32_t table, std::string key);
  void erase_range(uint32_t table, std::string first,
                   std::string last);  // [first, last), empty last = to the table's end
  bool empty() const { return writes_.empty(); }
  size_t size() const { return writes_.size(); }
  void clear() { writes_.clear(); }

 private:
  friend class KvStore;
  struct Write {
    uint32_t op, table;
    std::string key, value;
  };
  std::vector<Write> writes_;
};

class KvStore {
 public:
  using Visit = std::function<bool(std::string_view key,
                                   // false stops; must not call back into the store
                                   std::string_view value)>;

  // Opens (creating) the store of `directory` with the engine `id` ("sqlite").
  static base::Result<std::unique_ptr<KvStore>> open(const plugin::PluginRegistry& plugins,
                                                     const std::string& id,
                                                     const std::string& directory,
                                                     const std::string& config_json = "{}");
  ~KvStore();  // waits for flushes under way

  base::Status write(const KvBatch& batch);  // atomic; visible on return
  base::Result<std::optional<std::string>> get(uint32_t table, std::string_view key) const;
  base::Status visit_range(uint32_t table, std::string_view first, std::string_view last,
                           const Visit& visit, bool reverse = false) const;
  base::Status flush();  // blocks: what was written before is durable
  base::Status checkpoint(const std::string& directory);

 private:
  KvStore() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rhumb::storage
