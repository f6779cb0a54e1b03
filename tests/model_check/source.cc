#include "tests/model_check/source.h"

#include <algorithm>
#include <iterator>

namespace rhumb::model_check {
namespace {

constexpr uint32_t kIds = 700, kClusters = 9, kMaxBatch = 5, kMaxPoints = 12;
const char* const kColours[] = {"red", "green", "blue", "caf\xc3\xa9", ""};
const char* const kDates[] = {"2024-01-31T00:00:00Z", "2024-03-01T10:00:00Z",
                              "2025-06-01T12:30:00Z", "2026-11-21T23:59:59Z"};
const char* const kFields[] = {"colour", "n", "price", "flag", "when", "tags"};
// Every field that may have an index, with the index's type.
const std::pair<const char*, const char*> kIndexes[] = {
    {"colour", "keyword"}, {"n", "integer"},    {"price", "float"},      {"flag", "bool"},
    {"when", "datetime"},  {"tags", "keyword"}, {"list[].k", "keyword"}, {"deep.a", "integer"}};

uint32_t dimensions(const std::string& name) {
  return name == "cosine" ? 16 : name == "half" ? 12 : 8;
}

Step batch_of(json operations) {
  Step step{"POST",
            std::string(kCollection) + "/points/batch?wait=true",
            {{"operations", operations}},
            operations,
            "",
            ""};
  return step;
}

// Returns the operation as a request to its own route.
Step alone(const json& operation) {
  const std::string kind = operation.begin().key();
  const std::pair<const char*, std::pair<const char*, const char*>> routes[] = {
      {"upsert", {"PUT", ""}},
      {"delete", {"POST", "/delete"}},
      {"update_vectors", {"PUT", "/vectors"}},
      {"delete_vectors", {"POST", "/vectors/delete"}},
      {"set_payload", {"POST", "/payload"}},
      {"overwrite_payload", {"PUT", "/payload"}},
      {"delete_payload", {"POST", "/payload/delete"}},
      {"clear_payload", {"POST", "/payload/clear"}}};
  const auto route = std::find_if(std::begin(routes), std::end(routes),
                                  [&](const auto& r) { return r.first == kind; });
  return {route->second.first,
          std::string(kCollection) + "/points" + route->second.second + "?wait=true",
          operation[kind],
          json::array({operation}),
          "",
          ""};
}

}  // namespace

json collection_body() {
  return {{"shard_number", 3},
          {"vectors",
           {{"cosine", {{"size", 16}, {"distance", "Cosine"}}},
            {"euclid", {{"size", 8}, {"distance", "Euclid"}}},
            {"half", {{"size", 12}, {"distance", "Dot"}, {"datatype", "float16"}}},
            {"bytes", {{"size", 8}, {"distance", "Manhattan"}, {"datatype", "uint8"}}}}}};
}

json Source::id() {
  const uint32_t n = below(kIds);
  char text[40];
  if (n % 5 == 3) {
    std::snprintf(text, sizeof(text), "%08x-69f3-4fbf-87e6-c4bf54c28c26", n * 2654435761u);
    return text;
  }
  if (n % 5 == 4) return (n % 10 == 4 ? "gimp-" : "na\xc3\xafve \"") + std::to_string(n);
  return n % 35 == 0 ? json(18446744073709551615ull - n) : json(n);
}

json Source::any_id(const Model& model, uint32_t known_percent) {
  if (model.points().empty() || !chance(known_percent)) return id();
  return std::next(model.points().begin(), below(static_cast<uint32_t>(model.points().size())))
      ->second.id;
}

json Source::vector(const std::string& name) {
  const uint32_t cluster = below(kClusters);
  json out = json::array();
  for (uint32_t d = 0; d < dimensions(name); ++d) {
    const int centre = static_cast<int>((cluster * 37 + d * d * 11 + cluster * d * 5) % 160);
    const int noise = static_cast<int>(below(25)) + static_cast<int>(below(25)) - 24;
    const int whole = std::clamp(centre + 45 + noise, 1, 255);
    if (name == "bytes")
      out.push_back(whole);
    else
      out.push_back((whole - 125) / 64.0);
  }
  return out;
}

json Source::scalar(const std::string& field) {
  if (field == "colour" || field == "tags") return kColours[below(std::size(kColours))];
  if (field == "n") return static_cast<int>(below(12)) - 3;
  if (field == "price") return below(40) + 0.5;
  if (field == "flag") return chance(50);
  return kDates[below(std::size(kDates))];
}

json Source::payload() {
  json out = json::object();
  for (const char* field : kFields) {
    if (!chance(60)) continue;
    if (chance(6)) {
      out[field] = nullptr;
    } else if (std::string(field) == "tags" || chance(15)) {
      json array = json::array();
      for (uint32_t i = below(4); i > 0; --i) array.push_back(scalar(field));
      out[field] = array;
    } else {
      out[field] = scalar(field);
    }
  }
  if (chance(30)) out["deep"] = {{"a", scalar("n")}, {"b", scalar("colour")}};
  if (chance(30)) {
    json list = json::array();
    for (uint32_t i = below(4); i > 0; --i)
      list.push_back({{"k", scalar("colour")}, {"n", scalar("n")}});
    out["list"] = list;
  }
  if (chance(3)) out["long"] = std::string(200 + below(3000), 'x');
  return out;
}

json Source::point(const json& id, bool with_payload) {
  json vectors = json::object();
  for (const char* name : kVectorNames) {
    if (chance(75)) vectors[name] = vector(name);
  }
  if (vectors.empty()) vectors["cosine"] = vector("cosine");
  json out = {{"id", id}, {"vector", vectors}};
  if (with_payload && chance(90)) out["payload"] = payload();
  return out;
}

json Source::range(const std::string& field) {
  json out = json::object();
  if (chance(70)) out[chance(50) ? "gt" : "gte"] = scalar(field);
  if (out.empty() || chance(50)) out[chance(50) ? "lt" : "lte"] = scalar(field);
  return out;
}

json Source::condition(int depth, bool nested) {
  static const char* const kNested[] = {"k", "n"};
  const std::string key = nested       ? kNested[below(2)]
                          : chance(12) ? "list[].k"
                          : chance(12) ? "deep.a"
                                       : kFields[below(std::size(kFields))];
  const std::string field = key == "k" || key == "list[].k" ? "colour"
                            : key == "deep.a"               ? "n"
                                                            : key;
  switch (below(nested ? 5 : depth < 2 ? 13 : 11)) {
    case 0:
      if (field != "price") return {{"key", key}, {"match", {{"value", scalar(field)}}}};
      [[fallthrough]];
    case 1: {
      if (field != "colour" && field != "tags" && field != "n")
        return {{"key", "n"}, {"match", {{"any", {scalar("n"), scalar("n")}}}}};
      return {{"key", key},
              {"match", {{chance(60) ? "any" : "except", {scalar(field), scalar(field)}}}}};
    }
    case 2:
    case 3:
      if (field == "n" || field == "price" || field == "when")
        return {{"key", key}, {"range", range(field)}};
      [[fallthrough]];
    case 4:
      return {{"key", key}, {"values_count", {{"gte", below(3)}, {"lt", 1 + below(4)}}}};
    case 5:
      return {{"is_empty", {{"key", key}}}};
    case 6:
      return {{"is_null", {{"key", key}}}};
    case 7:
    case 8: {
      json ids = json::array();
      for (uint32_t i = below(40); i > 0; --i) ids.push_back(id());
      return {{"has_id", ids}};
    }
    case 9:
      return {{"has_vector", kVectorNames[below(4)]}};
    case 10:
      return {{"nested", {{"key", "list"}, {"filter", filter(depth + 1, true)}}}};
    default:
      return filter(depth + 1, false);
  }
}

json Source::conditions(int depth, bool nested) {
  json out = json::array();
  for (uint32_t i = 1 + below(3); i > 0; --i) out.push_back(condition(depth, nested));
  return out;
}

json Source::filter(int depth) { return filter(depth, false); }

json Source::filter(int depth, bool nested) {
  json out = json::object();
  if (chance(55)) out["must"] = conditions(depth, nested);
  if (chance(35)) out["should"] = conditions(depth, nested);
  if (chance(30)) out["must_not"] = conditions(depth, nested);
  if (chance(12))
    out["min_should"] = {{"conditions", conditions(depth, nested)}, {"min_count", below(3)}};
  if (out.empty()) out["must"] = conditions(depth, nested);
  return out;
}

// Selects by ids, some of which do not exist, or by a filter, which is narrow so that it does not
// empty the collection each time.
void Source::select(const Model& model, json& body) {
  if (chance(35)) {
    body["filter"] = filter();
    json ids = json::array();
    for (int i = 0; i < 40; ++i) ids.push_back(any_id(model, 90));
    body["filter"]["must"].push_back({{"has_id", ids}});
    return;
  }
  body["points"] = json::array();
  for (uint32_t i = 1 + below(kMaxPoints / 2); i > 0; --i)
    body["points"].push_back(any_id(model, 85));
}

json Source::upsert(const Model& model) {
  json body = {{"points", json::array()}};
  for (uint32_t i = 1 + below(kMaxPoints); i > 0; --i)
    body["points"].push_back(point(any_id(model, 45), true));
  if (chance(12)) body["update_mode"] = chance(50) ? "insert_only" : "update_only";
  if (chance(12)) body["update_filter"] = filter();
  return body;
}

json Source::payload_change(const std::string& kind) {
  json body = json::object();
  if (kind == "delete_payload") {
    static const char* const kPaths[] = {"colour", "n",    "tags",    "deep.a",
                                         "list",   "long", "missing", "price"};
    body["keys"] = {kPaths[below(std::size(kPaths))], kPaths[below(std::size(kPaths))]};
  } else if (kind != "clear_payload") {
    body["payload"] = payload();
    if (kind == "set_payload" && chance(20)) {
      body["payload"] = {{"a", scalar("n")}, {"b", nullptr}};
      body["key"] = "deep";
    }
  }
  return body;
}

json Source::operation(const Model& model) {
  static const char* const kPayloadKinds[] = {"set_payload",    "set_payload",
                                              "set_payload",    "overwrite_payload",
                                              "delete_payload", "clear_payload"};
  const uint32_t dice = below(100);
  if (dice < 42) return {{"upsert", upsert(model)}};
  json body = json::object();
  if (dice < 52) {
    json points = json::array();
    for (uint32_t i = 1 + below(4); i > 0; --i) points.push_back(point(any_id(model, 97), false));
    if (chance(30)) points.push_back(point(points[0]["id"], false));
    body["points"] = points;
    if (chance(15)) body["update_filter"] = filter();
    return {{"update_vectors", body}};
  }
  std::string kind = "delete";
  if (dice >= 82)
    kind = dice < 89 ? "delete_vectors" : "delete";
  else
    kind = kPayloadKinds[below(std::size(kPayloadKinds))];
  if (kind == "delete_vectors")
    body["vector"] = {kVectorNames[below(4)], kVectorNames[below(4)]};
  else if (kind != "delete")
    body = payload_change(kind);
  select(model, body);
  return {{kind, body}};
}

Step Source::index_step(const Model& model) {
  const auto& [field, type] = kIndexes[below(std::size(kIndexes))];
  const std::string target = std::string(kCollection) + "/index";
  if (model.indexes().contains(field)) {
    const std::string path = std::string(field) == "list[].k" ? "list%5B%5D.k" : field;
    return {"DELETE", target + "/" + path + "?wait=true", nullptr, json::array(), "", field};
  }
  return {"PUT",
          target + "?wait=true",
          {{"field_name", field}, {"field_schema", type}},
          json::array(),
          field,
          ""};
}

Step Source::next(const Model& model) {
  if (below(250) == 0) return index_step(model);
  if (!chance(15)) return alone(operation(model));
  json operations = json::array();
  for (uint32_t i = 1 + below(kMaxBatch); i > 0; --i) operations.push_back(operation(model));
  return batch_of(operations);
}

Step Source::single_upsert() { return alone({{"upsert", {{"points", {point(id(), true)}}}}}); }

}  // namespace rhumb::model_check
