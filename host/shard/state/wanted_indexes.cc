#include "host/shard/state/wanted_indexes.h"

#include "host/base/limits.h"

namespace rhumb::shard {

using model::FieldType;
using payload::CompiledCondition;

namespace {

template <typename... Types>
constexpr uint32_t bits(Types... types) {
  return ((1u << static_cast<uint32_t>(types)) | ...);
}
constexpr uint32_t kAnyType = ~0u;

const payload::ValueSet* values_of(const CompiledCondition& condition) {
  if (const auto* any = std::get_if<payload::AnyOf>(&condition.test)) return &any->values;
  if (const auto* none = std::get_if<payload::NoneOf>(&condition.test)) return &none->values;
  return nullptr;
}

}  // namespace

WantedIndexes::Want WantedIndexes::want_of(const CompiledCondition& condition) {
  if (const payload::ValueSet* values = values_of(condition)) {
    if (values->has_strings())
      return {bits(FieldType::kKeyword, FieldType::kUuid, FieldType::kDatetime), "keyword"};
    if (values->has_integers()) return {bits(FieldType::kInteger, FieldType::kFloat), "integer"};
    if (values->has_bools()) return {bits(FieldType::kBool), "bool"};
    return {};
  }
  if (std::holds_alternative<model::Range>(condition.test))
    return {bits(FieldType::kInteger, FieldType::kFloat), "integer or float"};
  if (std::holds_alternative<model::DatetimeRange>(condition.test))
    return {bits(FieldType::kDatetime), "datetime"};
  return {kAnyType, "keyword, or what its values are"};  // is_empty, is_null, values_count
}

bool WantedIndexes::served(const Want& want, const std::string& field,
                           const IndexedFields& indexed) {
  const auto index = indexed.find(field);
  return index != indexed.end() && (want.types & bits(index->second)) != 0;
}

void WantedIndexes::note(const payload::CompiledFilter& filter, const IndexedFields& indexed) {
  for (const auto* list : {&filter.must, &filter.should, &filter.must_not, &filter.min_should})
    note(*list, indexed);
}

void WantedIndexes::note(const std::vector<CompiledCondition>& conditions,
                         const IndexedFields& indexed) {
  for (const CompiledCondition& condition : conditions) {
    if (const auto* nested = std::get_if<payload::NestedFilter>(&condition.test)) {
      note(*nested->filter, indexed);
    } else if (const auto* group = std::get_if<payload::SubGroup>(&condition.test)) {
      note(*group->filter, indexed);
    } else if (!condition.field.empty()) {
      const Want want = want_of(condition);
      if (want.types != 0 && !served(want, condition.field, indexed))
        remember(condition.field, want);
    }
  }
}

void WantedIndexes::remember(const std::string& field, const Want& want) {
  const base::MutexLock lock(mutex_);
  if (fields_.size() < base::limits::kMaxWantedIndexes) fields_.try_emplace(field, want);
}

std::vector<std::pair<std::string, std::string>> WantedIndexes::missing(
    const IndexedFields& indexed) const {
  std::vector<std::pair<std::string, std::string>> out;
  const base::MutexLock lock(mutex_);
  for (const auto& [field, want] : fields_) {
    if (!served(want, field, indexed)) out.emplace_back(field, want.names);
  }
  return out;
}

}  // namespace rhumb::shard
