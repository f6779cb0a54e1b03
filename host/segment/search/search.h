// Nearest neighbours within one segment: the graph for what it covers, a scan for the rest, merged.
// (multi_search.h: of multivectors.)
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/payload/filter/planner.h"
#include "host/segment/search/top_k.h"
#include "host/segment/segment.h"

namespace rhumb::segment {

struct SearchCall {
  size_t column = 0;
  std::string_view query;  // row bytes; of a multivector one or more rows
  uint32_t k = 0, ef = 0;
  float recall = 0, widen = 0, oversampling = 0;  // as in GraphCall
  bool exact = false;
  // leaves out rows that wait for a graph; segments too small for one, or without, are searched
  bool indexed_only = false;
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

struct SearchAnswer {
  std::vector<Hit> hits;   // closest first, live, in the view, passing
  std::string strategy;    // as in model::SegmentPlan
  uint64_t distances = 0;  // vectors compared
  uint64_t tail = 0;       // rows that were scanned since no graph covers them
  uint64_t scan_ns = 0;    // spent on them
};

// filter: rows of this view that pass; null = all live ones.
base::Result<SearchAnswer> search(const Segment& segment, const SearchCall& call,
                                  const Bounds& bounds, const payload::FilterResult* filter);

}  // namespace rhumb::segment
