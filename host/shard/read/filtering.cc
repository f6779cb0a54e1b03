#include "host/shard/read/filtering.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using payload::FilterResult;

Result<ViewFilter> ViewFilter::compile(const Core& core, const model::Filter& filter,
                                       const ReadContext& context) {
  const SchemaPtr schema = core.schema();
  RHUMB_ASSIGN(auto matcher, payload::Matcher::compile(filter, schema->filter));
  core.wanted.note(matcher.compiled(), schema->indexed);
  return ViewFilter(core, std::move(matcher), context);
}

Result<std::optional<PointRow>> ViewFilter::find(const View& view, std::string_view id_key) const {
  if (found_as_of_ != view.applied) found_.clear();
  found_as_of_ = view.applied;
  const auto known = found_.find(std::string(id_key));
  if (known != found_.end()) return known->second;
  RHUMB_ASSIGN(const auto row, core_->store.find(id_key));
  found_.emplace(id_key, row);
  return row;
}

Result<FilterResult> ViewFilter::evaluate(const View& view, const SegmentView& part) const {
  payload::EvaluateOptions options;
  options.deadline = context_->deadline;
  options.cancelled = context_->cancelled;
  // The key-value store knows where an id is now. If the point has changed since the view, the view
  // has it somewhere else.
  bool moved = false;
  Status failure;
  options.find_slot = [&](std::string_view key) -> std::optional<uint32_t> {
    const auto row = find(view, key);
    if (!row.ok()) {
      failure = row.status();
      return std::nullopt;
    }
    // A point that is absent may have been deleted since the view.
    if (!*row || (*row)->version > view.applied) moved = moved || core_->views.changed_since(view);
    // An edit may have moved it to a segment that the view does not have.
    if (*row && view.find((*row)->segment) == nullptr) moved = true;
    return *row && (*row)->segment == part.segment->id() && part.holds((*row)->slot)
               ? std::optional((*row)->slot)
               : std::nullopt;
  };
  RHUMB_ASSIGN(FilterResult result, part.segment->filter(matcher_, part.bounds(), options));
  RHUMB_TRY(failure);
  if (!moved) return result;
  options.find_slot = nullptr;
  return part.segment->filter(matcher_, part.bounds(), options);
}

bool ViewFilter::matches(const segment::StoredRow& row) const {
  return matcher_.matches({.payload = row.payload, .id_key = row.id_key, .presence = row.presence});
}

Result<bool> ViewFilter::still_passes(const View& view, const segment::Segment& segment,
                                      uint32_t slot) const {
  if (segment.version(slot) <= view.applied) return true;
  RHUMB_ASSIGN(const segment::StoredRow row, segment.fetch(slot));
  return matches(row);
}

}  // namespace rhumb::shard
