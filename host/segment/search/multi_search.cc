#include "host/segment/search/multi_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/segment/columns/row_bits.h"
#include "host/segment/search/max_sim.h"

namespace rhumb::segment {

namespace limits = base::limits;
using base::Result;
using base::Status;

namespace {

std::span<const uint64_t> passing(const Bounds& bounds, const payload::FilterResult* filter) {
  return filter != nullptr ? std::span<const uint64_t>(filter->bits) : bounds.live;
}

// The number of points that are compared exactly in any case.
uint32_t candidates_of(const SearchCall& call) {
  return std::max(limits::kMultiCandidatesPerHit * call.k, limits::kMultiCandidatesMin);
}

// The number of hits for each row of the query. If the caller gives no `ef`, the default breadth is
// used, times the factor that the contract's measurements give.
uint32_t breadth_of(const SearchCall& call) {
  const model::SearchParams& params = call.params;
  if (params.ef > 0) return std::max(params.ef, call.k);
  const double wide = static_cast<double>(limits::kMultiBreadth) *
                      static_cast<double>(params.widen > 0 ? params.widen : 1.0f);
  return std::max(static_cast<uint32_t>(std::min<double>(wide, limits::kMaxEf)), call.k);
}

// A row of zeros is padding. For cosine and dot product it is equally far from every row. For other
// distances the result is infinity, because a row of zeros is then a row like any other.
double distance_to_zero(model::Distance distance) {
  if (distance == model::Distance::kCosine) return 1;
  return distance == model::Distance::kDot ? 0 : std::numeric_limits<double>::infinity();
}

// The rows of the query that lead somewhere: all rows except those of zeros, if such rows are
// equally far from every row. At least one row is returned.
std::string_view leading_rows(std::string_view query, const VectorColumn& column,
                              std::string& copy) {
  const uint64_t stride = column.vectors().stride;
  const auto zero = [&](size_t at) {
    return query.substr(at, stride).find_first_not_of('\0') == std::string_view::npos;
  };
  if (std::isinf(distance_to_zero(column.spec().params.distance))) return query;
  for (size_t at = 0; at < query.size(); at += stride) {
    if (!zero(at)) copy += query.substr(at, stride);
  }
  return copy.size() == query.size() ? query
         : copy.empty()              ? query.substr(0, stride)
                                     : std::string_view(copy);
}

// A point that the graph leads to. `at_least` is a lower bound of its distance, which assumes the
// farthest hit of each query row that did not find the point.
struct Candidate {
  double at_least = 0;
  uint32_t slot = 0;
  bool operator<(const Candidate& o) const {
    const uint64_t a = base::place_of(at_least), b = base::place_of(o.at_least);
    return a != b ? a < b : slot < o.slot;
  }
};

class Gathering {
 public:
  explicit Gathering(const VectorColumn& column)
      : column_(column),
        table_(*column.table()),
        to_zero_(distance_to_zero(column.spec().params.distance)) {}

  // Adds the hits of the next row of the query, closest first.
  void add(const std::vector<Hit>& rows) {
    ++query_row_;
    if (rows.empty()) return;
    const double farthest = std::min(MaxSim::widened(column_, rows.back().distance), to_zero_);
    unfound_ += farthest;
    for (const Hit& row : rows) {
      const uint32_t slot = table_.owner(row.slot);
      if (slot == RowTable::kNoSlot) continue;
      Point& point = points_[slot];
      if (point.counted == query_row_) continue;  // a closer row of the point was counted before
      point.counted = query_row_;
      point.closer_by += std::max(farthest - MaxSim::widened(column_, row.distance), 0.0);
    }
  }
  // Adds a row of the query that is equally far from all rows.
  void add_alike() { unfound_ += to_zero_; }

