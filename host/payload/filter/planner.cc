#include "host/payload/filter/planner.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "host/base/assert.h"
#include "host/base/limits.h"
#include "host/payload/filter/compiled_filter.h"
#include "host/payload/index/field_index.h"
#include "host/payload/index/slot_set.h"

namespace rhumb::payload {
namespace {

// A set of rows, split into those that surely pass and those still open. The two are disjoint; the
// rest of the set fails.
struct Split {
  SlotSet sure, open;
};

SlotSet both(const Split& split) {
  SlotSet all = split.sure;
  all |= split.open;
  return all;
}

// The rows that survive while one condition after another is applied: the candidates, and the
// candidates that are sure. At first both are the set that came in. The sets of a large segment are
// not copied until necessary.
class Survivors {
 public:
  explicit Survivors(const SlotSet& within)
      : given_(&within), owned_(within.end()), sure_(within.end()) {}

  const SlotSet& candidates() const { return given_ != nullptr ? *given_ : owned_; }

  // `passing` splits the candidates by a condition that must hold.
  void keep(Split passing) {
    if (passing.open.empty() && all_sure_) {
      take(std::move(passing.sure));
      return;
    }
    if (all_sure_) {
      sure_ = passing.sure;
    } else {
      sure_ &= passing.sure;
    }
    all_sure_ = false;
    passing.sure |= passing.open;
    take(std::move(passing.sure));
  }

  // `failing` splits the candidates by a condition that must not hold.
  void drop(const Split& failing) {
    if (failing.sure.empty() && failing.open.empty()) return;
    SlotSet rest = given_ != nullptr ? SlotSet(*given_) : SlotSet(std::move(owned_));
    rest -= failing.sure;
    if (all_sure_ && !failing.open.empty()) {
      all_sure_ = false;
      sure_ = rest;
    } else if (!all_sure_) {
      sure_ -= failing.sure;
    }
    if (!all_sure_) sure_ -= failing.open;
    take(std::move(rest));
  }

  Split result() && {
    if (given_ != nullptr) owned_ = *given_;
    if (all_sure_) return {std::move(owned_), SlotSet(sure_.end())};
    owned_ -= sure_;
    return {std::move(sure_), std::move(owned_)};
  }

 private:
  void take(SlotSet candidates) {
    owned_ = std::move(candidates);
    given_ = nullptr;
  }

  const SlotSet* given_;  // the candidates until they are owned
  SlotSet owned_;
  bool all_sure_ = true;  // while true, sure_ is not kept
  SlotSet sure_;
};

constexpr uint64_t kUnknownCost = std::numeric_limits<uint64_t>::max();

base::Status poll(const EvaluateOptions& options) {
  if (options.cancelled != nullptr && options.cancelled->load(std::memory_order_relaxed)) {
    return {base::Code::kCancelled, "the evaluation of the filter was cancelled"};
  }
  if (options.deadline.expired())
    return {base::Code::kTimeout, "the deadline passed while the filter was evaluated"};
  return base::ok();
}

class Planner {
 public:
  Planner(const IndexSet& indexes, const Rows& rows, const EvaluateOptions& options)
      : indexes_(indexes), rows_(rows), options_(options) {}

  Split split(const CompiledFilter& filter, const SlotSet& within) {
    Survivors survivors(within);
    for (const CompiledCondition* condition : by_cost(filter.must)) {
      if (survivors.candidates().empty()) break;
      survivors.keep(split(*condition, survivors.candidates()));
    }
    if (!filter.should.empty()) survivors.keep(any(filter.should, survivors.candidates()));
    if (filter.min_should_set)
      survivors.keep(at_least(filter.min_should, filter.min_count, survivors.candidates()));
    for (const CompiledCondition& condition : filter.must_not)
      survivors.drop(split(condition, survivors.candidates()));
    return std::move(survivors).result();
  }

  // If the status is not ok, the planner was stopped and its answers are meaningless.
  const base::Status& status() const { return status_; }
  uint64_t examined() const { return examined_; }
  const std::string& served_by() const { return served_by_; }

