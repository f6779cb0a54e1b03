#include "host/shard/state/kv_cache.h"

namespace rhumb::shard {

base::Result<std::shared_ptr<storage::KvStore>> KvCache::open(const std::string& directory) {
  const base::MutexLock lock(mutex_);
  if (const auto it = by_directory_.find(directory); it != by_directory_.end()) {
    entries_.splice(entries_.begin(), entries_, it->second);
    return it->second->store;
  }
  close_idle();
  RHUMB_ASSIGN(auto opened, storage::KvStore::open(plugins_, engine_, directory));
  entries_.push_front({directory, std::move(opened)});
  by_directory_[directory] = entries_.begin();
  return entries_.front().store;
}

// Makes room for one more handle. Handles in use stay, even if that is one too many for a moment.
void KvCache::close_idle() {
  for (auto it = entries_.end(); it != entries_.begin() && entries_.size() >= max_open_;) {
    --it;
    if (it->store.use_count() > 1) continue;
    by_directory_.erase(it->directory);
    it = entries_.erase(it);
  }
}

void KvCache::close(const std::string& directory) {
  const base::MutexLock lock(mutex_);
  const auto it = by_directory_.find(directory);
  if (it == by_directory_.end()) return;
  RHUMB_ASSERT(it->second->store.use_count() == 1);
  entries_.erase(it->second);
  by_directory_.erase(it);
}

size_t KvCache::open_count() const {
  const base::MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace rhumb::shard
