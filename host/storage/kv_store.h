// A key-value store behind a storage plugin: one per shard and one for the metadata.
// rhumb/storage.h says what visible and durable mean. Only one thread at a time may call write()
// and flush(); any thread may call get() and visit_range() at the same time.
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

// Writes that become visible together. A batch owns its bytes.
class KvBatch {
 public:
  void put(uint32_t table, std::string key, std::string value);
  void erase(uint32_t table, std::string key);
  // Erases [first, last). An empty `last` means up to the end of the table.
  void erase_range(uint32_t table, std::string first, std::string last);
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
  // Returning false stops the visit. A visitor must not call the store.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;

  // Opens the store in `directory` with the engine `id` ("sqlite"), and creates it if it does not
  // exist.
  static base::Result<std::unique_ptr<KvStore>> open(const plugin::PluginRegistry& plugins,
                                                     const std::string& id,
                                                     const std::string& directory,
                                                     const std::string& config_json = "{}");
  ~KvStore();  // waits for flushes in progress

  base::Status write(const KvBatch& batch);  // atomic; visible on return
  base::Result<std::optional<std::string>> get(uint32_t table, std::string_view key) const;
  base::Status visit_range(uint32_t table, std::string_view first, std::string_view last,
                           const Visit& visit, bool reverse = false) const;
  base::Status flush();  // blocks until all earlier writes are durable
  // Copies the store into the existing, empty directory, durably, while writes go on. `begins` is
  // called when only fixing the state is left to do before the copying, and `fixed` when it is
  // fixed. A caller who holds back writes in between knows what is in the copy. After a failure
  // `fixed` may not have been called.
  struct Moments {
    std::function<void()> begins, fixed;
  };
  base::Status checkpoint(const std::string& directory, const Moments& moments = {});

 private:
  KvStore() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rhumb::storage
