#include "host/shard/background/exact_pass.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/segment/search/batch_scan.h"
#include "host/segment/search/search.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

ExactPass::ExactPass(ViewPtr view, std::vector<Query> queries, Distance distance)
    : view_(std::move(view)), queries_(std::move(queries)), distance_(distance) {
  RHUMB_ASSERT(queries_.size() <= base::limits::kRecallBatch);
  for (const Query& query : queries_) tops_.emplace_back(query.k);
  for (size_t i = 0; i < view_->segments.size(); ++i) {
    if (view_->segments[i].live_count > 0) plan(view_->segments[i], i);
  }
}

void ExactPass::plan(const SegmentView& segment, size_t index) {
  for (size_t q = 0; q < queries_.size(); ++q) {
    const size_t column = queries_[q].column;
    if (queries_[q].passing != nullptr && (*queries_[q].passing)[index].pass_count == 0) continue;
    const bool alone = segment.segment->column(column).table() != nullptr;
    auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) {
      return !alone && p.index == index && p.column == column;
    });
    if (part == parts_.end()) part = parts_.insert(parts_.end(), Part{&segment, index, column, {}});
    part->queries.push_back(q);
  }
}

Result<bool> ExactPass::step(const std::atomic<bool>& stopping) {
  if (part_ == parts_.size()) return true;
  const Part& part = parts_[part_];
  const segment::Segment& segment = *part.segment->segment;
  const uint32_t rows = part.segment->rows;
  if (segment.column(part.column).table() != nullptr) {
    RHUMB_TRY(compare_points(part, stopping));
    row_ = rows;
  } else {
    const uint64_t stride = std::max<uint64_t>(segment.column(part.column).vectors().stride, 1);
    const auto more = static_cast<uint32_t>(
        std::clamp<uint64_t>(base::limits::kRecallPassBytes / stride, 64, rows));
    const uint32_t end = row_ + std::min(more, rows - row_);
    compare_rows(part, row_, end);
    row_ = end;
  }
  if (row_ < rows) return false;
  RHUMB_TRY(segment.intact());
  row_ = 0;
  ++part_;
  return part_ == parts_.size();
}

Status ExactPass::compare_points(const Part& part, const std::atomic<bool>& stopping) {
  for (const size_t q : part.queries) {
    const Query& query = queries_[q];
    segment::SearchCall call;
    call.column = part.column;
    call.query = query.bytes;
    call.k = query.k;
    call.params.exact = true;
    call.cancelled = &stopping;
    const payload::FilterResult* passing =
        query.passing != nullptr ? &(*query.passing)[part.index] : nullptr;
    RHUMB_ASSIGN(const segment::SearchAnswer answer,
                 segment::search(*part.segment->segment, call, part.segment->bounds(), passing));
    for (const segment::Hit& hit : answer.hits) tops_[q].push(hit);
  }
  return base::ok();
}

void ExactPass::compare_rows(const Part& part, uint32_t first, uint32_t end) {
  const segment::VectorColumn& column = part.segment->segment->column(part.column);
  const rhumb_kernel_t* kernel = distance_ == Distance::kEuclid
                                     ? rhumb_kernel_for(RHUMB_EUCLID, column.vectors().scalar)
                                     : nullptr;
  std::vector<segment::BatchQuery> batch;
  for (const size_t q : part.queries) {
    const Query& query = queries_[q];
    const bool all = query.passing == nullptr;
    const std::span<const uint64_t> pass =
        all ? std::span<const uint64_t>(*part.segment->live) : (*query.passing)[part.index].bits;
    batch.push_back({query.bytes.data(), pass, all, &tops_[q]});
  }
  segment::scan_batch(column, kernel != nullptr ? *kernel : column.kernel(), batch, first, end);
}

}  // namespace rhumb::shard
