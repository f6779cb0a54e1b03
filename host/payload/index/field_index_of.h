// FieldIndex for one kind of keys (field_kinds.h). Only field_index_make.cc includes this file.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "host/payload/index/field_codec.h"
#include "host/payload/index/field_index.h"
#include "host/payload/index/value_column.h"

namespace rhumb::payload {

// Testing a candidate through the forward column costs about this many times as much as visiting
// one entry of a posting.
inline constexpr uint64_t kForwardTestCost = 4;

template <typename K>
class FieldIndexOf final : public FieldIndex {
 public:
  using Key = typename K::Key;
  using KeyColumn = ValueColumn<Key, typename K::Terms>;
  static constexpr bool kHasRange = requires { typename K::RangeType; };
  static constexpr bool kRounds = requires(const Value& value, const Key& key) {
    K::rounds(value, key);
  };

  explicit FieldIndexOf(JsonPath path) : FieldIndex(K::kType, std::move(path)) {}

  void put(uint32_t slot, std::string_view payload) override { write(slot, payload, true); }
  void put_untouched(uint32_t slot, std::string_view payload) override {
    write(slot, payload, false);
  }

  uint64_t estimate(const CompiledCondition& condition) const override {
    const base::ReaderLock lock(mutex_);
    if (const auto* any = std::get_if<AnyOf>(&condition.test)) {
      const Named named = name_terms(any->values);
      if (named.knowledge == Knowledge::kUnknown) return states_.has_value.count();
      return named.entries + foreign_count(foreign_equals(any->values));
    }
    if constexpr (kHasRange) {
      if (const auto* range = std::get_if<typename K::RangeType>(&condition.test)) {
        const auto [first, second] = runs(*range);
        const uint64_t terms = size_of(first) + size_of(second);
        return terms * column_.entries() / std::max<uint64_t>(column_.terms().in_use(), 1) +
               foreign_count(K::kForeignInRange);
      }
    }
    if (const auto* null = std::get_if<model::IsNull>(&condition.test))
      return null->value ? states_.has_null.count() : kAllSlots;
    if (const auto* empty = std::get_if<model::IsEmpty>(&condition.test))
      return empty->value ? kAllSlots : states_.has_value.count();
    if (const auto* count = std::get_if<model::ValuesCount>(&condition.test)) {
      return in_range(*count, uint64_t{0}) ? kAllSlots : states_.has_value.count();
    }
    return states_.has_value.count();
  }

  Answer lookup(const CompiledCondition& condition, const SlotSet& within) const override {
    const base::ReaderLock lock(mutex_);
    if (const auto* any = std::get_if<AnyOf>(&condition.test)) return any_of(any->values, within);
    if (const auto* except = std::get_if<NoneOf>(&condition.test))
      return none_of(except->values, within);
    if constexpr (kHasRange) {
      if (const auto* range = std::get_if<typename K::RangeType>(&condition.test))
        return in_runs(*range, within);
    }
    if (std::holds_alternative<model::Range>(condition.test))
      return open_only(foreign_within(kForeignNumber, within));
    if (const auto* empty = std::get_if<model::IsEmpty>(&condition.test))
      return state(states_.has_value, !empty->value, within);
    if (const auto* null = std::get_if<model::IsNull>(&condition.test))
      return state(states_.has_null, null->value, within);
    if (const auto* count = std::get_if<model::ValuesCount>(&condition.test);
        count != nullptr && in_range(*count, uint64_t{0})) {
      return open_only(within);
    }
    // Only a row with a value can satisfy the condition.
    return open_only(intersect(states_.has_value, within));
  }

  uint64_t memory_bytes() const override {
    const base::ReaderLock lock(mutex_);
    return sizeof(*this) + column_.memory_bytes() + states_.memory_bytes() +
           touched_.memory_bytes();
  }

  IndexFile encode(uint32_t slots, uint64_t through_version) const override {
    const base::ReaderLock lock(mutex_);
    IndexFile file;
    file.field = path().to_text();
    file.type = type();
    file.slots = slots;
    file.through_version = through_version;
    encode_column(column_, slots, file);
    file.sections[SectionKind::kStates] = states_.encode(slots);
    return file;
  }

