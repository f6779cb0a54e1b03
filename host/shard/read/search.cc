#include "host/shard/read/search.h"

#include <algorithm>
#include <cmath>

#include "host/base/bytes.h"
#include "host/base/float_order.h"
#include "host/query/merge.h"
#include "host/segment/search/scan.h"
#include "host/segment/search/search.h"
#include "host/shard/read/filtering.h"
#include "host/shard/read/record.h"
#include "rhumb/kernels.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using model::Distance;
using model::SearchRequest;
using segment::Hit;

namespace {

// The number of rows that are prefetched before the first is read. More would push each other out
// of the nearest cache.
constexpr size_t kPrefetchedRows = 64;

// `rows` is the number of the query's rows. A multivector's distance is the sum over them.
float score_of(Distance metric, float distance, size_t rows) {
  switch (metric) {
    case Distance::kCosine:
      return rhumb_finite_f32(static_cast<double>(rows) - static_cast<double>(distance));
    case Distance::kDot:
      return -distance;
    case Distance::kEuclid:
      return rhumb_finite_f32(std::sqrt(rhumb_square_decode(distance)));
    case Distance::kManhattan:
      return distance;
  }
  return distance;
}

struct Candidate {
  float distance = 0, score = 0;
  const SegmentView* part = nullptr;
  uint32_t slot = 0;
};

// One attempt at an answer: the candidates of every segment of one view, and the closest k of them.
class Attempt {
 public:
  Attempt(const SearchRequest& request, size_t column, const model::VectorParams& params,
          const ReadContext& context, const ViewFilter* filter, double recall, float widen)
      : request_(request),
        metric_(params.distance),
        query_rows_(request.vector.size() / params.row_bytes()),
        filter_(filter) {
    call_.column = column;
    call_.query = request.vector;
    call_.params = request.params;
    call_.params.recall = static_cast<float>(recall);
    call_.params.widen = widen;
    call_.deadline = context.deadline;
    call_.cancelled = context.cancelled;
  }

  Status run(ViewPtr view, uint32_t k, bool exact) {
    view_ = std::move(view);
    candidates_.clear();
    plan_.clear();
    dropped_ = 0;
    call_.params.exact = call_.params.exact || exact;
    for (const SegmentView& part : view_->segments) {
      call_.k = static_cast<uint32_t>(std::min<uint64_t>(k, part.live_count));
      if (part.live_count > 0) RHUMB_TRY(search_segment(part));
    }
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
      return base::place_of(a.distance) < base::place_of(b.distance);
    });
    if (candidates_.size() > k) candidates_.resize(k);
    return base::ok();
  }

  // Makes the records of the best candidates. Equal scores are in the order of ids, so that the
  // answer does not depend on where points are stored. A payload index may already have a change
  // that the view does not have, so a row that was changed since is checked again, as it is
  // returned.
  Result<std::vector<model::Record>> records(const RecordMaker& maker, uint64_t bytes_left) {
    std::vector<model::Record> records;
    uint64_t bytes = 0;
    float last = 0;
    prefetch_rows();
    for (const Candidate& c : candidates_) {
      if (records.size() >= request_.limit && base::place_of(c.score) != base::place_of(last))
        break;
      if (records.size() % kPrefetchedRows == 0) RHUMB_TRY(segment::interrupted(call_));
      RHUMB_ASSIGN(const segment::StoredRow row, c.part->segment->fetch(c.slot));
      if (filter_ != nullptr && row.version > view_->applied && !filter_->matches(row)) {
        ++dropped_;
        continue;
      }
      RHUMB_ASSIGN(model::Record record, maker.make(*c.part->segment, c.slot, row));
      record.score = last = c.score;
      bytes += model::text_bytes(record);
      if (bytes > bytes_left) return model::too_large();
      records.push_back(std::move(record));
    }
    order_ties(records);
    if (records.size() > request_.limit) records.resize(request_.limit);
    return records;
  }

  size_t dropped() const { return dropped_; }
  std::vector<model::SegmentPlan> take_plan() { return std::move(plan_); }
  uint64_t tail_rows() const { return tail_rows_; }
  uint64_t tail_ns() const { return tail_ns_; }

 private:
  Status search_segment(const SegmentView& part) {
    std::optional<payload::FilterResult> passing;
    if (filter_ != nullptr) {
      RHUMB_ASSIGN(passing, filter_->evaluate(*view_, part));
    }
    segment::SearchAnswer answer;
    if (!passing || passing->pass_count > 0) {
      RHUMB_ASSIGN(answer, segment::search(*part.segment, call_, part.bounds(),
                                           passing ? &*passing : nullptr));
    }
    tail_rows_ += answer.tail;
    tail_ns_ += answer.scan_ns;
    for (const Hit& hit : answer.hits) {
      const float score = score_of(metric_, hit.distance, query_rows_);
      if (request_.score_threshold && !query::passes(metric_, score, *request_.score_threshold))
        break;
      candidates_.push_back({hit.distance, score, &part, hit.slot});
    }
    if (request_.params.explain) explain(part, answer, passing);
    return base::ok();
  }

  void explain(const SegmentView& part, const segment::SearchAnswer& answer,
               const std::optional<payload::FilterResult>& passing) {
    model::SegmentPlan plan;
    plan.segment = part.segment->id();
    plan.state = segment::state_name(part.segment->state());
    plan.strategy = answer.strategy;
    plan.rows = part.live_count;
    plan.passed = part.live_count;
    if (passing) {
      if (plan.strategy.empty())
        // Nothing passed the filter.
        plan.strategy = passing->served_by.empty() ? "filter_scan" : "index_scan";
      plan.index = passing->served_by;
      plan.rows_examined = passing->rows_examined;
      plan.passed = passing->pass_count;
    }
    plan.distances = answer.distances;
    plan.tail = answer.tail;
    plan_.push_back(std::move(plan));
  }

  // The rows lie anywhere in memory, so reading one after another would wait for memory three times
  // per row.
  void prefetch_rows() const {
    const auto rows =
        std::span(candidates_).first(std::min<size_t>(candidates_.size(), kPrefetchedRows));
    for (const Candidate& c : rows) c.part->segment->prefetch(c.slot);
    for (const Candidate& c : rows) c.part->segment->prefetch_blobs(c.slot);
  }

  static void order_ties(std::vector<model::Record>& records) {
    for (auto first = records.begin(); first != records.end();) {
      const auto end = std::find_if(first + 1, records.end(),
                                    [place = base::place_of(first->score)](const model::Record& r) {
                                      return base::place_of(r.score) != place;
                                    });
      std::sort(first, end,
                [](const model::Record& x, const model::Record& y) { return x.id < y.id; });
      first = end;
    }
  }

  const SearchRequest& request_;
  const Distance metric_;
  const size_t query_rows_;
  const ViewFilter* filter_;
  segment::SearchCall call_;
  ViewPtr view_;
  std::vector<Candidate> candidates_;
  std::vector<model::SegmentPlan> plan_;
  size_t dropped_ = 0;
  uint64_t tail_rows_ = 0, tail_ns_ = 0;
};

}  // namespace

