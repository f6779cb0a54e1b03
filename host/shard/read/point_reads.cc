#include "host/shard/read/point_reads.h"

#include <algorithm>

#include "host/shard/read/filtering.h"
#include "host/shard/read/record.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using model::Record;

namespace {

// Points read between two checks of the deadline; from a cold disk they take some milliseconds.
constexpr size_t kReadsPerLook = 64;

// Where a point is in a view. `part` is null if the point is gone.
struct Place {
  const SegmentView* part = nullptr;
  uint32_t slot = 0;
};

// Finds the segment of a row that was read from the store before `view` was taken. An edit of the
// segments may have come in between, so a missing segment is damage only if it stays missing.
Result<Place> locate(Core& core, ViewPtr& view, const std::string& key, PointRow row) {
  for (uint32_t round = 0;; ++round) {
    if (const SegmentView* const part = view->find(row.segment)) return Place{part, row.slot};
    if (round == base::limits::kMaxFreshViews) break;
    RHUMB_ASSIGN(const auto again, core.store.find(key));
    if (!again) return Place{};
    row = *again;
    view = core.views.current();
  }
  return base::corrupt("key-value store: a point in segment " + std::to_string(row.segment) +
                       ", which is not there");
}

// Collects points that pass a filter, in the order of their keys, until a page is full.
class Scroller {
 public:
  Scroller(Core& core, const ViewFilter* filter, const RecordMaker& maker,
           const ReadContext& context, std::string first, uint32_t limit)
      : core_(core),
        filter_(filter),
        maker_(maker),
        context_(context),
        next_(std::move(first)),
        limit_(limit) {}

  Result<std::vector<Record>> run() {
    // Most pages fill up within some chunks of keys. With a selective filter they do not, so the
    // filter is then evaluated as a whole first.
    while (!full() && !ended_ && (filter_ == nullptr || walked_ < kPatience))
      RHUMB_TRY(walk_chunk());
    if (!full() && !ended_) RHUMB_TRY(select());
    return std::move(records_);
  }

 private:
  static constexpr uint64_t kPatience = 2 * base::limits::kScrollChunkKeys;

  bool full() const { return records_.size() >= limit_ || bytes_ > base::limits::kMaxReplyBytes; }

  // Called for every point that is looked at; it checks the deadline now and then.
  Status go_on() {
    return looks_++ % base::limits::kFilterPollRows == 0 ? interrupted(context_, "scroll")
                                                         : base::ok();
  }

  Status walk_chunk() {
    RHUMB_TRY(interrupted(context_, "scroll"));
    const size_t want = filter_ == nullptr ? std::min<size_t>(limit_ - records_.size(),
                                                              base::limits::kScrollChunkKeys)
                                           : base::limits::kScrollChunkKeys;
    RHUMB_ASSIGN(const Store::Page page, core_.store.page(next_, want));
    // After the page, so that it has the segments of the page's rows.
    ViewPtr view = core_.views.current();
    for (const auto& [key, row] : page.rows) {
      if (full()) return base::ok();
      RHUMB_TRY(take(view, key, row));
    }
    walked_ += page.rows.size();
    next_ = page.next;
    ended_ = page.next.empty();
    return base::ok();
  }

  Status take(ViewPtr& view, const std::string& key, const PointRow& row) {
    RHUMB_ASSIGN(const Place place, locate(core_, view, key, row));
    if (place.part == nullptr) return base::ok();
    return take(*place.part, place.slot);
  }

  Status take(const SegmentView& part, uint32_t slot) {
    RHUMB_ASSIGN(const segment::StoredRow stored, part.segment->fetch(slot));
    if (filter_ != nullptr && !filter_->matches(stored)) return base::ok();
    RHUMB_ASSIGN(Record record, maker_.make(*part.segment, slot, stored));
    bytes_ += model::text_bytes(record);
    records_.push_back(std::move(record));
    return base::ok();
  }

