// Valid bodies in which the name of one member is changed. Each such mutant must be refused or mean
// the same, and if unknown members are ignored, the reply must name the ignored one.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "host/http/rest/parse/collection_body.h"
#include "host/http/rest/parse/parse_query.h"
#include "host/http/rest/parse/parse_reads.h"
#include "host/http/rest/parse/parse_writes.h"
#include "tests/http/rest/expect.h"
#include "tests/model/text.h"

namespace rhumb::http::rest {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const gateway::Query& q) {
  return model::text_of(q.search) + (q.like_id ? model::text_of(*q.like_id) : "") +
         (q.by_id_order ? " by id" : "") + " from " + std::to_string(q.offset);
}
std::string text_of(const model::PointWrite& point) {
  model::Operation upsert;
  upsert.points.push_back({point.id, point.payload, point.vectors});
  return text_of(upsert);
}
template <typename T>
std::string text_of(const std::vector<T>& list) {
  std::string out = "[";
  for (const T& item : list) out += text_of(item) + ";";
  return out + "]";
}

// The meaning of a parsed body, as text. Empty if the body was refused with a 4xx or as not served.
template <typename T>
std::string understood(const base::Result<T>& parsed) {
  if (parsed.ok()) return text_of(*parsed);
  const Code code = parsed.status().code();
  EXPECT_TRUE(code == Code::kInvalid || code == Code::kMalformedBody ||
              code == Code::kUnprocessable || code == Code::kUnsupported)
      << parsed.status().to_string();
  return "";
}

constexpr size_t kMutantsOfAName = 6;

struct Sample {
  const Shape* shape;
  std::string body;
  std::function<std::string(const std::string&, IgnoredMembers*)> parse;
};

constexpr const char* kWholeFilter = R"({
  "must":[{"key":"price","range":{"gt":1,"gte":2,"lt":30,"lte":40.5}},{"key":"at","range":{"gt":"2024-01-01","lt":null}},
          {"key":"tags","values_count":{"gt":1,"gte":2,"lt":3,"lte":4}},{"key":"city","match":{"value":"Rome"}},{"key":"city","match":{"any":["a","b"]}},
          {"is_empty":{"key":"a"}},{"is_null":{"key":"b"}},{"key":"c","is_null":false},{"key":"c","is_empty":true,"match":null}],
  "should":{"key":"city","match":{"except":["c"]}},
  "must_not":[{"has_id":[1,"gimp"]},{"has_vector":"text"},{"nested":{"key":"rows","filter":{"must":[{"key":"k","match":{"value":1}}]}}},
              {"should":[{"must_not":[{"has_id":[2]}]}],"must":null}],
  "min_should":{"conditions":[{"key":"n","match":{"value":1}},{"key":"m","match":{"value":true}}],"min_count":1}})";

