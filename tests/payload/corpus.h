// Random payloads and filters over a small set of fields and values, so that conditions meet values
// of every type, missing fields, nulls, arrays and nested objects. It also has rows that hold them.
// One seed gives one corpus.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/filter.h"
#include "host/payload/filter/matcher.h"
#include "host/payload/filter/planner.h"
#include "host/payload/index/index_set.h"

namespace rhumb::payload::testing {

class Corpus {
 public:
  explicit Corpus(uint64_t seed) : random_(seed) {}

  uint32_t below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(random_); }
  bool chance(uint32_t percent) { return below(100) < percent; }

  std::string payload();  // a minified object, or empty
  model::Filter filter(uint32_t depth = 0);
  FieldConfigs some_indexes();  // a random choice of fields with fitting and other index types

 private:
  std::string scalar();
  std::string value(uint32_t depth);
  std::string object(uint32_t depth);
  model::Condition condition(uint32_t depth, bool nested);
  std::vector<model::Condition> conditions(uint32_t depth, bool nested);
  model::MatchValue match_value();
  model::Filter filter(uint32_t depth, bool nested);
  template <typename RangeType, typename Bound>
  RangeType range(Bound bound);

  std::mt19937_64 random_;
};

FilterSchema corpus_schema(const FieldConfigs& indexes);

// Rows in memory. A row's id is the number of its slot.
class MemoryRows final : public Rows {
 public:
  void append(std::string payload, uint64_t presence);
  uint32_t size() const { return static_cast<uint32_t>(payloads_.size()); }
  std::string_view payload(uint32_t slot) const override { return payloads_[slot]; }
  std::string_view id_key(uint32_t slot) const override { return ids_[slot]; }
  uint64_t presence(uint32_t slot) const override { return presence_[slot]; }
  PointFacts facts(uint32_t slot) const { return {payload(slot), id_key(slot), presence(slot)}; }
  void set_payload(uint32_t slot, std::string payload) { payloads_[slot] = std::move(payload); }
  void kill(uint32_t slot) { live_[slot / 64] &= ~(uint64_t{1} << slot % 64); }
  bool is_live(uint32_t slot) const { return (live_[slot / 64] >> slot % 64 & 1) != 0; }
  const std::vector<uint64_t>& live() const { return live_; }

 private:
  std::vector<std::string> payloads_, ids_;
  std::vector<uint64_t> presence_, live_;
};

// A payload of a shop, for tests that need realistic sizes: tenant, category, price, rating, tags,
// time, text.
std::string product_payload(uint64_t number, std::mt19937_64& random);

// Builds a filter for tests that state their conditions.
model::Condition field(std::string key, decltype(model::Condition::test) test);
model::Filter must(model::Condition condition);
model::MatchAny any(std::vector<model::MatchValue> values);
model::MatchExcept except(std::vector<model::MatchValue> values);

}  // namespace rhumb::payload::testing
