// Nearest neighbours within one segment: the graph answers for the rows that it covers, a scan for
// the rest, and the results are merged. multi_search.h does the same for multivectors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/payload/filter/planner.h"
#include "host/segment/search/search_call.h"
#include "host/segment/search/top_k.h"
#include "host/segment/segment.h"

namespace rhumb::segment {

struct SearchAnswer {
  std::vector<Hit> hits;   // closest first; live, in the view, and passing the filter
  std::string strategy;    // as in model::SegmentPlan
  uint64_t distances = 0;  // number of vectors compared
  uint64_t tail = 0;       // rows that were scanned because no graph covers them
  uint64_t scan_ns = 0;    // time spent on those rows
};

// `filter` holds the rows of this view that pass; null means all live rows.
base::Result<SearchAnswer> search(const Segment& segment, const SearchCall& call,
                                  const Bounds& bounds, const payload::FilterResult* filter);

}  // namespace rhumb::segment