std::vector<Sample> samples() {
  const auto config = std::make_shared<const model::CollectionConfig>(named_vectors());
  const std::string filter = std::string("\"filter\":") + kWholeFilter;
  const std::string select =
      R"(,"with_payload":{"include":["a","b.c"]},"with_vector":["text"],"limit":7)";
  const std::string params =
      R"(,"params":{"hnsw_ef":99,"exact":true,"indexed_only":true,"explain":true,"acorn":{"enable":true,"max_selectivity":0.5},
                                "quantization":{"ignore":false,"rescore":true,"oversampling":2.5}},"score_threshold":0.5,"offset":3)";
  const std::string asked =
      "{" + filter + select + params + R"(,"query":{"nearest":[1,2]},"using":"code"})";
  const std::string searched =
      "{" + filter + select + params + R"(,"vector":{"name":"code","vector":[1,2]}})";
  const std::string upsert =
      R"({"points":[{"id":1,"vector":{"code":[1,2]},"payload":{"range":{"gt":1}}},{"id":2,"vector":{"code":{"vector_b64":"AACAPwAAAEA="}}}],
                                 "update_mode":"insert_only","update_filter":)" +
      std::string(kWholeFilter) + "}";
  const std::string columns =
      R"({"batch":{"ids":[1],"vectors":{"code":[[1,2]]},"payloads":[{"ids":1}]}})";
  const std::string set = "{" + filter + R"(,"payload":{"key":{"key":1}},"key":"a"})";
  const auto change = [](model::OperationKind kind) {
    return [kind](const std::string& body, IgnoredMembers* i) {
      return understood(parse_payload_change(body, kind, i));
    };
  };
  return {
      {&kCountBody, "{" + filter + R"(,"exact":false})",
       [](const std::string& b, IgnoredMembers* i) { return understood(parse_count(b, i)); }},
      {&kScrollBody, "{" + filter + select + R"(,"offset":4})",
       [](const std::string& b, IgnoredMembers* i) { return understood(parse_scroll(b, i)); }},
      {&kGetBody, R"({"ids":[1,2],"with_payload":{"exclude":["a"]},"with_vector":true})",
       [](const std::string& b, IgnoredMembers* i) { return understood(parse_get(b, i)); }},
      {&kQueryBody, asked,
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_query(b, *config, i));
       }},
      {&kQueryBatchBody, R"({"searches":[)" + asked + R"(,{"query":7,"using":"text"}]})",
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_query_batch(b, *config, i));
       }},
      {&kSearchBody, searched,
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_search(b, *config, i));
       }},
      {&kSearchBatchBody, "{\"searches\":[" + searched + "]}",
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_search_batch(b, *config, i));
       }},
      {&kDeletePointsBody, "{" + filter + "}",
       [](const std::string& b, IgnoredMembers* i) {
         return understood(parse_delete_points(b, i));
       }},
      {&kDeletePointsBody, R"({"points":[1,2]})", change(model::OperationKind::kClearPayload)},
      {&kSetPayloadBody, set, change(model::OperationKind::kSetPayload)},
      {&kSetPayloadBody, R"({"points":[1],"payload":{"a":1}})",
       change(model::OperationKind::kOverwritePayload)},
      {&kDeletePayloadBody, "{" + filter + R"(,"keys":["a"]})",
       change(model::OperationKind::kDeletePayload)},
      {&kDeleteVectorsBody, "{" + filter + R"(,"vector":["text"]})",
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_delete_vectors(b, *config, i));
       }},
      {&kUpsertBody, upsert,
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_upsert(b, *config, i));
       }},
      {&kUpsertBody, columns,
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_upsert(b, *config, i));
       }},
      {&kUpdateVectorsBody,
       R"({"points":[{"id":1,"vector":{"code":[1,2]}}],"update_filter":)" +
           std::string(kWholeFilter) + "}",
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_update_vectors(b, *config, i));
       }},
      {&kBatchBody,
       R"({"operations":[{"delete":{)" + filter + "}},{\"set_payload\":" + set +
           "},{\"upsert\":" + columns +
           R"(},{"delete_vectors":{"points":[1],"vector":["text"]}},
                       {"clear_payload":{"points":[3]}}]})",
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_batch(b, *config, i));
       }},
      {&kPoint, R"({"id":"gimp","vector":{"text":[1,2,3]},"payload":{"id":7,"vector":[1]}})",
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_import_line(b, *config, i));
       }},
      {&kCreateCollectionBody,
       R"({"vectors":{"a":{"size":4,"distance":"Dot","datatype":"uint8","on_disk":true,"multivector_config":{"comparator":"max_sim"},
                                                   "hnsw_config":{"m":8},"quantization_config":{"scalar":{"type":"int8","quantile":0.9}}},"size":{"size":2,"distance":"Cosine"}},
                                   "shard_number":2,"replication_factor":1,"on_disk_payload":true,"hnsw_config":{"m":16,"ef_construct":100},"contract":{"recall":0.95},
                                   "optimizers_config":{"indexing_threshold":1000},"wal_config":{"wal_capacity_mb":8},"metadata":{"size":{"distance":1}}})",
       [](const std::string& b, IgnoredMembers* i) {
         return understood(parse_create_collection(b, i));
       }},
      {&kUpdateCollectionBody,
       R"({"vectors":{"code":{"on_disk":true,"hnsw_config":{"m":8}}},"params":{"replication_factor":1},"contract":"Disabled","metadata":{"a":1}})",
       [config](const std::string& b, IgnoredMembers* i) {
         return understood(parse_update_collection(b, *config, i));
       }},
  };
}

// A member of an object that the table of members knows.
struct Place {
  std::string path;
  const Shape* shape;
  Json object;
};

void collect(const Json& object, const Shape& shape, const std::string& path,
             std::vector<Place>& out) {
  for (const auto& [name, value] : object.items()) {
    const Member* m = shape.find(name);
    ASSERT_NE(m, nullptr) << "the sample itself has an unknown member " << path << "/" << name;
    const std::string here = path + "/" + name;
    out.push_back({here, &shape, object});
    if (m->shape == nullptr) continue;
    const bool named =
        m->holds == Holds::kMap || (m->holds == Holds::kOneOrNamed &&
                                    (!value.contains("size") || value.at("size").is_object()));
    if (value.is_object() && !named) collect(value, *m->shape, here, out);
    if (!value.is_structured() || (value.is_object() && !named)) continue;
    size_t i = 0;
    for (const auto& [key, item] : value.items()) {
      if (item.is_object())
        collect(item, *m->shape, here + "/" + (value.is_array() ? std::to_string(i) : key), out);
      ++i;
    }
  }
}