  base::Status decode(const IndexFile& file) override {
    KeyColumn column;
    States states;
    RHUMB_TRY(decode_column(file, column));
    RHUMB_TRY(states.decode(file.sections.at(SectionKind::kStates)));
    const base::WriterLock lock(mutex_);
    if (!building_ || touched_.count() > 0)
      return base::invalid("payload index `" + path().to_text() + "` already holds rows");
    column_ = std::move(column);
    states_ = std::move(states);
    return base::ok();
  }

 private:
  static constexpr uint64_t kAllSlots = ~uint64_t{0} / 2;

  // A set of values in terms of this dictionary.
  struct Named {
    Knowledge knowledge = Knowledge::kUnknown;
    std::vector<uint32_t> terms;  // ascending
    uint64_t entries = 0;         // entries in the postings of the terms
    bool has(uint32_t term) const { return std::binary_search(terms.begin(), terms.end(), term); }
  };

  const Bitmap& valued() const override RHUMB_REQUIRES_SHARED(mutex_) { return column_.valued(); }

  void write(uint32_t slot, std::string_view payload, bool touch) {
    std::vector<Key> keys;
    const Facts facts = read(payload, keys);
    const base::WriterLock lock(mutex_);
    if (building_) {
      if (touch) {
        touched_.add(slot);
      } else if (touched_.contains(slot)) {
        return;
      }
    }
    column_.replace(slot, keys);
    states_.set(slot, facts);
  }

  Facts read(std::string_view payload, std::vector<Key>& keys) const {
    Facts facts;
    if (payload.empty()) return facts;
    const auto element = [&](const Value& value) {
      if (value.kind() == Kind::kNull) {
        facts.has_null = true;
      } else if (std::optional<Key> key = K::key_of(value)) {
        if constexpr (kRounds) {
          if (K::rounds(value, *key)) facts.foreign |= kForeignNumber;
        }
        keys.push_back(std::move(*key));
      } else {
        facts.foreign |= foreign_bit(value.kind());
      }
    };
    path().visit(Value(payload), [&](const Value& value) {
      facts.has_value = facts.has_value || !(value.kind() == Kind::kNull || value.is_empty_array());
      if (value.kind() != Kind::kArray) {
        element(value);
      } else {
        for (ElementCursor cursor(value); cursor.next();) element(cursor.value());
      }
      return true;
    });
    return facts;
  }

  static Answer open_only(SlotSet open) {
    const uint32_t end = open.end();
    const uint64_t examined = open.count();
    return {SlotSet(end), std::move(open), examined};
  }

  Named name_terms(const ValueSet& values) const RHUMB_REQUIRES_SHARED(mutex_) {
    Named named;
    std::vector<Key> keys;
    named.knowledge = K::any_keys(values, keys);
    for (const Key& key : keys) {
      const uint32_t term = column_.terms().find(key);
      if (term == kNoTerm) continue;
      named.terms.push_back(term);
      named.entries += column_.posting(term).count();
    }
    std::sort(named.terms.begin(), named.terms.end());
    named.terms.erase(std::unique(named.terms.begin(), named.terms.end()), named.terms.end());
    return named;
  }

  // The candidates that hold a term which `test` accepts.
  template <typename Test>
  SlotSet test_forward(const SlotSet& within, Test test) const RHUMB_REQUIRES_SHARED(mutex_) {
    SlotSet::Builder found(within.end());
    const KeyColumn* const column = &column_;  // the lambda runs under the lock, too
    within.for_each([&](uint32_t slot) {
      const std::span<const uint32_t> terms = column->terms_of(slot);
      if (std::any_of(terms.begin(), terms.end(), test)) found.add(slot);
    });
    return found.finish();
  }

  // The candidates that hold one of `terms`. Their postings have about `entries` entries.
  template <typename Terms, typename Test>
  SlotSet holders(const Terms& terms, uint64_t entries, const SlotSet& within, Test test,
                  uint64_t& examined) const RHUMB_REQUIRES_SHARED(mutex_) {
    if (within.count() * kForwardTestCost < entries) {
      examined += within.count();
      return test_forward(within, test);
    }
    SlotSet::Builder found(within.end());
    for (const uint32_t term : terms) {
      const Posting& posting = column_.posting(term);
      examined += posting.count();
      if (const std::span<const uint64_t> plain = posting.plain(); !plain.empty()) {
        found.add_bits(plain);
      } else {
        posting.for_each_below(within.end(), [&](uint32_t slot) { found.add(slot); });
      }
    }
    SlotSet slots = found.finish();
    slots &= within;
    return slots;
  }

