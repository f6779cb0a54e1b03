// A filter compiled once per query, and the question it answers: does this point pass? Semantics
// are Qdrant's (model/filter.h); they do not depend on which payload indexes exist. Immutable after
// compile(): any number of threads may call matches() at once. Copies share the tree.
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

struct CompiledFilter;  // compiled_filter.h: for the planner

// What a filter means depends on the collection in two places only.
struct FilterSchema {
  // name of the vector whose presence is bit i of PointFacts::presence; at most 64
  std::vector<std::string> vector_names;
  // JSON paths declared `uuid`: their strings compare as UUIDs, in whatever form they are written
  std::set<std::string> uuid_fields;
};
FilterSchema filter_schema(const model::CollectionConfig& config,
                           std::vector<std::string> vector_names);

// One row as a filter sees it. The views need to live for the call only.
struct PointFacts {
  std::string_view payload;  // minified JSON object; empty = no payload
  std::string_view id_key;   // PointId::key()
  uint64_t presence = 0;     // which named vectors the point has
};

class Matcher {
 public:
  // kInvalid names a path that cannot be read, or a tree beyond limits.h.
  static base::Result<Matcher> compile(const model::Filter& filter,
                                       const FilterSchema& schema = {});

  bool matches(const PointFacts& facts) const;
  bool passes_everything() const;  // no clause at all
  const CompiledFilter& compiled() const { return *filter_; }

 private:
  explicit Matcher(std::shared_ptr<const CompiledFilter> filter) : filter_(std::move(filter)) {}
  std::shared_ptr<const CompiledFilter> filter_;
};

// What a filter means where a command of feature level 2 is applied. Pinned for ever, like
// mutate.h: replicas of any release that apply the same command must come to the same decision. A
// different behaviour is a new function behind a feature level, and what this one decides stays;
// tests/payload/filter/pinned_filter_test.cc holds it.
base::Result<Matcher> compile_pinned_v2(const model::Filter& filter, const FilterSchema& schema);

}  // namespace rhumb::payload
