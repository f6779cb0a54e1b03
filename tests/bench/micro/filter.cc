// Filters over the payloads of a shop: planned with indexes, and tested payload by payload.
#include "host/payload/filter/planner.h"
#include "host/payload/index/index_set.h"
#include "tests/bench/micro/micro.h"
#include "tests/payload/corpus.h"

namespace rhumb::bench {
namespace {

using model::FieldType;
using namespace payload::testing;  // NOLINT: the helpers of tests/payload

constexpr uint32_t kRows = 50'000;

struct Shop {
  Shop() {
    const payload::FieldConfigs fields{{"tenant", {FieldType::kKeyword, {}}},
                                       {"category", {FieldType::kInteger, {}}},
                                       {"price", {FieldType::kFloat, {}}},
                                       {"tags", {FieldType::kKeyword, {}}},
                                       {"added", {FieldType::kDatetime, {}}}};
    require(indexes.configure(fields).ok(), "the fields are refused");
    indexes.make_ready();
    std::mt19937_64 random(14);
    for (uint32_t slot = 0; slot < kRows; ++slot) {
      rows.append(product_payload(slot, random), 1);
      indexes.put(slot, rows.payload(slot));
    }
  }
  payload::IndexSet indexes;
  MemoryRows rows;
};

const std::shared_ptr<Shop>& shop() {
  static const auto shared = std::make_shared<Shop>();
  return shared;
}

model::Filter both(model::Condition a, model::Condition b) {
  model::Filter out = must(std::move(a));
  out.must.push_back(std::move(b));
  return out;
}
model::Condition price_below(double bound) {
  model::Range range;
  range.lt = bound;
  return field("price", range);
}

void add_filter(const std::string& name, model::Filter (*filter)()) {
  add("filter/" + name, [filter] {
    auto compiled = payload::Matcher::compile(filter());
    require(compiled.ok(), "the filter is refused");
    return [s = shop(), matcher = *compiled] {
      const auto found = payload::evaluate(matcher, s->indexes, s->rows, s->rows.live(), kRows);
      require(found.ok(), "no answer");
      benchmark::DoNotOptimize(found->pass_count);
    };
  });
}

}  // namespace

void add_benchmarks() {
  add_filter("one_keyword", [] { return must(field("tenant", any({std::string("tenant-7")}))); });
  add_filter("keyword_and_range",
             [] { return both(field("tags", any({std::string("tag3")})), price_below(20'000)); });
  add_filter("wide_range", [] { return must(price_below(90'000)); });
  add_filter("except", [] { return must(field("category", except({int64_t{3}, int64_t{4}}))); });
  // There is no index of `rating`, so the payloads that the index leaves are read.
  add_filter("index_then_payloads", [] {
    return both(field("category", any({int64_t{3}})), field("rating", any({int64_t{5}})));
  });
  add_filter("payloads", [] { return must(field("rating", any({int64_t{5}}))); });
}

}  // namespace rhumb::bench
