// A filter that is compiled once per query and decides whether a point passes. The semantics are
// Qdrant's (model/filter.h) and do not depend on which payload indexes exist. A matcher is
// immutable after compile(): any number of threads may call matches() at once. Copies share the
// tree.
//
//   RHUMB_ASSIGN(auto matcher, Matcher::compile(filter, schema));
//   if (matcher.matches({.payload = text, .id_key = key, .presence = bits})) ...
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/model/filter.h"

namespace rhumb::payload {

// Defined in compiled_filter.h, for the planner.
struct CompiledFilter;

// The two facts about a collection on which the meaning of a filter depends.
struct FilterSchema {
  // Bit i of PointFacts::presence stands for the i-th name. There are at most 64 names.
  std::vector<std::string> vector_names;
  // JSON paths that are declared `uuid`: their strings compare as UUIDs, regardless of the form in
  // which they are written.
  std::set<std::string> uuid_fields;
};
FilterSchema filter_schema(const model::CollectionConfig& config,
                           std::vector<std::string> vector_names);

// One row as a filter sees it. The views must be valid during the call only.
struct PointFacts {
  std::string_view payload;  // minified JSON object; empty: no payload
  std::string_view id_key;   // PointId::key()
  uint64_t presence = 0;     // which named vectors the point has
};

class Matcher {
 public:
  // kInvalid names a path that cannot be parsed, or a tree beyond limits.h.
  static base::Result<Matcher> compile(const model::Filter& filter,
                                       const FilterSchema& schema = {});

  bool matches(const PointFacts& facts) const;
  bool passes_everything() const;  // true if there is no clause at all
  const CompiledFilter& compiled() const { return *filter_; }

 private:
  explicit Matcher(std::shared_ptr<const CompiledFilter> filter) : filter_(std::move(filter)) {}
  std::shared_ptr<const CompiledFilter> filter_;
};

// The meaning of a filter where a command of feature level 2 is applied. It never changes, like the
// functions in mutate.h: replicas of any release that apply the same command must reach the same
// decision. Different behaviour needs a new function behind a feature level, while the decisions of
// this one stay. tests/payload/filter/pinned_filter_test.cc guards them.
base::Result<Matcher> compile_pinned_v2(const model::Filter& filter, const FilterSchema& schema);

}  // namespace rhumb::payload