 private:
  std::vector<const CompiledCondition*> by_cost(
      const std::vector<CompiledCondition>& conditions) const {
    std::vector<std::pair<uint64_t, const CompiledCondition*>> costs;
    for (const CompiledCondition& condition : conditions)
      costs.emplace_back(cost(condition), &condition);
    std::stable_sort(costs.begin(), costs.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<const CompiledCondition*> order;
    for (const auto& [cost, condition] : costs) order.push_back(condition);
    return order;
  }

  // About how many rows a condition leaves sure or open.
  uint64_t cost(const CompiledCondition& condition) const {
    if (const auto* ids = std::get_if<IdSet>(&condition.test))
      return options_.find_slot ? ids->keys.size() : kUnknownCost;
    if (std::holds_alternative<VectorBit>(condition.test)) return kUnknownCost;
    if (const auto* group = std::get_if<SubGroup>(&condition.test)) return cost(*group->filter);
    if (const auto* nested = std::get_if<NestedFilter>(&condition.test))
      return cost(*nested->filter);
    const auto index = indexes_.find(condition.field);
    return index == nullptr ? kUnknownCost : index->estimate(condition);
  }
  uint64_t cost(const CompiledFilter& filter) const {
    uint64_t least = kUnknownCost;
    for (const CompiledCondition& condition : filter.must) least = std::min(least, cost(condition));
    if (filter.should.empty()) return least;
    uint64_t sum = 0;
    for (const CompiledCondition& condition : filter.should) {
      const uint64_t one = cost(condition);
      sum = one > kUnknownCost - sum ? kUnknownCost : sum + one;
    }
    return std::min(least, sum);
  }

  Split split(const CompiledCondition& condition, const SlotSet& within) {
    const SlotSet none(within.end());
    if (status_.ok()) status_ = poll(options_);
    if (within.empty() || !status_.ok()) return {none, none};
    if (const auto* ids = std::get_if<IdSet>(&condition.test)) return split_ids(*ids, within);
    if (const auto* vector = std::get_if<VectorBit>(&condition.test))
      return vector->bit ? Split{none, within} : Split{none, none};
    if (const auto* group = std::get_if<SubGroup>(&condition.test))
      return split(*group->filter, within);
    if (const auto* nested = std::get_if<NestedFilter>(&condition.test))
      return {none, nested_candidates(*nested->filter, within)};
    const auto index = indexes_.find(condition.field);
    if (index == nullptr) return {none, within};
    FieldIndex::Answer answer = index->lookup(condition, within);
    examined_ += answer.examined;
    if (served_by_.empty()) served_by_ = condition.field;
    return {std::move(answer.sure), std::move(answer.open)};
  }

  // The rows that may have an element which passes a nested filter: a condition that must hold in
  // the element must hold somewhere in the row. Only conditions that need a value say something
  // about the row; conditions that an absent value satisfies do not.
  SlotSet nested_candidates(const CompiledFilter& filter, const SlotSet& within) {
    SlotSet candidates = within;
    for (const CompiledCondition* condition : by_cost(filter.must)) {
      if (!needs_value(*condition)) continue;
      if (const auto* inner = std::get_if<NestedFilter>(&condition->test)) {
        candidates = nested_candidates(*inner->filter, candidates);
      } else if (const auto* group = std::get_if<SubGroup>(&condition->test)) {
        candidates = nested_candidates(*group->filter, candidates);
      } else {
        candidates = both(split(*condition, candidates));
      }
    }
    return candidates;
  }
  template <typename... Tests>
  static bool is_one_of(const CompiledCondition& condition) {
    return (std::holds_alternative<Tests>(condition.test) || ...);
  }
  static bool needs_value(const CompiledCondition& condition) {
    return is_one_of<AnyOf, NoneOf, model::Range, model::DatetimeRange, NestedFilter, SubGroup>(
        condition);
  }

  Split any(const std::vector<CompiledCondition>& conditions, const SlotSet& within) {
    Split found{SlotSet(within.end()), SlotSet(within.end())};
    SlotSet undecided = within;
    for (const CompiledCondition& condition : conditions) {
      const Split one = split(condition, undecided);
      found.sure |= one.sure;
      found.open |= one.open;
      undecided -= one.sure;
    }
    found.open -= found.sure;
    return found;
  }

  // Element j of a ladder holds the rows for which at least j + 1 of the conditions so far hold.
  Split at_least(const std::vector<CompiledCondition>& conditions, uint32_t min_count,
                 const SlotSet& within) {
    const SlotSet none(within.end());
    if (min_count == 0) return {within, none};
    if (min_count > conditions.size()) return {none, none};
    if (conditions.size() * min_count > base::limits::kMaxMinShouldSteps) return {none, within};
    std::vector<SlotSet> sure(min_count, none), possible(min_count, none);
    for (const CompiledCondition& condition : conditions) {
      const Split one = split(condition, within);
      climb(sure, one.sure);
      climb(possible, both(one));
    }
    SlotSet open = std::move(possible.back());
    open -= sure.back();
    return {std::move(sure.back()), std::move(open)};
  }
  static void climb(std::vector<SlotSet>& ladder, const SlotSet& holds) {
    for (size_t step = ladder.size(); step-- > 0;) {
      SlotSet up = holds;
      if (step > 0) up &= ladder[step - 1];
      ladder[step] |= up;
    }
  }

  Split split_ids(const IdSet& ids, const SlotSet& within) {
    const SlotSet none(within.end());
    if (!options_.find_slot) return {none, within};
    SlotSet::Builder found(within.end());
    for (const std::string& key : ids.keys) {
      const std::optional<uint32_t> slot = options_.find_slot(key);
      ++examined_;
      if (slot && within.contains(*slot) && rows_.id_key(*slot) == key) found.add(*slot);
    }
    return {found.finish(), none};
  }

  const IndexSet& indexes_;
  const Rows& rows_;
  const EvaluateOptions& options_;
  uint64_t examined_ = 0;
  std::string served_by_;
  base::Status status_;
};

// Decides the open rows by their payload, id and vectors, and sets the bits of those that pass.
base::Status check_open(const Matcher& filter, const Rows& rows, const SlotSet& open,
                        const EvaluateOptions& options, std::vector<uint64_t>& bits) {
  base::Status status;
  uint32_t until_poll = base::limits::kFilterPollRows;
  open.for_each([&](uint32_t slot) {
    if (--until_poll == 0) {
      until_poll = base::limits::kFilterPollRows;
      status = poll(options);
      if (!status.ok()) return false;
    }
    const PointFacts facts{rows.payload(slot), rows.id_key(slot), rows.presence(slot)};
    if (filter.matches(facts)) bits[slot / 64] |= uint64_t{1} << slot % 64;
    return true;
  });
  return status;
}

}  // namespace

std::string_view strategy_name(FilterStrategy s) {
  switch (s) {
    case FilterStrategy::kAll:
      return "all";
    case FilterStrategy::kIndex:
      return "index";
    case FilterStrategy::kIndexThenCheck:
      return "index_then_check";
    case FilterStrategy::kFullScan:
      return "full_scan";
  }
  return "";
}

std::vector<uint32_t> FilterResult::slots() const {
  std::vector<uint32_t> out;
  out.reserve(pass_count);
  for (size_t word = 0; word < bits.size(); ++word) {
    for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
      out.push_back(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
    }
  }
  return out;
}

base::Result<FilterResult> evaluate(const Matcher& filter, const IndexSet& indexes,
                                    const Rows& rows, std::span<const uint64_t> live,
                                    uint32_t slot_end, const EvaluateOptions& options) {
  RHUMB_TRY(poll(options));
  const SlotSet universe = SlotSet::from_bits(live, slot_end);
  FilterResult result;
  if (filter.passes_everything()) {
    result.bits = universe.to_bits();
    result.pass_count = universe.count();
    return result;
  }
  Planner planner(indexes, rows, options);
  const Split split = planner.split(filter.compiled(), universe);
  RHUMB_TRY(planner.status());
  result.bits = split.sure.to_bits();
  RHUMB_TRY(check_open(filter, rows, split.open, options, result.bits));
  result.pass_count = count_bits(result.bits);
  result.rows_examined = planner.examined() + split.open.count();
  result.served_by = planner.served_by();
  const bool scanned = split.open.count() == universe.count() && !universe.empty();
  result.strategy = split.open.empty() ? FilterStrategy::kIndex
                    : scanned          ? FilterStrategy::kFullScan
                                       : FilterStrategy::kIndexThenCheck;
  if (scanned) result.served_by.clear();
  return result;
}

base::Result<uint64_t> count(const Matcher& filter, const IndexSet& indexes, const Rows& rows,
                             std::span<const uint64_t> live, uint32_t slot_end,
                             const EvaluateOptions& options) {
  RHUMB_ASSIGN(const FilterResult result, evaluate(filter, indexes, rows, live, slot_end, options));
  return result.pass_count;
}

}  // namespace rhumb::payload
