#include "host/shard/state/store.h"

#include "host/base/file.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

Store::Store(KvCache& cache, std::string directory)
    : cache_(cache), directory_(std::move(directory)), exists_(base::exists(directory_)) {}

Store::~Store() { cache_.close(directory_); }

Result<std::optional<std::string>> Store::get(Table table, std::string_view key) const {
  if (!exists()) return std::optional<std::string>();
  RHUMB_ASSIGN(const auto kv, cache_.open(directory_));
  return kv->get(table, key);
}

Status Store::visit(Table table, const storage::KvStore::Visit& visit) const {
  if (!exists()) return base::ok();
  RHUMB_ASSIGN(const auto kv, cache_.open(directory_));
  return kv->visit_range(table, {}, {}, visit);
}

Result<std::optional<PointRow>> Store::row(Table table, std::string_view key) const {
  RHUMB_ASSIGN(const auto value, get(table, key));
  if (!value) return std::optional<PointRow>();
  RHUMB_ASSIGN(PointRow row, decode_point_row(*value));
  return std::optional(row);
}

Result<std::optional<PointRow>> Store::newest(std::string_view id_key) const {
  RHUMB_ASSIGN(auto found, row(kPoints, id_key));
  const base::MutexLock lock(pending_mutex_);
  if (found) follow(forwards_, *found);
  return found;
}

Result<std::optional<PointRow>> Store::undo(uint64_t watermark, std::string_view id_key) const {
  return row(kUndo, undo_key(watermark, id_key));
}

// The store is read first. If the batch is published in between, pending_ is empty, and what was
// read was right at the time.
Result<std::optional<PointRow>> Store::find(std::string_view id_key) const {
  RHUMB_ASSIGN(auto found, row(kPoints, id_key));
  const base::MutexLock lock(pending_mutex_);
  const auto it = pending_.find(id_key);
  if (it != pending_.end()) found = it->second;
  if (found) follow(forwards_, *found);
  return found;
}

Result<Store::Page> Store::page(std::string_view first, size_t limit) const {
  RHUMB_ASSERT(limit > 0);
  Page page;
  if (!exists()) return page;
  RHUMB_ASSIGN(const auto kv, cache_.open(directory_));
  std::map<std::string, PointRow, std::less<>> rows;
  Status damage;
  RHUMB_TRY(kv->visit_range(kPoints, first, {}, [&](std::string_view key, std::string_view value) {
    if (rows.size() == limit) {
      page.next = key;
      return false;
    }
    auto row = decode_point_row(value);
    if (!row.ok()) {
      damage = row.status();
      return false;
    }
    rows.emplace(key, *row);
    return true;
  }));
  RHUMB_TRY(damage);
  const base::MutexLock lock(pending_mutex_);
  for (auto it = pending_.lower_bound(first);
       it != pending_.end() && (page.next.empty() || it->first < page.next); ++it) {
    if (it->second)
      rows[it->first] = *it->second;
    else
      rows.erase(it->first);
  }
  if (!forwards_.empty()) {
    for (auto& [key, row] : rows) follow(forwards_, row);
  }
  page.rows.assign(rows.begin(), rows.end());
  return page;
}

Status Store::commit(const storage::KvBatch& batch, PendingRows before) {
  {
    const base::MutexLock lock(pending_mutex_);
    pending_ = std::move(before);
  }
  if (!exists()) RHUMB_TRY(base::make_dirs(directory_));
  RHUMB_ASSIGN(const auto kv, cache_.open(directory_));
  RHUMB_TRY(kv->write(batch));
  exists_.store(true, std::memory_order_release);
  return base::ok();
}

void Store::publish_pending(const std::function<void()>& publish) {
  const base::MutexLock lock(pending_mutex_);
  publish();
  pending_.clear();
}

void Store::publish_forwards(Forwards forwards, const std::function<void()>& publish) {
  const base::MutexLock lock(pending_mutex_);
  publish();
  forwards_ = std::move(forwards);
}

Forwards Store::forwards() const {
  const base::MutexLock lock(pending_mutex_);
  return forwards_;
}

Status Store::copy(const std::string& directory, const storage::KvStore::Moments& moments) const {
  RHUMB_ASSIGN(const auto kv, cache_.open(directory_));
  RHUMB_TRY(base::make_dirs(directory));
  return kv->checkpoint(directory, moments);
}

Status Store::flush() {
  if (!exists()) return base::ok();
  RHUMB_ASSIGN(const auto kv, cache_.open(directory_));
  return kv->flush();
}

}  // namespace rhumb::shard
