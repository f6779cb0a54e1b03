// What readers see: the state of a shard at exactly one applied index.
//
// A View is an immutable snapshot, and holding one never blocks apply. Views share the words of
// live bits; the first batch that changes them after a view took them copies them. ViewKeeper makes
// views, takes in what apply publishes, and fires those who wait for an index.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/segment/segment.h"

namespace rhumb::shard {

struct SegmentView {
  std::shared_ptr<segment::Segment> segment;
  uint32_t rows = 0;
  uint64_t live_count = 0;
  std::shared_ptr<const std::vector<uint64_t>> live;  // at least `rows` bits
  // The same for multivectors' rows. Null if the segment has none.
  std::shared_ptr<segment::LiveRows> live_rows = nullptr;

  segment::Bounds bounds() const { return {rows, *live, live_count, live_rows.get()}; }
  bool holds(uint32_t slot) const { return slot < rows && segment::bit(*live, slot); }
};

// The views that are still held, by their applied index.
class Pins {
 public:
  void add(uint64_t applied);
  void remove(uint64_t applied);
  uint64_t oldest() const;  // ~0 if no view is held

 private:
  mutable base::Mutex mutex_;
  std::multiset<uint64_t> applied_ RHUMB_GUARDED_BY(mutex_);
};

struct View {
  View(std::shared_ptr<Pins> pins, uint64_t index);
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  const uint64_t applied;
  uint64_t edits = 0;  // how often the set of segments had been edited
  uint64_t points = 0;
  segment::Hash content_hash{};
  std::vector<SegmentView> segments;  // by ascending id
  const SegmentView* find(uint32_t segment) const;

 private:
  const std::shared_ptr<Pins> pins_;
};
using ViewPtr = std::shared_ptr<const View>;

// What a batch did. Slots in `set` are new rows; rows in `cleared` slots died.
struct Publication {
  struct Change {
    std::shared_ptr<segment::Segment> segment;
    uint32_t rows = 0;
    std::vector<uint32_t> set, cleared;
  };
  uint64_t applied = 0, points = 0;
  segment::Hash content_hash{};
  std::map<uint32_t, Change> changes;  // by segment, including segments that were begun
};

class ViewKeeper {
 public:
  ViewKeeper();

  // [apply] load() takes the state found at recovery, and publish() every batch after it.
  void load(uint64_t applied, uint64_t points, segment::Hash content_hash,
            std::vector<SegmentView> segments);
  void publish(const Publication& publication);
  // [apply] Puts `add` in the place of the segments `remove`. The points stay as they are. `add`
  // has no segment if nothing takes their place.
  void edit(SegmentView add, const std::vector<uint32_t>& remove);
  // Fires the waiters that publish() has satisfied. Call it without holding any lock.
  void notify(uint64_t applied) RHUMB_EXCLUDES(waiters_mutex_);

  ViewPtr current();
  uint64_t applied() const { return applied_.load(std::memory_order_acquire); }
  // True if a view that is taken now would differ from this one.
  bool changed_since(const View& view) const {
    return applied() != view.applied || edits_.load(std::memory_order_acquire) != view.edits;
  }
  // No view that is held, now or later, is older than this.
  uint64_t oldest_view() const;

  // Fires once: when `index` is applied, at once if it already is, or with the reason why it will
  // not be.
  void wait(uint64_t index, std::function<void(base::Status)> done);
  void fail(const base::Status& reason);

 private:
  std::shared_ptr<Pins> pins_;
  mutable base::Mutex mutex_;  // held for copying what a batch changed
  struct Held {
    SegmentView view;
    std::shared_ptr<std::vector<uint64_t>> live;  // the same words, for writing
    bool shared = false;                          // a view shares them
  };
  static Held hold(SegmentView view);
  std::map<uint32_t, Held> state_ RHUMB_GUARDED_BY(mutex_);
  uint64_t points_ RHUMB_GUARDED_BY(mutex_) = 0;
  segment::Hash content_hash_ RHUMB_GUARDED_BY(mutex_){};
  std::atomic<uint64_t> applied_{0}, edits_{0};
  ViewPtr cached_ RHUMB_GUARDED_BY(mutex_);

  base::Mutex waiters_mutex_;
  std::multimap<uint64_t, std::function<void(base::Status)>> waiters_
      RHUMB_GUARDED_BY(waiters_mutex_);
  base::Status failed_ RHUMB_GUARDED_BY(waiters_mutex_);
};

}  // namespace rhumb::shard