Result<model::SearchResult> search(Core& core, const SearchRequest& request,
                                   const ReadContext& context, float widen, TailScan* tail) {
  RHUMB_TRY(core.serving());
  const SchemaPtr schema = core.schema();
  const size_t column = schema->column_of(request.vector_name);
  if (column == schema->vectors.size())
    return base::invalid("Not existing vector name error: " + request.vector_name);
  const model::VectorParams& params = schema->vectors[column].params;
  if (!params.takes(request.vector.size())) {
    return base::invalid(
        "Vector dimension error: expected dim: " + std::to_string(params.size) + ", got " +
        std::to_string(request.vector.size() / model::scalar_bytes(params.datatype)));
  }
  RHUMB_ASSIGN(const RecordMaker maker,
               RecordMaker::compile(request.with_payload, request.with_vector, schema->vectors));
  std::optional<ViewFilter> filter;
  if (request.filter && !request.filter->empty()) {
    RHUMB_ASSIGN(filter, ViewFilter::compile(core, *request.filter, context));
  }

  // Points that change during the search leave gaps, which a wider search fills. The third attempt
  // is exact.
  uint64_t own_bytes = base::limits::kMaxReplyBytes;
  uint64_t& bytes_left = context.bytes_left != nullptr ? *context.bytes_left : own_bytes;
  Attempt attempt(request, column, params, context, filter ? &*filter : nullptr,
                  schema->contract.recall, widen);
  model::SearchResult result;
  for (int round = 0; round < 3; ++round) {
    ViewPtr view = core.views.current();
    const auto k = static_cast<uint32_t>(
        std::min<uint64_t>(view->points, (round == 0 ? 1ull : 2ull) * request.limit));
    RHUMB_TRY(room_for_hits(core.options.segment.memory, k));
    RHUMB_TRY(core.watch(attempt.run(std::move(view), k, round == 2)));
    auto records = attempt.records(maker, bytes_left);
    if (!records.ok()) return core.watch(records.status());
    result.points = std::move(*records);
    if (attempt.dropped() == 0 || result.points.size() >= request.limit) break;
  }
  for (const model::Record& record : result.points) bytes_left -= model::text_bytes(record);
  *tail = {attempt.tail_rows(), attempt.tail_ns()};
  if (request.params.explain) result.plan = attempt.take_plan();
  return result;
}

}  // namespace rhumb::shard
