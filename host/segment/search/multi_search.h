// Nearest neighbours among points of several rows. The graph knows rows: each row of the query is
// searched in it, what the rows found says which points are worth comparing, and those are compared
// exactly.
//
// A point that a row of the query did not find counts with the farthest distance that this row did
// find, as in XTR (arXiv 2304.01982). Where the walks missed nothing the point is at least as far
// away as that makes it, so comparing the most promising ones first may end when the next cannot be
// closer than the worst of the best (Fagin's threshold algorithm). The answer's distances are
// exact.
#pragma once

#include "host/base/status.h"
#include "host/segment/search/search.h"

namespace rhumb::segment {

// All that pass, exactly.
base::Result<SearchAnswer> scan_all_points(const Segment& segment, const SearchCall& call,
                                           const Bounds& bounds,
                                           const payload::FilterResult* filter);
// The graph for slots below `built`, the rest exactly.
base::Result<SearchAnswer> walk_points(const Segment& segment, const SearchCall& call,
                                       const Bounds& bounds, const payload::FilterResult* filter,
                                       uint32_t built);
// So few pass that comparing them all costs less than walking the graph.
bool few_points(const Segment& segment, const SearchCall& call,
                const payload::FilterResult& filter);

}  // namespace rhumb::segment
