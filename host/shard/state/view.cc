#include "host/shard/state/view.h"

#include <algorithm>
#include <utility>

#include "host/base/planted.h"

namespace rhumb::shard {

using base::Status;

void Pins::add(uint64_t applied) {
  const base::MutexLock lock(mutex_);
  applied_.insert(applied);
}

void Pins::remove(uint64_t applied) {
  const base::MutexLock lock(mutex_);
  applied_.erase(applied_.find(applied));
}

uint64_t Pins::oldest() const {
  const base::MutexLock lock(mutex_);
  return applied_.empty() ? ~0ull : *applied_.begin();
}

View::View(std::shared_ptr<Pins> pins, uint64_t index) : applied(index), pins_(std::move(pins)) {
  pins_->add(applied);
}
View::~View() { pins_->remove(applied); }

const SegmentView* View::find(uint32_t segment) const {
  const auto it =
      std::lower_bound(segments.begin(), segments.end(), segment,
                       [](const SegmentView& v, uint32_t id) { return v.segment->id() < id; });
  return it != segments.end() && it->segment->id() == segment ? &*it : nullptr;
}

ViewKeeper::ViewKeeper() : pins_(std::make_shared<Pins>()) {}

void ViewKeeper::load(uint64_t applied, uint64_t points, segment::Hash content_hash,
                      std::vector<SegmentView> segments) {
  const base::MutexLock lock(mutex_);
  state_.clear();
  for (SegmentView& view : segments) {
    const uint32_t id = view.segment->id();
    state_.emplace(id, hold(std::move(view)));
  }
  points_ = points;
  content_hash_ = content_hash;
  applied_.store(applied, std::memory_order_release);
  cached_.reset();
}

ViewKeeper::Held ViewKeeper::hold(SegmentView view) {
  Held held{std::move(view), nullptr, false};
  held.live = std::make_shared<std::vector<uint64_t>>(*held.view.live);
  held.view.live = held.live;
  return held;
}

void ViewKeeper::edit(SegmentView add, const std::vector<uint32_t>& remove) {
  // Views and segments may be destroyed with these, which must not happen under the lock.
  ViewPtr retired;
  std::vector<Held> removed;
  std::optional<Held> added;
  if (add.segment != nullptr) added = hold(std::move(add));
  const base::MutexLock lock(mutex_);
  retired = std::exchange(cached_, nullptr);
  for (const uint32_t id : remove) {
    const auto it = state_.find(id);
    RHUMB_ASSERT(it != state_.end());
    removed.push_back(std::move(it->second));
    state_.erase(it);
  }
  if (added) {
    const uint32_t id = added->view.segment->id();
    state_.emplace(id, std::move(*added));
  }
  edits_.fetch_add(1, std::memory_order_acq_rel);
}

void ViewKeeper::publish(const Publication& publication) {
  ViewPtr retired;  // its segments may be destroyed with it, which must not happen under the lock
  const base::MutexLock lock(mutex_);
  if (!RHUMB_PLANTED(kStaleView)) retired = std::exchange(cached_, nullptr);
  for (const auto& [id, change] : publication.changes) {
    Held& held = state_[id];
    const size_t words = segment::words_for(change.rows);
    if (!held.live) {
      held.view.segment = change.segment;
      held.live = std::make_shared<std::vector<uint64_t>>();
    } else if (std::exchange(held.shared, false)) {
      held.live = std::make_shared<std::vector<uint64_t>>(*held.live);
    }
    std::vector<uint64_t>& live = *held.live;
    if (live.size() < words) live.resize(std::max(words, live.size() + live.size() / 2), 0);
    for (const uint32_t slot : change.set) live[slot / 64] |= 1ull << (slot % 64);
    for (const uint32_t slot : change.cleared) live[slot / 64] &= ~(1ull << (slot % 64));
    held.view.live = held.live;
    held.view.live_rows.reset();  // views that share it keep it
    held.view.rows = change.rows;
    held.view.live_count += change.set.size();
    held.view.live_count -= change.cleared.size();
  }
  points_ = publication.points;
  content_hash_ = publication.content_hash;
  applied_.store(publication.applied, std::memory_order_release);
}

ViewPtr ViewKeeper::current() {
  const base::MutexLock lock(mutex_);
  if (cached_) return cached_;
  auto view = std::make_shared<View>(pins_, applied_.load(std::memory_order_relaxed));
  view->edits = edits_.load(std::memory_order_relaxed);
  view->points = points_;
  view->content_hash = content_hash_;
  for (auto& [id, held] : state_) {
    held.shared = true;
    if (!held.view.live_rows && held.view.segment->has_multivectors())
      held.view.live_rows = std::make_shared<segment::LiveRows>();
    view->segments.push_back(held.view);
  }
  cached_ = std::move(view);
  return cached_;
}

uint64_t ViewKeeper::oldest_view() const {
  const uint64_t applied = applied_.load(std::memory_order_acquire);
  return std::min(pins_->oldest(), applied);
}

void ViewKeeper::wait(uint64_t index, std::function<void(Status)> done) {
  Status outcome;
  {
    const base::MutexLock lock(waiters_mutex_);
    outcome = failed_;
    if (outcome.ok() && applied_.load(std::memory_order_acquire) < index) {
      waiters_.emplace(index, std::move(done));
      return;
    }
  }
  done(outcome);
}

void ViewKeeper::notify(uint64_t applied) {
  std::vector<std::function<void(Status)>> ready;
  {
    const base::MutexLock lock(waiters_mutex_);
    const auto end = waiters_.upper_bound(applied);
    for (auto it = waiters_.begin(); it != end; ++it) ready.push_back(std::move(it->second));
    waiters_.erase(waiters_.begin(), end);
  }
  for (const auto& done : ready) done(base::ok());
}

void ViewKeeper::fail(const Status& reason) {
  std::multimap<uint64_t, std::function<void(Status)>> waiting;
  {
    const base::MutexLock lock(waiters_mutex_);
    if (failed_.ok()) failed_ = reason;
    waiting.swap(waiters_);
  }
  for (const auto& [index, done] : waiting) done(reason);
}

}  // namespace rhumb::shard