  // Completes an answer: rows in `open` that are not sure stay open.
  static Answer with_open(SlotSet sure, SlotSet open, uint64_t examined) {
    open -= sure;
    return {std::move(sure), std::move(open), examined};
  }

  Answer any_of(const ValueSet& values, const SlotSet& within) const RHUMB_REQUIRES_SHARED(mutex_) {
    const Named named = name_terms(values);
    if (named.knowledge == Knowledge::kUnknown)
      return open_only(intersect(states_.has_value, within));
    uint64_t examined = 0;
    SlotSet found = holders(
        named.terms, named.entries, within, [&](uint32_t term) { return named.has(term); },
        examined);
    SlotSet foreign = foreign_within(foreign_equals(values), within);
    examined += foreign.count();
    if (named.knowledge == Knowledge::kExact)
      return with_open(std::move(found), std::move(foreign), examined);
    found |= foreign;
    return {SlotSet(within.end()), std::move(found), examined};
  }

  Answer none_of(const ValueSet& values, const SlotSet& within) const
      RHUMB_REQUIRES_SHARED(mutex_) {
    const Named named = name_terms(values);
    if (named.knowledge != Knowledge::kExact)
      return open_only(intersect(states_.has_value, within));
    // Starts with the rows that have a value, and removes those that hold only excluded values.
    SlotSet sure = intersect(column_.valued(), within);
    uint64_t examined = sure.count();
    const auto excluded = [&](uint32_t term) { return named.has(term); };
    SlotSet suspects = holders(named.terms, named.entries, sure, excluded, examined);
    suspects -= test_forward(suspects, [&](uint32_t term) { return !excluded(term); });
    sure -= suspects;
    return with_open(std::move(sure), foreign_within(kForeignAny, within), examined);
  }

  Answer state(const Bitmap& bitmap, bool in, const SlotSet& within) const
      RHUMB_REQUIRES_SHARED(mutex_) {
    SlotSet slots = intersect(bitmap, within);
    if (!in) {
      SlotSet rest = within;
      rest -= slots;
      slots = std::move(rest);
    }
    const uint64_t examined = slots.count();
    return {std::move(slots), SlotSet(within.end()), examined};
  }

  using Run = std::pair<const uint32_t*, const uint32_t*>;
  static uint64_t size_of(const Run& run) { return static_cast<uint64_t>(run.second - run.first); }

  template <typename RangeType>
  std::pair<Run, Run> runs(const RangeType& range) const RHUMB_REQUIRES_SHARED(mutex_) {
    const auto below = [&](const Key& key) {
      const auto value = K::in_range_as(key);
      return (range.gt && !(value > *range.gt)) || (range.gte && !(value >= *range.gte));
    };
    const auto above = [&](const Key& key) {
      const auto value = K::in_range_as(key);
      return (range.lt && !(value < *range.lt)) || (range.lte && !(value <= *range.lte));
    };
    return column_.terms().range(below, above);
  }

  template <typename RangeType>
  Answer in_runs(const RangeType& range, const SlotSet& within) const
      RHUMB_REQUIRES_SHARED(mutex_) {
    const auto& dictionary = column_.terms();
    const auto [first, second] = runs(range);
    const uint64_t terms = size_of(first) + size_of(second);
    const uint64_t entries = terms * column_.entries() / std::max<uint64_t>(dictionary.in_use(), 1);
    const auto test = [&](uint32_t term) {
      return in_range(range, K::in_range_as(dictionary.key(term)));
    };
    uint64_t examined = 0;
    SlotSet sure(within.end());
    if (within.count() * kForwardTestCost < entries) {
      examined = within.count();
      sure = test_forward(within, test);
    } else {
      sure = holders(std::span(first.first, first.second), 0, within, test, examined);
      sure |= holders(std::span(second.first, second.second), 0, within, test, examined);
    }
    SlotSet foreign = foreign_within(K::kForeignInRange, within);
    if constexpr (kRounds) {
      // The key says only that the number may be in the range.
      if (!foreign.empty()) {
        const RangeType near = K::rounded(range);
        foreign = test_forward(foreign, [&](uint32_t term) {
          return in_range(near, K::in_range_as(dictionary.key(term)));
        });
        sure -= foreign;
      }
    }
    examined += foreign.count();
    return with_open(std::move(sure), std::move(foreign), examined);
  }

  KeyColumn column_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::payload
