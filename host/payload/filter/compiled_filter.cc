#include "host/payload/filter/compiled_filter.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/model/id.h"
#include "host/payload/filter/matcher.h"

namespace rhumb::payload {
namespace {

namespace limits = base::limits;

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

class Compiler {
 public:
  explicit Compiler(const FilterSchema& schema) : schema_(schema) {}

  // `prefix` is the path at which the paths of a nested filter start.
  base::Result<CompiledFilter> filter(const model::Filter& given, const JsonPath* prefix,
                                      uint32_t depth) {
    if (depth > limits::kMaxFilterDepth)
      return base::invalid("filter: deeper than " + std::to_string(limits::kMaxFilterDepth));
    CompiledFilter out;
    RHUMB_TRY(list(given.must, out.must, prefix, depth));
    RHUMB_TRY(list(given.should, out.should, prefix, depth));
    RHUMB_TRY(list(given.must_not, out.must_not, prefix, depth));
    RHUMB_TRY(list(given.min_should, out.min_should, prefix, depth));
    out.min_should_set = given.min_should_set;
    out.min_count = given.min_count;
    return out;
  }

 private:
  base::Status list(const std::vector<model::Condition>& given, std::vector<CompiledCondition>& out,
                    const JsonPath* prefix, uint32_t depth) {
    conditions_ += given.size();
    if (conditions_ > limits::kMaxFilterConditions) {
      return base::invalid("filter: more than " + std::to_string(limits::kMaxFilterConditions) +
                           " conditions");
    }
    out.reserve(given.size());
    for (const model::Condition& condition : given) {
      CompiledCondition compiled;
      RHUMB_TRY(one(condition, compiled, prefix, depth));
      out.push_back(std::move(compiled));
    }
    return base::ok();
  }

  base::Status one(const model::Condition& given, CompiledCondition& out, const JsonPath* prefix,
                   uint32_t depth) {
    if (!given.key.empty()) {
      RHUMB_ASSIGN(out.path, JsonPath::parse(given.key));
      out.field = (prefix == nullptr ? out.path : JsonPath::join(*prefix, out.path)).to_text();
    }
    if (const auto* sub = std::get_if<model::SubFilter>(&given.test)) {
      RHUMB_ASSIGN(CompiledFilter inner, filter(*sub->filter, prefix, depth + 1));
      out.test = SubGroup{std::make_unique<CompiledFilter>(std::move(inner))};
      return base::ok();
    }
    if (const auto* ids = std::get_if<model::HasId>(&given.test)) {
      IdSet set;
      for (const model::PointId& id : ids->ids) set.keys.insert(id.key());
      out.test = std::move(set);
      return base::ok();
    }
    if (const auto* vector = std::get_if<model::HasVector>(&given.test)) {
      const auto& names = schema_.vector_names;
      const auto found = std::find(names.begin(), names.end(), vector->name);
      VectorBit bit;
      if (found != names.end()) bit.bit = static_cast<uint32_t>(found - names.begin());
      out.test = bit;
      return base::ok();
    }
    if (given.key.empty()) return base::invalid("filter: a condition on a field needs `key`");
    return on_field(given, out, prefix, depth);
  }

  base::Status on_field(const model::Condition& given, CompiledCondition& out,
                        const JsonPath* prefix, uint32_t depth) {
    if (const auto* nested = std::get_if<model::Nested>(&given.test)) {
      out.path = out.path.each();
      const JsonPath inside = prefix == nullptr ? out.path : JsonPath::join(*prefix, out.path);
      out.field = inside.to_text();
      RHUMB_ASSIGN(CompiledFilter inner, filter(*nested->filter, &inside, depth + 1));
      out.test = NestedFilter{std::make_unique<CompiledFilter>(std::move(inner))};
    } else if (const auto* any = std::get_if<model::MatchAny>(&given.test)) {
      AnyOf compiled;
      RHUMB_TRY(values(any->values, out.field, compiled.values));
      out.test = std::move(compiled);
    } else if (const auto* except = std::get_if<model::MatchExcept>(&given.test)) {
      NoneOf compiled;
      RHUMB_TRY(values(except->values, out.field, compiled.values));
      out.test = std::move(compiled);
    } else if (const auto* range = std::get_if<model::Range>(&given.test)) {
      out.test = *range;
    } else if (const auto* dates = std::get_if<model::DatetimeRange>(&given.test)) {
      out.test = *dates;
    } else if (const auto* count = std::get_if<model::ValuesCount>(&given.test)) {
      out.test = *count;
    } else if (const auto* empty = std::get_if<model::IsEmpty>(&given.test)) {
      out.test = *empty;
    } else {
      out.test = std::get<model::IsNull>(given.test);
    }
    return base::ok();
  }