  // Selects the keys of the rows that pass, smallest first. The rest of the page is the smallest
  // `limit - records` of them.
  Status select() {
    const ViewPtr view = core_.views.current();
    // The number is at most that of the points, and at most what a page has room for.
    const uint64_t room =
        (base::limits::kMaxReplyBytes - bytes_) / base::limits::kRecordTextBytes + 1;
    const auto missing =
        static_cast<size_t>(std::min<uint64_t>({limit_ - records_.size(), view->points, room}));
    RHUMB_TRY(room_for_hits(core_.options.segment.memory, missing));
    struct Found {
      const SegmentView* part;
      uint32_t slot;
    };
    std::vector<std::pair<std::string, Found>> best;  // a heap with the largest key in front
    const auto larger = [](const auto& a, const auto& b) { return a.first < b.first; };
    for (const SegmentView& part : view->segments) {
      RHUMB_ASSIGN(const payload::FilterResult passing, filter_->evaluate(*view, part));
      for (const uint32_t slot : passing.slots()) {
        RHUMB_TRY(go_on());
        const std::string_view key = part.segment->id_key(slot);
        if (key < next_ || (best.size() == missing && key >= best.front().first)) continue;
        RHUMB_ASSIGN(const bool passes, filter_->still_passes(*view, *part.segment, slot));
        if (!passes) continue;
        best.emplace_back(key, Found{&part, slot});
        std::push_heap(best.begin(), best.end(), larger);
        if (best.size() <= missing) continue;
        std::pop_heap(best.begin(), best.end(), larger);
        best.pop_back();
      }
      RHUMB_TRY(part.segment->intact());
    }
    std::sort_heap(best.begin(), best.end(), larger);
    for (const auto& [key, found] : best) {
      if (full()) break;
      if (records_.size() % kReadsPerLook == 0) RHUMB_TRY(interrupted(context_, "scroll"));
      RHUMB_TRY(take(*found.part, found.slot));
    }
    return base::ok();
  }

  Core& core_;
  const ViewFilter* filter_;
  const RecordMaker& maker_;
  const ReadContext& context_;
  std::string next_;
  const uint32_t limit_;
  uint64_t walked_ = 0, bytes_ = 0, looks_ = 0;
  bool ended_ = false;
  std::vector<Record> records_;
};

template <typename T>
Result<T> watched(Core& core, Result<T> result) {
  if (!result.ok()) return core.watch(result.status());
  return result;
}

}  // namespace

Result<std::vector<Record>> get_points(Core& core, const model::GetRequest& request,
                                       const ReadContext& context) {
  RHUMB_TRY(core.serving());
  RHUMB_ASSIGN(
      const RecordMaker maker,
      RecordMaker::compile(request.with_payload, request.with_vector, core.schema()->vectors));
  std::vector<Record> records;
  uint64_t bytes = 0;
  size_t looked_up = 0;
  for (const model::PointId& id : request.ids) {
    if (looked_up++ % kReadsPerLook == 0) RHUMB_TRY(interrupted(context, "reading points"));
    auto row = watched(core, core.store.find(id.key()));
    if (!row.ok()) return row.status();
    if (!*row) continue;
    ViewPtr view = core.views.current();
    const auto place = watched(core, locate(core, view, id.key(), **row));
    if (!place.ok()) return place.status();
    if (place->part == nullptr) continue;
    auto record = watched(core, maker.make(*place->part->segment, place->slot));
    if (!record.ok()) return record.status();
    bytes += model::text_bytes(*record);
    if (bytes > base::limits::kMaxReplyBytes) return model::too_large();
    records.push_back(std::move(*record));
  }
  return records;
}

Result<std::vector<Record>> scroll_points(Core& core, const model::ScrollRequest& request,
                                          const ReadContext& context) {
  RHUMB_TRY(core.serving());
  RHUMB_ASSIGN(
      const RecordMaker maker,
      RecordMaker::compile(request.with_payload, request.with_vector, core.schema()->vectors));
  std::optional<ViewFilter> filter;
  if (request.filter && !request.filter->empty()) {
    RHUMB_ASSIGN(filter, ViewFilter::compile(core, *request.filter, context));
  }
  Scroller scroller(core, filter ? &*filter : nullptr, maker, context,
                    request.offset ? request.offset->key() : std::string(), request.limit);
  return watched(core, scroller.run());
}

Result<std::vector<model::PointHash>> point_hashes(Core& core, const std::string& first,
                                                   uint32_t limit, const ReadContext& context) {
  RHUMB_TRY(core.serving());
  std::vector<model::PointHash> points;
  for (std::string next = first; points.size() < limit;) {
    RHUMB_TRY(interrupted(context, "reading hashes"));
    const size_t want = std::min<size_t>(limit - points.size(), base::limits::kScrollChunkKeys);
    auto page = watched(core, core.store.page(next, want));
    if (!page.ok()) return page.status();
    for (const auto& [key, row] : page->rows) {
      RHUMB_ASSIGN(model::PointId id, model::PointId::from_key(key));
      points.push_back({std::move(id), row.content_hash});
    }
    next = page->next;
    if (next.empty()) break;
  }
  return points;
}

Result<uint64_t> count_points(Core& core, const model::CountRequest& request,
                              const ReadContext& context) {
  RHUMB_TRY(core.serving());
  const ViewPtr view = core.views.current();
  if (!request.filter || request.filter->empty()) return view->points;
  RHUMB_ASSIGN(const ViewFilter filter, ViewFilter::compile(core, *request.filter, context));
  uint64_t total = 0;
  for (const SegmentView& part : view->segments) {
    if (part.live_count == 0) continue;
    auto passing = watched(core, filter.evaluate(*view, part));
    if (!passing.ok()) return passing.status();
    total += passing->pass_count;
  }
  return total;
}

}  // namespace rhumb::shard
