#include "host/segment/search/max_sim.h"

#include <algorithm>
#include <limits>

namespace rhumb::segment {

using base::Result;
using base::Status;

MaxSim::MaxSim(const VectorColumn& column, const SearchCall& call)
    : column_(column),
      call_(call),
      query_rows_(static_cast<uint32_t>(call.query.size() / column.vectors().stride)) {}

Result<float> MaxSim::distance(uint32_t slot) {
  const uint64_t stride = column_.vectors().stride;
  const RowRange rows = column_.rows(slot);
  const char* const first = column_.file().data() + rows.first * stride;
  double sum = 0;
  for (uint32_t q = 0; q < query_rows_; ++q) {
    float best = std::numeric_limits<float>::infinity();
    for (uint32_t at = 0; at < rows.count; at += kBatchRows) {
      if (compared_ >= polled_) {
        RHUMB_TRY(interrupted(call_));
        polled_ = compared_ + kPollPairs;
      }
      const uint32_t n = std::min(kBatchRows, rows.count - at);
      column_.kernel().rows(call_.query.data() + q * stride, first + at * stride, stride, n,
                            column_.vectors().dim, distances_.data());
      best = std::min(best, *std::min_element(distances_.begin(), distances_.begin() + n));
      compared_ += n;
    }
    sum += widened(column_, best);
  }
  return narrowed(sum);
}

Result<uint64_t> scan_points(const ScanRange& range, MaxSim& max_sim, TopK& top) {
  uint64_t points = 0;
  RHUMB_TRY(for_batches(range, max_sim.column(), [&](std::span<const uint32_t> slots) -> Status {
    for (const uint32_t slot : slots) {
      RHUMB_ASSIGN(const float distance, max_sim.distance(slot));
      top.push({distance, slot});
    }
    points += slots.size();
    return base::ok();
  }));
  return points;
}

}  // namespace rhumb::segment
