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

ScanCall scan_call(const Segment& segment, const SearchCall& call) {
  return {&segment.column(call.column), call.query, call.k, call.deadline, call.cancelled};
}

std::span<const uint64_t> passing(const Bounds& bounds, const payload::FilterResult* filter) {
  return filter != nullptr ? std::span<const uint64_t>(filter->bits) : bounds.live;
}

// Points that are compared exactly in any case.
uint32_t candidates_of(const SearchCall& call) {
  return std::max(limits::kMultiCandidatesPerHit * call.k, limits::kMultiCandidatesMin);
}

// Hits of each row of the query. Without a word of the caller's the breadth is the house's, and
// what a contract's measurements make of it.
uint32_t breadth_of(const SearchCall& call) {
  if (call.ef > 0) return std::max(call.ef, call.k);
  const double wide = static_cast<double>(limits::kMultiBreadth) *
                      static_cast<double>(call.widen > 0 ? call.widen : 1.0f);
  return std::max(static_cast<uint32_t>(std::min<double>(wide, limits::kMaxEf)), call.k);
}

// Padding: a row of zeros is as far away from every row where directions count. Infinite: it is a
// row like others.
double distance_to_zero(model::Distance distance) {
  if (distance == model::Distance::kCosine) return 1;
  return distance == model::Distance::kDot ? 0 : std::numeric_limits<double>::infinity();
}

// The rows of the query that lead somewhere: all but zeros, where those are as far away from every
// row. One at least.
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

// A point that the graph leads to. It is at least so far away: rows that did not find it are
// counted with what they found farthest.
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

  // Of the next row of the query; closest first.
  void add(const std::vector<Hit>& rows) {
    ++query_row_;
    if (rows.empty()) return;
    const double farthest = std::min(MaxSim::widened(column_, rows.back().distance), to_zero_);
    unfound_ += farthest;
    for (const Hit& row : rows) {
      const uint32_t slot = table_.owner(row.slot);
      if (slot == RowTable::kNoSlot) continue;
      Point& point = points_[slot];
      if (point.counted == query_row_) continue;  // a closer row of the point was there before
      point.counted = query_row_;
      point.closer_by += std::max(farthest - MaxSim::widened(column_, row.distance), 0.0);
    }
  }
  // Of a row of the query that is as far away from all rows.
  void add_alike() { unfound_ += to_zero_; }

  // Best first.
  std::vector<Candidate> take() {
    std::vector<Candidate> out;
    out.reserve(points_.size());
    for (const auto& [slot, point] : points_) out.push_back({unfound_ - point.closer_by, slot});
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  struct Point {
    double closer_by = 0;  // than if no row had found it
    uint32_t counted = 0;  // number of the query's row that counted last
  };
  const VectorColumn& column_;
  const RowTable& table_;
  // engines leave zero rows out where there are others, so a point may have one that was not found
  const double to_zero_;
  std::unordered_map<uint32_t, Point> points_;
  double unfound_ = 0;
  uint32_t query_row_ = 0;
};

// What a tail costs is told as for one row of a query: the graph, too, is walked for each.
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

// The points that the graph leads to.
Result<std::vector<Candidate>> gather(const Segment& segment, const SearchCall& call,
                                      const Bounds& bounds, const payload::FilterResult* filter,
                                      SearchAnswer& answer) {
  const VectorColumn& column = segment.column(call.column);
  const auto bits = rows_that_count(column, bounds, filter);
  const GraphRows rows{bits->rows, bits->words, bits->count, filter != nullptr};
  GraphCall walk;
  walk.k = walk.ef = breadth_of(call);
  walk.oversampling = call.oversampling;
  walk.deadline = call.deadline;
  walk.cancelled = call.cancelled;
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
  const uint64_t rows = filter.pass_count * (column.present_rows() / points + 1);  // about
  return filter.pass_count <= candidates_of(call) || rows <= limits::kMultiScanRows;
}

Result<SearchAnswer> scan_all_points(const Segment& segment, const SearchCall& call,
                                     const Bounds& bounds, const payload::FilterResult* filter) {
  SearchAnswer answer;
  answer.strategy = filter != nullptr ? "filter_scan" : "scan";
  const ScanCall scan = scan_call(segment, call);
  MaxSim max_sim(scan);
  TopK top(call.k);
  const uint64_t start_ns = base::monotonic_ns();
  RHUMB_ASSIGN(const uint64_t points,
               scan_points(scan, {0, bounds.rows, passing(bounds, filter)}, max_sim, top));
  if (!call.exact && segment.waits_for_graph(call.column, bounds.rows))
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
  const ScanCall scan = scan_call(segment, call);
  MaxSim max_sim(scan);
  TopK top(call.k);
  const auto pass = passing(bounds, filter);
  uint64_t found = 0, rows = 0;
  for (const auto& [at_least, slot] : candidates) {
    // Those that may be closer than the worst of the best are compared: all of them, or as many as
    // the walk's work is worth.
    const bool enough = found >= candidates_of(call);
    if (enough &&
        (rows >= limits::kMultiCandidateRows || at_least >= MaxSim::widened(column, top.limit())))
      break;
    // The graph may have gone on since `built` was read: what the scan of the tail will meet is
    // left to it.
    if (slot >= built && !call.indexed_only) continue;
    const bool passes = slot < bounds.rows && bit(pass, slot);
    RHUMB_UNEXPECTED(!passes);
    if (!passes) continue;
    RHUMB_ASSIGN(const float distance, max_sim.distance(slot));
    top.push({distance, slot});
    rows += column.rows(slot).count;
    ++found;
  }
  if (built < bounds.rows && !call.indexed_only) {
    const uint64_t start_ns = base::monotonic_ns();
    RHUMB_ASSIGN(const uint64_t tail, scan_points(scan, {built, bounds.rows, pass}, max_sim, top));
    count_tail(tail, start_ns, max_sim, answer);
    found += tail;
  }
  answer.distances += max_sim.compared();
  answer.hits = top.take();
  // The rows that were found belong to fewer points than were asked for: there are more, unless all
  // were found.
  const uint64_t all = filter != nullptr ? filter->pass_count : bounds.live_count;
  if (found >= call.k || found >= all || call.indexed_only) return answer;
  RHUMB_ASSIGN(SearchAnswer whole, scan_all_points(segment, call, bounds, filter));
  whole.distances += answer.distances;
  return whole;
}

}  // namespace rhumb::segment
