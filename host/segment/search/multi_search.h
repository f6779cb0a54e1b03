// Nearest neighbours among points of several rows. The graph holds rows: each row of the query is
// searched in it, the rows that were found say which points are worth comparing, and those points
// are compared exactly.
//
// A point that a row of the query did not find is given the farthest distance that this row did
// find, as in XTR (arXiv 2304.01982). If the walks missed nothing, that value is a lower bound of
// the point's distance. The most promising points are therefore compared first, and the search ends
// when the next point cannot be closer than the worst of the best (Fagin's threshold algorithm).
// The distances in the answer are exact.
#pragma once

#include "host/base/status.h"
#include "host/segment/search/search.h"

namespace rhumb::segment {

// Compares all points that pass, exactly.
base::Result<SearchAnswer> scan_all_points(const Segment& segment, const SearchCall& call,
                                           const Bounds& bounds,
                                           const payload::FilterResult* filter);
// Uses the graph for slots below `built` and compares the rest exactly.
base::Result<SearchAnswer> walk_points(const Segment& segment, const SearchCall& call,
                                       const Bounds& bounds, const payload::FilterResult* filter,
                                       uint32_t built);
// True if so few points pass that comparing them all costs less than walking the graph.
bool few_points(const Segment& segment, const SearchCall& call,
                const payload::FilterResult& filter);

}  // namespace rhumb::segment