  base::Status values(const std::vector<model::MatchValue>& given, const std::string& field,
                      ValueSet& out) {
    if (given.size() > limits::kMaxMatchAny) {
      return base::invalid("filter: match on `" + field + "` names " +
                           std::to_string(given.size()) + " values, more than " +
                           std::to_string(limits::kMaxMatchAny));
    }
    out.as_uuid = schema_.uuid_fields.count(field) != 0;
    for (const model::MatchValue& value : given) {
      if (const auto* text = std::get_if<std::string>(&value)) {
        const std::optional<Uuid> uuid = out.as_uuid ? parse_uuid(*text) : std::nullopt;
        if (uuid) {
          out.uuids.push_back(*uuid);
        } else {
          out.strings.insert(*text);
        }
      } else if (const auto* integer = std::get_if<int64_t>(&value)) {
        out.integers.push_back(*integer);
      } else if (const auto* large = std::get_if<uint64_t>(&value)) {
        out.large.push_back(*large);
      } else {
        (std::get<bool>(value) ? out.has_true : out.has_false) = true;
      }
    }
    sort_unique(out.integers);
    sort_unique(out.large);
    sort_unique(out.uuids);
    return base::ok();
  }

  const FilterSchema& schema_;
  size_t conditions_ = 0;
};

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
  constexpr size_t kPlainUrnSize = 41;
  return text.size() == kPlainUrnSize ? std::nullopt : base::parse_uuid(text);
}

bool ValueSet::contains(const Value& value) const {
  switch (value.kind()) {
    case Kind::kBool:
      return value.as_bool() ? has_true : has_false;
    case Kind::kInteger: {
      if (!has_integers()) return false;
      if (const std::optional<int64_t> number = value.as_int64())
        return std::binary_search(integers.begin(), integers.end(), *number);
      const std::optional<uint64_t> number = large.empty() ? std::nullopt : value.as_uint64();
      return number && std::binary_search(large.begin(), large.end(), *number);
    }
    case Kind::kString: {
      if (!has_strings()) return false;
      if (strings.size() == 1 && !as_uuid) return value.equals(*strings.begin());
      std::string scratch;
      const std::string_view text = value.as_string(scratch);
      const std::optional<Uuid> uuid = as_uuid ? parse_uuid(text) : std::nullopt;
      return uuid ? std::binary_search(uuids.begin(), uuids.end(), *uuid)
                  : strings.find(text) != strings.end();
    }
    default:
      return false;
  }
}

FilterSchema filter_schema(const model::CollectionConfig& config,
                           std::vector<std::string> vector_names) {
  FilterSchema schema;
  schema.vector_names = std::move(vector_names);
  for (const auto& [field, index] : config.payload_indexes) {
    const base::Result<JsonPath> path = JsonPath::parse(field);
    if (index.type == model::FieldType::kUuid && path.ok())
      schema.uuid_fields.insert(path.value().to_text());
  }
  return schema;
}

base::Result<Matcher> Matcher::compile(const model::Filter& filter, const FilterSchema& schema) {
  RHUMB_ASSIGN(CompiledFilter compiled, Compiler(schema).filter(filter, nullptr, 1));
  return Matcher(std::make_shared<const CompiledFilter>(std::move(compiled)));
}

base::Result<Matcher> compile_pinned_v2(const model::Filter& filter, const FilterSchema& schema) {
  return Matcher::compile(filter, schema);
}

}  // namespace rhumb::payload
