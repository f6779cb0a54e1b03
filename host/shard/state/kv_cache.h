// The open key-value stores of this node's shards. They are opened on demand, and the least
// recently used one is closed when there are too many.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "host/base/limits.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/plugin/registry.h"
#include "host/storage/kv_store.h"

namespace rhumb::shard {

// Any thread. A handle stays open as long as somebody holds the pointer.
class KvCache {
 public:
  KvCache(const plugin::PluginRegistry& plugins, std::string engine,
          size_t max_open = base::limits::kMaxOpenKvHandles)
      : plugins_(plugins), engine_(std::move(engine)), max_open_(max_open) {}

  base::Result<std::shared_ptr<storage::KvStore>> open(const std::string& directory);
  // Closes the handle, which nobody may hold any more. Called before the directory is removed, and
  // at the end of a shard.
  void close(const std::string& directory);
  size_t open_count() const;

 private:
  struct Entry {
    std::string directory;
    std::shared_ptr<storage::KvStore> store;
  };
  void close_idle() RHUMB_REQUIRES(mutex_);

  const plugin::PluginRegistry& plugins_;
  const std::string engine_;
  const size_t max_open_;
  mutable base::Mutex mutex_;
  std::list<Entry> entries_ RHUMB_GUARDED_BY(mutex_);  // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_directory_
      RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::shard
