#include "tests/payload/corpus.h"

#include <iterator>

namespace rhumb::payload::testing {
namespace {

const char* const kFields[] = {"a", "b", "c", "deep", "list", "odd key", "u"};
const char* const kPaths[] = {"a",        "b",        "c",         "deep.a", "deep.b",
                              "list[].a", "list[].b", "list[0].a", "list",   "\"odd key\"",
                              "u",        "missing",  "a[]",       "b[1]"};
const char* const kStrings[] = {"red",
                                "green",
                                "",
                                "caf\xc3\xa9",
                                "2024-01-31",
                                "2024-01-31T00:00:00Z",
                                "2025-06-01T12:30:00.5+02:00",
                                "5c56c793-69f3-4fbf-87e6-c4bf54c28c26",
                                "5C56C79369F34FBF87E6C4BF54C28C26",
                                "1",
                                "true",
                                "say \"hi\"\n"};
const char* const kStringsJson[] = {"\"red\"",
                                    "\"green\"",
                                    "\"\"",
                                    "\"caf\\u00e9\"",
                                    "\"2024-01-31\"",
                                    "\"2024-01-31T00:00:00Z\"",
                                    "\"2025-06-01T12:30:00.5+02:00\"",
                                    "\"5c56c793-69f3-4fbf-87e6-c4bf54c28c26\"",
                                    "\"5C56C79369F34FBF87E6C4BF54C28C26\"",
                                    "\"1\"",
                                    "\"true\"",
                                    "\"say \\\"hi\\\"\\n\""};
const char* const kNumbersJson[] = {"0",
                                    "1",
                                    "2",
                                    "5",
                                    "5.0",
                                    "-3",
                                    "2.5",
                                    "-0.0",
                                    "1e3",
                                    "1000",
                                    "9007199254740993",
                                    "9007199254740992",
                                    "9007199254740994.0",
                                    "-9007199254740993",
                                    "9223372036854775807",
                                    "9223372036854775808",
                                    "-9223372036854775808",
                                    "18446744073709551615",
                                    "18446744073709551614"};
const int64_t kIntegers[] = {0, 1, 2, 5, -3, 1000, 9007199254740993, INT64_MAX};
const uint64_t kLarge[] = {9223372036854775808u, UINT64_MAX};
const model::Number kBounds[] = {-3,
                                 -0.5,
                                 0,
                                 1,
                                 2,
                                 2.5,
                                 5,
                                 1000,
                                 9007199254740992.0,
                                 9007199254740993,
                                 9007199254740994,
                                 -9007199254740993,
                                 INT64_MAX,
                                 INT64_MIN,
                                 9223372036854775808u,
                                 UINT64_MAX,
                                 9223372036854775808.0,
                                 1e19,
                                 1.8446744073709552e19};

template <typename T, size_t N>
const T& pick(Corpus& corpus, const T (&from)[N]) {
  return from[corpus.below(N)];
}

}  // namespace

std::string Corpus::scalar() {
  switch (below(10)) {
    case 0:
      return "null";
    case 1:
      return chance(50) ? "true" : "false";
    case 2:
    case 3:
    case 4:
    case 5:
      return pick(*this, kNumbersJson);
    default:
      return pick(*this, kStringsJson);
  }
}

std::string Corpus::value(uint32_t depth) {
  const uint32_t kind = below(10);
  if (kind < 6 || depth > 3) return scalar();
  if (kind == 6) return object(depth + 1);
  std::string array = "[";
  const uint32_t n = below(4);
  for (uint32_t i = 0; i < n; ++i) {
    if (i > 0) array += ',';
    array += chance(30) ? value(depth + 1) : scalar();
  }
  return array + "]";
}

std::string Corpus::object(uint32_t depth) {
  std::string out = "{";
  for (const char* name : kFields) {
    if (!chance(60)) continue;
    if (out.size() > 1) out += ',';
    out += '"';
    out += name;
    out += "\":";
    const std::string_view key(name);
    if (key == "deep" && depth < 2) {
      out += object(depth + 1);
    } else if (key == "list" && depth < 2 && chance(80)) {
      out += '[';
      const uint32_t n = below(4);
      for (uint32_t i = 0; i < n; ++i)
        out += (i > 0 ? "," : "") + (chance(85) ? object(2) : scalar());
      out += ']';
    } else if (key == "u" && chance(70)) {
      out += kStringsJson[7 + below(2)];
    } else {
      out += value(depth);
    }
  }
  return out + "}";
}

std::string Corpus::payload() { return chance(5) ? std::string() : object(0); }

model::MatchValue Corpus::match_value() {
  switch (below(5)) {
    case 0:
      return chance(50);
    case 1:
    case 2:
      return chance(85) ? model::MatchValue(pick(*this, kIntegers))
                        : model::MatchValue(pick(*this, kLarge));
    default:
      return std::string(pick(*this, kStrings));
  }
}

template <typename RangeType, typename Bound>
RangeType Corpus::range(Bound bound) {
  RangeType out;
  if (chance(40)) out.gt = bound();
  if (chance(40)) out.gte = bound();
  if (chance(40)) out.lt = bound();
  if (chance(40)) out.lte = bound();
  return out;
}

model::Condition Corpus::condition(uint32_t depth, bool nested) {
  model::Condition out;
  out.key = pick(*this, kPaths);
  std::vector<model::MatchValue> values;
  const uint32_t n = below(4);
  for (uint32_t i = 0; i < n; ++i) values.push_back(match_value());
  switch (below(depth < 3 ? 15 : 11)) {
    case 0:
    case 1:
    case 2:
      out.test = model::MatchAny{values};
      break;
    case 3:
      out.test = model::MatchExcept{values};
      break;
    case 4:
    case 5:
      out.test = range<model::Range>([&] { return pick(*this, kBounds); });
      break;
    case 6:
      out.test = range<model::DatetimeRange>(
          [&] { return model::parse_datetime(kStrings[4 + below(3)]).value(); });
      break;
    case 7:
      out.test = range<model::ValuesCount>([&] { return uint64_t{below(4)}; });
      break;
    case 8:
      out.test = model::IsEmpty{chance(70)};
      break;
    case 9:
      out.test = model::IsNull{chance(70)};
      break;
    case 10:
      out.key.clear();
      if (chance(50)) {
        out.test = model::HasVector{chance(80) ? "second" : "unknown"};
      } else {
        model::HasId ids;
        for (uint32_t i = 0; i < 5; ++i) ids.ids.push_back(model::PointId::number(below(300)));
        out.test = std::move(ids);
      }
      break;
    case 11:
    case 12:
      out.key = chance(80) ? "list" : "deep.list";
      out.test = model::Nested{std::make_shared<const model::Filter>(filter(depth + 1, true))};
      break;
    default:
      out.key.clear();
      out.test = model::SubFilter{std::make_shared<const model::Filter>(filter(depth + 1, nested))};
  }
  return out;
}

std::vector<model::Condition> Corpus::conditions(uint32_t depth, bool nested) {
  std::vector<model::Condition> out;
  const uint32_t n = 1 + below(3);
  for (uint32_t i = 0; i < n; ++i) out.push_back(condition(depth, nested));
  return out;
}

model::Filter Corpus::filter(uint32_t depth) { return filter(depth, false); }

model::Filter Corpus::filter(uint32_t depth, bool nested) {
  model::Filter out;
  if (chance(60)) out.must = conditions(depth, nested);
  if (chance(35)) out.should = conditions(depth, nested);
  if (chance(30)) out.must_not = conditions(depth, nested);
  if (chance(15)) {
    out.min_should = conditions(depth, nested);
    out.min_should_set = true;
    out.min_count = below(4);
  }
  return out;
}

FieldConfigs Corpus::some_indexes() {
  using model::FieldType;
  const FieldType types[] = {FieldType::kKeyword, FieldType::kInteger,  FieldType::kFloat,
                             FieldType::kBool,    FieldType::kDatetime, FieldType::kUuid};
  FieldConfigs out;
  for (const char* path : kPaths) {
    if (chance(55)) out[path] = {types[below(std::size(types))], {}};
  }
  return out;
}

FilterSchema corpus_schema(const FieldConfigs& indexes) {
  model::CollectionConfig config;
  config.payload_indexes = indexes;
  return filter_schema(config, {"first", "second"});
}

void MemoryRows::append(std::string payload, uint64_t presence) {
  const uint32_t slot = size();
  ids_.push_back(model::PointId::number(slot).key());
  payloads_.push_back(std::move(payload));
  presence_.push_back(presence);
  live_.resize((payloads_.size() + 63) / 64);
  live_[slot / 64] |= uint64_t{1} << slot % 64;
}

std::string product_payload(uint64_t number, std::mt19937_64& random) {
  const auto below = [&](uint64_t n) {
    return std::uniform_int_distribution<uint64_t>(0, n - 1)(random);
  };
  std::string out = "{\"tenant\":\"tenant-" + std::to_string(below(1000)) +
                    "\",\"category\":" + std::to_string(below(20));
  out += ",\"price\":" + std::to_string(below(100000)) + "." + std::to_string(below(9) + 1);
  out += ",\"rating\":" + std::to_string(below(5) + 1) +
         ",\"in_stock\":" + (below(3) > 0 ? "true" : "false");
  out += ",\"tags\":[\"tag" + std::to_string(below(50)) + "\",\"tag" + std::to_string(below(50)) +
         "\"]";
  out += ",\"number\":" + std::to_string(number) + ",\"added\":\"2024-0" +
         std::to_string(below(9) + 1) + "-1" + std::to_string(below(10));
  out +=
      "T10:00:00Z\",\"title\":\"A product that has a title of usual length, and then some words "
      "more\"}";
  return out;
}

model::Condition field(std::string key, decltype(model::Condition::test) test) {
  model::Condition out;
  out.key = std::move(key);
  out.test = std::move(test);
  return out;
}

model::Filter must(model::Condition condition) {
  model::Filter out;
  out.must.push_back(std::move(condition));
  return out;
}

model::MatchAny any(std::vector<model::MatchValue> values) { return {std::move(values)}; }
model::MatchExcept except(std::vector<model::MatchValue> values) { return {std::move(values)}; }

}  // namespace rhumb::payload::testing
