#include "host/gateway/filter_rules.h"

#include "host/base/limits.h"

namespace rhumb::gateway {
namespace {

namespace limits = base::limits;
using base::Status;
using model::Filter;

Status beyond(const std::string& field, const std::string& what, uint64_t limit) {
  return base::unprocessable(field + ": the filter " + what + " " + std::to_string(limit))
      .with({.field = field, .limit = limit});
}

// Adds the conditions of the filter to `conditions`. A tree that is too deep is not descended
// further.
Status check_tree(const Filter& filter, const std::string& field, uint32_t depth,
                  uint64_t& conditions) {
  if (depth > limits::kMaxFilterDepth)
    return beyond(field, "is nested deeper than", limits::kMaxFilterDepth);
  for (const auto* clause : {&filter.must, &filter.should, &filter.must_not, &filter.min_should}) {
    conditions += clause->size();
    if (conditions > limits::kMaxFilterConditions)
      return beyond(field, "has more conditions than", limits::kMaxFilterConditions);
    for (const model::Condition& condition : *clause) {
      const Filter* inner = nullptr;
      if (const auto* nested = std::get_if<model::Nested>(&condition.test))
        inner = nested->filter.get();
      else if (const auto* sub = std::get_if<model::SubFilter>(&condition.test))
        inner = sub->filter.get();
      if (inner != nullptr) RHUMB_TRY(check_tree(*inner, field, depth + 1, conditions));
    }
  }
  return base::ok();
}

}  // namespace

Status check(const std::optional<Filter>& filter, const std::string& field) {
  uint64_t conditions = 0;
  return filter ? check_tree(*filter, field, 1, conditions) : base::ok();
}

}  // namespace rhumb::gateway
