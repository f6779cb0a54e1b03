#include "host/shard/background/recall_trial.h"

#include <algorithm>
#include <cmath>

#include "host/base/limits.h"
#include "host/segment/search/search.h"
#include "host/shard/read/filtering.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
namespace limits = base::limits;

Result<bool> RecallTrial::add(model::SearchRequest request) {
  const SchemaPtr schema = core_.schema();
  Search search;
  search.column = schema->column_of(request.vector_name);
  if (search.column == schema->vectors.size() ||
      !schema->vectors[search.column].params.takes(request.vector.size()))
    return false;
  search.filtered = request.filter && !request.filter->empty();
  if (search.filtered) {
    if (filter_bytes_ > limits::kRecallFilterBytes) return false;
    const ReadContext context{{}, &core_.stopping, nullptr};
    RHUMB_ASSIGN(const ViewFilter filter, ViewFilter::compile(core_, *request.filter, context));
    for (const SegmentView& part : view_->segments) {
      RHUMB_ASSIGN(auto passing, filter.evaluate(*view_, part));
      filter_bytes_ += passing.bits.size() * sizeof(uint64_t);
      search.passing.push_back(std::move(passing));
    }
  }
  search.request = std::move(request);
  searches_.push_back(std::move(search));
  return true;
}

void RecallTrial::begin_pass() {
  pass_first_ = pass_end_;
  pass_end_ = std::min<size_t>(searches_.size(), pass_first_ + limits::kRecallBatch);
  std::vector<ExactPass::Query> queries;
  for (size_t i = pass_first_; i < pass_end_; ++i) {
    const Search& s = searches_[i];
    queries.push_back(
        {s.request.vector, s.column, s.request.limit, s.filtered ? &s.passing : nullptr});
  }
  pass_ = std::make_unique<ExactPass>(view_, std::move(queries));
}

Result<bool> RecallTrial::step() {
  if (!pass_) {
    if (pass_end_ == searches_.size()) return true;
    begin_pass();
  }
  RHUMB_ASSIGN(const bool done, pass_->step(core_.stopping));
  if (!done) return false;
  for (size_t i = pass_first_; i < pass_end_; ++i) {
    const std::vector<segment::Hit> closest = pass_->take(i - pass_first_);
    searches_[i].of = static_cast<uint32_t>(closest.size());
    if (!closest.empty()) searches_[i].farthest = closest.back().distance;
    // If the farthest distance is not finite, neighbours cannot be told apart, so none counts as
    // missed.
    if (!std::isfinite(searches_[i].farthest)) searches_[i].of = 0;
  }
  pass_.reset();
  return pass_end_ == searches_.size();
}

Result<RecallSample> RecallTrial::ask(size_t search, float widen) const {
  const Search& s = searches_[search];
  segment::SearchCall call;
  call.column = s.column;
  call.query = s.request.vector;
  call.k = s.request.limit;
  call.params = s.request.params;
  call.params.recall = static_cast<float>(recall_);
  call.params.widen = widen;
  call.cancelled = &core_.stopping;
  segment::TopK closest(call.k);
  for (size_t i = 0; i < view_->segments.size(); ++i) {
    const SegmentView& part = view_->segments[i];
    if (part.live_count == 0 || (s.filtered && s.passing[i].pass_count == 0)) continue;
    RHUMB_ASSIGN(
        const segment::SearchAnswer answer,
        segment::search(*part.segment, call, part.bounds(), s.filtered ? &s.passing[i] : nullptr));
    for (const segment::Hit& hit : answer.hits) closest.push(hit);
  }
  const std::vector<segment::Hit> hits = closest.take();
  const auto found = std::count_if(hits.begin(), hits.end(), [&](const segment::Hit& hit) {
    return hit.distance <= s.farthest;
  });
  return RecallSample{std::min(static_cast<uint32_t>(found), s.of), s.of};
}

}  // namespace rhumb::shard
