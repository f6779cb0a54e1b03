#include "host/shard/background/query_reservoir.h"

#include <algorithm>

#include "host/base/limits.h"

namespace rhumb::shard {

namespace limits = base::limits;

namespace {
constexpr uint64_t kLargeShare = 16;  // a search that takes a larger part of the bytes is not kept
}

uint64_t QueryReservoir::fresh_of(uint64_t epoch) const {
  return static_cast<uint64_t>(std::count_if(entries_.begin(), entries_.end(),
                                             [&](const Entry& e) { return e.epoch != epoch; }));
}

void QueryReservoir::drop_oldest() {
  bytes_ -= entries_.front().bytes;
  hits_ -= entries_.front().kept.request->limit;
  entries_.pop_front();
}

bool QueryReservoir::offer(const model::SearchRequest& request, uint64_t epoch) {
  if (full_in_.load(std::memory_order_relaxed) == epoch) return false;
  const uint64_t bytes = model::memory_bytes(request);
  if (bytes > limits::kRecallQueryBytes / kLargeShare) return false;
  auto copy = std::make_shared<const model::SearchRequest>(request);
  const base::MutexLock lock(mutex_);
  const bool full =
      entries_.size() >= limits::kRecallQueries || bytes_ + bytes > limits::kRecallQueryBytes;
  if (full && fresh_of(epoch) >= limits::kRecallFreshQueries) {
    full_in_.store(epoch, std::memory_order_relaxed);
    return false;
  }
  bytes_ += bytes;
  hits_ += request.limit;
  entries_.push_back({{next_number_++, std::move(copy)}, bytes, 0});
  while (entries_.size() > limits::kRecallQueries || bytes_ > limits::kRecallQueryBytes)
    drop_oldest();
  return true;
}

std::vector<QueryReservoir::Kept> QueryReservoir::latest(uint64_t most) const {
  const base::MutexLock lock(mutex_);
  std::vector<Kept> out;
  for (size_t i = entries_.size() - std::min<size_t>(entries_.size(), most); i < entries_.size();
       ++i)
    out.push_back(entries_[i].kept);
  return out;
}

std::vector<QueryReservoir::Kept> QueryReservoir::fresh(uint64_t most, uint64_t epoch) const {
  const base::MutexLock lock(mutex_);
  std::vector<Kept> out;
  for (const Entry& e : entries_) {
    if (out.size() >= most) break;
    if (e.epoch != epoch) out.push_back(e.kept);
  }
  return out;
}

void QueryReservoir::measured(const std::vector<uint64_t>& numbers, uint64_t epoch) {
  const base::MutexLock lock(mutex_);
  for (const uint64_t number : numbers) {
    const auto it = std::lower_bound(entries_.begin(), entries_.end(), number,
                                     [](const Entry& e, uint64_t n) { return e.kept.number < n; });
    if (it != entries_.end() && it->kept.number == number) it->epoch = epoch;
  }
  full_in_.store(0, std::memory_order_relaxed);
}

QueryReservoir::Counts QueryReservoir::counts(uint64_t epoch) const {
  const base::MutexLock lock(mutex_);
  Counts out{entries_.size(), fresh_of(epoch), 10};
  if (!entries_.empty())
    out.hits = static_cast<double>(hits_) / static_cast<double>(entries_.size());
  return out;
}

void QueryReservoir::clear() {
  const base::MutexLock lock(mutex_);
  entries_.clear();
  bytes_ = hits_ = 0;
  full_in_.store(0, std::memory_order_relaxed);
}

}  // namespace rhumb::shard
