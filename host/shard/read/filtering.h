// A filter over a view: for each segment the rows that pass, and the second check of points that
// changed since the view. Made for one request; one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "host/base/status.h"
#include "host/model/filter.h"
#include "host/payload/filter/matcher.h"
#include "host/payload/filter/planner.h"
#include "host/segment/segment.h"
#include "host/shard/read/read_context.h"
#include "host/shard/state/core.h"
#include "host/shard/state/tables.h"
#include "host/shard/state/view.h"

namespace rhumb::shard {

class ViewFilter {
 public:
  ViewFilter(const Core& core, payload::Matcher matcher, const ReadContext& context)
      : core_(&core), matcher_(std::move(matcher)), context_(&context) {}
  static base::Result<ViewFilter> compile(const Core& core, const model::Filter& filter,
                                          const ReadContext& context);

  base::Result<payload::FilterResult> evaluate(const View& view, const SegmentView& part) const;
  // Returns whether a row that came out of `view` still passes. That is true unless its payload was
  // replaced after the view was taken.
  base::Result<bool> still_passes(const View& view, const segment::Segment& segment,
                                  uint32_t slot) const;
  bool matches(const segment::StoredRow& row) const;

 private:
  base::Result<std::optional<PointRow>> find(const View& view, std::string_view id_key) const;

  const Core* core_;  // outlives this object, as does the context
  payload::Matcher matcher_;
  const ReadContext* context_;
  // Where the ids that the filter names were found, as of one view, because every segment asks
  // again.
  mutable std::unordered_map<std::string, std::optional<PointRow>> found_;
  mutable uint64_t found_as_of_ = ~0ull;
};

}  // namespace rhumb::shard