// The body with the member at `target` under another name, which may be the name of an existing
// member.
std::string renamed(const Json& value, const std::string& path, const std::string& target,
                    const std::string& name) {
  if (value.is_array()) {
    std::string out = "[";
    size_t i = 0;
    for (const Json& item : value) {
      out += (i > 0 ? "," : "") + renamed(item, path + "/" + std::to_string(i), target, name);
      ++i;
    }
    return out + "]";
  }
  if (!value.is_object()) return value.dump();
  std::string out = "{";
  for (const auto& [key, item] : value.items()) {
    const std::string here = path + "/" + key;
    out += (out.size() > 1 ? "," : "") + Json(here == target ? name : key).dump() + ":" +
           renamed(item, here, target, name);
  }
  return out + "}";
}

std::vector<std::string> mutants_of(const std::string& name, const Shape& shape,
                                    std::mt19937_64& random) {
  std::vector<std::string> out = {
      name + "_",         "_" + name, name.substr(0, name.size() - 1), name.substr(1),
      name + name.back(), " " + name, name + std::string(1, '\0')};
  std::string upper = name, turned = name, missing = name, wrong = name;
  upper[0] = static_cast<char>(std::toupper(upper[0]));
  const size_t at = random() % name.size();
  if (name.size() > 1)
    std::swap(turned[at % (name.size() - 1)], turned[at % (name.size() - 1) + 1]);
  missing.erase(at, 1);
  wrong[at] = static_cast<char>('a' + random() % 26);
  out.insert(out.end(), {upper, turned, missing, wrong});
  for (int i = 0; i < 3; ++i) out.emplace_back(shape.members[random() % shape.members.size()].name);
  out.emplace_back(kFilter.members[random() % kFilter.members.size()].name);
  std::erase(out, name);
  std::shuffle(out.begin(), out.end(), random);
  out.resize(std::min(out.size(), kMutantsOfAName));  // other mutants come with other seeds
  return out;
}

bool named_in(const IgnoredMembers& ignored, const std::string& name) {
  const auto warnings = ignored.warnings();
  return std::any_of(warnings.begin(), warnings.end(), [&](const std::string& w) {
    return w.starts_with("Unknown member '" + name + "' of ");
  });
}

TEST(MutantsTest, each_mutant_is_refused_or_means_the_same_or_is_named) {
  const uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  size_t mutants = 0, refused = 0, named = 0;
  for (const Sample& sample : samples()) {
    const std::string meaning = sample.parse(sample.body, nullptr);
    ASSERT_NE(meaning, "") << sample.body;
    const Json body = Json::parse(sample.body);
    std::vector<Place> places;
    collect(body, *sample.shape, "", places);
    for (const Place& place : places) {
      for (const std::string& name :
           mutants_of(place.path.substr(place.path.rfind('/') + 1), *place.shape, random)) {
        const std::string mutant = renamed(body, "", place.path, name);
        SCOPED_TRACE("seed " + std::to_string(seed) + ", " + place.path + " as " + name);
        IgnoredMembers ignored;
        const std::string now = sample.parse(mutant, &ignored);
        ++mutants;
        const bool known = place.shape->find(name) != nullptr, there = place.object.contains(name);
        if (there) EXPECT_EQ(now, "") << "two members of one name were taken: " << mutant;
        if (now.empty()) ++refused;
        // The new name is another known member of the object, so the body asks another, complete
        // question.
        if (now.empty() || known) continue;
        if (place.shape->unknown == Unknown::kIgnored) {
          EXPECT_TRUE(named_in(ignored, name)) << mutant;
          ++named;
        } else {
          ADD_FAILURE() << "taken: " << mutant;
        }
      }
    }
  }
  EXPECT_GT(mutants, 2000u);
  EXPECT_GT(refused, mutants / 2);
  EXPECT_GT(named, 100u);
  RecordProperty("mutants", static_cast<int>(mutants));
}

// A condition that is null must be refused and not ignored: {"has_id": null} would become an empty
// filter, which matches every point.
TEST(MutantsTest, a_null_in_a_filter_counts_as_absent_or_is_refused) {
  const Sample sample = samples().front();
  const Json body = Json::parse(sample.body);
  std::vector<Place> places;
  collect(body, *sample.shape, "", places);
  for (const Place& place : places) {
    const Json::json_pointer at(place.path);
    Json with_null = body, without = body;
    with_null[at] = nullptr;
    without[at.parent_pointer()].erase(at.back());
    const std::string now = sample.parse(with_null.dump(), nullptr),
                      absent = sample.parse(without.dump(), nullptr);
    const bool clause = kFilter.find(at.back()) != nullptr;
    EXPECT_TRUE(now == absent || (!clause && now.empty())) << place.path;
  }
}

}  // namespace
}  // namespace rhumb::http::rest