  // Returns the best candidates first.
  std::vector<Candidate> take() {
    std::vector<Candidate> out;
    out.reserve(points_.size());
    for (const auto& [slot, point] : points_) out.push_back({unfound_ - point.closer_by, slot});
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  struct Point {
    double closer_by = 0;  // compared with a point that no row has found
    uint32_t counted = 0;  // number of the query row that counted last
  };
  const VectorColumn& column_;
  const RowTable& table_;
  // Engines leave out zero rows if there are others, so a point may have a zero row that was not
  // found.
  const double to_zero_;
  std::unordered_map<uint32_t, Point> points_;
  double unfound_ = 0;
  uint32_t query_row_ = 0;
};

// The cost of the tail is reported per row of the query, because the graph is walked once for each
// row, too.
void count_tail(uint64_t points, uint64_t start_ns, const MaxSim& max_sim, SearchAnswer& answer) {
  answer.tail = points;
  answer.scan_ns = (base::monotonic_ns() - start_ns) / max_sim.query_rows();
}

std::shared_ptr<const RowBits> rows_that_count(const VectorColumn& column, const Bounds& bounds,
                                               const payload::FilterResult* filter) {
  if (filter == nullptr && bounds.live_rows != nullptr)
    return bounds.live_rows->of(column, bounds.live, bounds.rows);
  const bool few = filter != nullptr && filter->pass_count < bounds.rows / 2;
  const auto pass = passing(bounds, filter);
  return std::make_shared<const RowBits>(few ? rows_of_few(column, pass, bounds.rows)
                                             : rows_of_most(column, pass, bounds.rows));
}

// Returns the points that the graph leads to.
Result<std::vector<Candidate>> gather(const Segment& segment, const SearchCall& call,
                                      const Bounds& bounds, const payload::FilterResult* filter,
                                      SearchAnswer& answer) {
  const VectorColumn& column = segment.column(call.column);
  const auto bits = rows_that_count(column, bounds, filter);
  const GraphRows rows{bits->rows, bits->words, bits->count, filter != nullptr};
  // A walk for a row names its breadth, so it aims at no recall.
  SearchCall walk = call;
  walk.k = breadth_of(call);
  walk.params = {.ef = walk.k, .oversampling = call.params.oversampling};
  Gathering gathering(column);
  const uint32_t batch_rows =
      std::clamp(limits::kMultiBatchHits / walk.k, 1u, limits::kMultiBatchQueryRows);
  const size_t batch = batch_rows * column.vectors().stride;
  std::string copy;
  const std::string_view query = leading_rows(call.query, column, copy);
  for (size_t left = call.query.size() - query.size(); left > 0; left -= column.vectors().stride)
    gathering.add_alike();
  for (size_t at = 0; at < query.size(); at += batch) {
    walk.query = query.substr(at, batch);
    RHUMB_ASSIGN(const Graph::Answer found, segment.graph(call.column).search(walk, rows));
    answer.distances += found.distances;
    for (const auto& hits : found.hits) gathering.add(hits);
  }
  return gathering.take();
}

}  // namespace

bool few_points(const Segment& segment, const SearchCall& call,
                const payload::FilterResult& filter) {
  const VectorColumn& column = segment.column(call.column);
  const uint64_t points = std::max<uint64_t>(column.present_count(), 1);
  const uint64_t rows = filter.pass_count * (column.present_rows() / points + 1);  // an estimate
  return filter.pass_count <= candidates_of(call) || rows <= limits::kMultiScanRows;
}

Result<SearchAnswer> scan_all_points(const Segment& segment, const SearchCall& call,
                                     const Bounds& bounds, const payload::FilterResult* filter) {
  SearchAnswer answer;
  answer.strategy = filter != nullptr ? "filter_scan" : "scan";
  MaxSim max_sim(segment.column(call.column), call);
  TopK top(call.k);
  const uint64_t start_ns = base::monotonic_ns();
  RHUMB_ASSIGN(const uint64_t points,
               scan_points({0, bounds.rows, passing(bounds, filter)}, max_sim, top));
  if (!call.params.exact && segment.waits_for_graph(call.column, bounds.rows))
    count_tail(points, start_ns, max_sim, answer);
  answer.distances = max_sim.compared();
  answer.hits = top.take();
  return answer;
}

Result<SearchAnswer> walk_points(const Segment& segment, const SearchCall& call,
                                 const Bounds& bounds, const payload::FilterResult* filter,
                                 uint32_t built) {
  SearchAnswer answer;
  answer.strategy = filter != nullptr ? "filtered_graph" : "graph";
  RHUMB_ASSIGN(const std::vector<Candidate> candidates,
               gather(segment, call, bounds, filter, answer));
  const VectorColumn& column = segment.column(call.column);
  MaxSim max_sim(column, call);
  TopK top(call.k);
  const auto pass = passing(bounds, filter);
  uint64_t found = 0, rows = 0;
  for (const auto& [at_least, slot] : candidates) {
    // Points that may be closer than the worst of the best are compared: all of them, or as many as
    // the cost of the walk justifies.
    const bool enough = found >= candidates_of(call);
    if (enough &&
        (rows >= limits::kMultiCandidateRows || at_least >= MaxSim::widened(column, top.limit())))
      break;
    // The graph may have grown since `built` was read. Slots that the scan of the tail will visit
    // are left to the scan.
    if (slot >= built && !call.params.indexed_only) continue;
    const bool passes = slot < bounds.rows && bit(pass, slot);
    RHUMB_UNEXPECTED(!passes);
    if (!passes) continue;
    RHUMB_ASSIGN(const float distance, max_sim.distance(slot));
    top.push({distance, slot});
    rows += column.rows(slot).count;
    ++found;
  }
  if (built < bounds.rows && !call.params.indexed_only) {
    const uint64_t start_ns = base::monotonic_ns();
    RHUMB_ASSIGN(const uint64_t tail, scan_points({built, bounds.rows, pass}, max_sim, top));
    count_tail(tail, start_ns, max_sim, answer);
    found += tail;
  }
  answer.distances += max_sim.compared();
  answer.hits = top.take();
  // The rows that were found belong to fewer points than were asked for. There are more points,
  // unless all were found.
  const uint64_t all = filter != nullptr ? filter->pass_count : bounds.live_count;
  if (found >= call.k || found >= all || call.params.indexed_only) return answer;
  RHUMB_ASSIGN(SearchAnswer whole, scan_all_points(segment, call, bounds, filter));
  whole.distances += answer.distances;
  return whole;
}

}  // namespace rhumb::segment
