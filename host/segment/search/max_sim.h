// Compares points of several rows. The distance of a query to a point is, summed over the query's
// rows, the smallest distance to any row of the point. This is ColBERT's MaxSim (arXiv 2004.12832),
// expressed in distances.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "host/base/status.h"
#include "host/segment/columns/vector_column.h"
#include "host/segment/search/scan.h"
#include "host/segment/search/top_k.h"
#include "rhumb/kernels.h"

namespace rhumb::segment {

// For one search, on one thread. It checks the deadline between comparisons.
class MaxSim {
 public:
  MaxSim(const VectorColumn& column, const SearchCall& call);
  // The form in which distances to several rows are added up.
  static double widened(const VectorColumn& column, float distance) {
    return column.kernel().metric == RHUMB_EUCLID ? rhumb_square_decode(distance)
                                                  : static_cast<double>(distance);
  }

  const VectorColumn& column() const { return column_; }
  uint32_t query_rows() const { return query_rows_; }
  // For a slot that has the vector. Fails with kTimeout or kCancelled.
  base::Result<float> distance(uint32_t slot);
  uint64_t compared() const { return compared_; }  // pairs of rows

 private:
  float narrowed(double sum) const {
    return column_.kernel().metric == RHUMB_EUCLID ? rhumb_square_encode(sum)
                                                   : rhumb_finite_f32(sum);
  }

  static constexpr uint32_t kBatchRows = 256;
  static constexpr uint64_t kPollPairs = 16 * 1024;  // pairs between two checks of the deadline

  const VectorColumn& column_;
  const SearchCall& call_;
  const uint32_t query_rows_;
  uint64_t compared_ = 0, polled_ = 0;
  std::array<float, kBatchRows> distances_;
};

// Pushes the closest points of a range of slots into `top`, by comparing all of them. Returns the
// number of points.
base::Result<uint64_t> scan_points(const ScanRange& range, MaxSim& max_sim, TopK& top);

}  // namespace rhumb::segment
