#include "host/segment/search/search.h"

#include <algorithm>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/segment/search/multi_search.h"
#include "host/segment/search/scan.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {

// Below this many passing rows, comparing them all is cheaper than walking any graph.
constexpr uint64_t kFilterScanRows = 1000;

Result<SearchAnswer> scan_all(const Segment& segment, const SearchCall& call, const Bounds& bounds,
                              const payload::FilterResult* filter) {
  SearchAnswer answer;
  answer.strategy = filter != nullptr ? "filter_scan" : "scan";
  TopK top(call.k);
  const VectorColumn& column = segment.column(call.column);
  const ScanRange range{0, bounds.rows,
                        filter != nullptr ? std::span<const uint64_t>(filter->bits) : bounds.live};
  // Few rows are compared exactly at once, because codes cost a second comparison.
  const bool exact =
      call.params.exact || (filter != nullptr && filter->pass_count <= kFilterScanRows);
  const uint64_t start_ns = base::monotonic_ns();
  RHUMB_ASSIGN(answer.distances,
               exact ? scan_exact(column, call, range, top) : scan_coded(column, call, range, top));
  if (!exact && segment.waits_for_graph(call.column, bounds.rows)) {
    answer.tail = answer.distances;
    answer.scan_ns = base::monotonic_ns() - start_ns;
  }
  answer.hits = top.take();
  return answer;
}

// A slot that came from the graph and from the scan of the tail is kept once.
std::vector<Hit> merge(std::vector<Hit> a, const std::vector<Hit>& b, size_t k) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end(),
            [](const Hit& x, const Hit& y) { return x.slot != y.slot ? x.slot < y.slot : x < y; });
  a.erase(
      std::unique(a.begin(), a.end(), [](const Hit& x, const Hit& y) { return x.slot == y.slot; }),
      a.end());
  std::sort(a.begin(), a.end());
  if (a.size() > k) a.resize(k);
  return a;
}

GraphRows graph_rows(const Bounds& bounds, const payload::FilterResult* filter) {
  if (filter == nullptr) return {bounds.rows, bounds.live, bounds.live_count, false};
  return {bounds.rows, filter->bits, filter->pass_count, true};
}

Result<SearchAnswer> graph_and_tail(const Segment& segment, const SearchCall& call,
                                    const Bounds& bounds, const payload::FilterResult* filter,
                                    uint32_t built) {
  SearchAnswer answer;
  answer.strategy = filter != nullptr ? "filtered_graph" : "graph";
  RHUMB_ASSIGN(Graph::Answer found,
               segment.graph(call.column).search(call, graph_rows(bounds, filter)));
  answer.distances = found.distances;
  if (built >= bounds.rows || call.params.indexed_only) {
    answer.hits = std::move(found.hits.front());
    return answer;
  }
  const uint64_t start_ns = base::monotonic_ns();
  TopK top(call.k);
  RHUMB_ASSIGN(answer.tail, scan_coded(segment.column(call.column), call,
                                       {built, bounds.rows,
                                        filter != nullptr ? std::span<const uint64_t>(filter->bits)
                                                          : bounds.live},
                                       top));
  answer.scan_ns = base::monotonic_ns() - start_ns;
  answer.distances += answer.tail;
  answer.hits = merge(std::move(found.hits.front()), top.take(), call.k);
  return answer;
}

}  // namespace

Result<SearchAnswer> search(const Segment& segment, const SearchCall& call, const Bounds& bounds,
                            const payload::FilterResult* filter) {
  // This is read before the graph is searched, so that a row that the graph takes in in the
  // meantime is found twice rather than not at all.
  const uint32_t built = std::min(segment.graph(call.column).built(), bounds.rows);
  const bool multi = segment.column(call.column).table() != nullptr;
  const bool few = filter != nullptr && (multi ? few_points(segment, call, *filter)
                                               : filter->pass_count <= kFilterScanRows);
  if (call.params.indexed_only && built == 0 && segment.waits_for_graph(call.column, bounds.rows)) {
    SearchAnswer none;
    none.strategy = "graph";
    return none;
  }
  const bool many = call.k > base::limits::kMaxEf;  // beyond the breadth of any walk
  const bool scan = call.params.exact || few || many || built == 0;
  const auto scan_it = multi ? scan_all_points : scan_all;
  const auto walk = multi ? walk_points : graph_and_tail;
  auto answer =
      scan ? scan_it(segment, call, bounds, filter) : walk(segment, call, bounds, filter, built);
  // A graph is derived data. If its engine fails, a scan of the rows gives the right answer more
  // slowly.
  if (!answer.ok() && !scan && segment.graph(call.column).fenced())
    answer = scan_it(segment, call, bounds, filter);
  if (!answer.ok()) return answer;
  RHUMB_TRY(segment.intact());
  return answer;
}

}  // namespace rhumb::segment
