#include "tests/model_check/predicate.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <optional>
#include <sstream>
#include <vector>

namespace rhumb::model_check {
namespace {

constexpr size_t kUuidLength = 36;

bool is_uuid(const std::string& text) {
  if (text.size() != kUuidLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

// Returns the values at a path of keys, where `name[]` stands for every element of an array. An
// array at the end is one value.
void values_at(const json& node, std::vector<std::string> path, std::vector<json>& out) {
  if (path.empty()) {
    out.push_back(node);
    return;
  }
  std::string name = path.front();
  path.erase(path.begin());
  const bool each = name.size() > 2 && name.ends_with("[]");
  if (each) name.resize(name.size() - 2);
  if (!node.is_object() || !node.contains(name)) return;
  const json& member = node[name];
  if (!each) return values_at(member, path, out);
  if (!member.is_array()) return;
  for (const json& element : member) values_at(element, path, out);
}

std::vector<json> values_at(const json& payload, const std::string& path) {
  std::vector<std::string> parts;
  std::stringstream text(path);
  for (std::string part; std::getline(text, part, '.');) parts.push_back(part);
  std::vector<json> out;
  values_at(payload, parts, out);
  return out;
}

// Takes arrays apart by one level.
std::vector<json> elements_at(const json& payload, const std::string& path) {
  std::vector<json> out;
  for (const json& value : values_at(payload, path)) {
    if (value.is_array())
      out.insert(out.end(), value.begin(), value.end());
    else
      out.push_back(value);
  }
  return out;
}

// Reads only the form "2024-03-01T10:00:00Z", which is the one that the source of operations
// writes.
std::optional<double> seconds_of(const json& value) {
  std::tm t{};
  if (!value.is_string()) return std::nullopt;
  const std::string text = value;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%dZ", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
                  &t.tm_min, &t.tm_sec) != 6)
    return std::nullopt;
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  return static_cast<double>(timegm(&t));
}

bool in_range(const json& range, double value) {
  if (range.contains("lt") && !(value < range["lt"].get<double>())) return false;
  if (range.contains("lte") && !(value <= range["lte"].get<double>())) return false;
  if (range.contains("gt") && !(value > range["gt"].get<double>())) return false;
  return !range.contains("gte") || value >= range["gte"].get<double>();
}

bool in_dates(json range, const json& value) {
  const auto at = seconds_of(value);
  if (!at) return false;
  for (auto& [name, bound] : range.items()) bound = *seconds_of(bound);
  return in_range(range, *at);
}

bool matches(const json& match, const std::vector<json>& elements) {
  const auto any = [&](const auto& test) {
    return std::any_of(elements.begin(), elements.end(), test);
  };
  const auto among = [](const json& list, const json& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if (match.contains("value")) return any([&](const json& v) { return v == match["value"]; });
  if (match.contains("any")) return any([&](const json& v) { return among(match["any"], v); });
  return any([&](const json& v) { return !v.is_null() && !among(match["except"], v); });
}

bool has_count(const json& bounds, const json& payload, const std::string& path) {
  std::vector<json> values = values_at(payload, path);
  if (values.empty()) values.emplace_back(nullptr);
  return std::any_of(values.begin(), values.end(), [&](const json& value) {
    return in_range(bounds, value.is_array()  ? static_cast<double>(value.size())
                            : value.is_null() ? 0
                                              : 1);
  });
}

bool holds_on_field(const json& c, const Point& point) {
  const std::string path = c["key"];
  const auto elements = elements_at(point.payload, path);
  if (c.contains("match")) return matches(c["match"], elements);
  if (c.contains("range")) {
    const json& range = c["range"];
    const bool dates = !range.empty() && range.begin()->is_string();
    return std::any_of(elements.begin(), elements.end(), [&](const json& v) {
      return dates ? in_dates(range, v) : v.is_number() && in_range(range, v.get<double>());
    });
  }
  return has_count(c["values_count"], point.payload, path);
}

bool holds(const json& c, const Point& point) {
  if (c.contains("key")) return holds_on_field(c, point);
  if (c.contains("has_id")) {
    const auto has = [&](const json& id) { return key_of(id) == key_of(point.id); };
    return std::any_of(c["has_id"].begin(), c["has_id"].end(), has);
  }
  if (c.contains("has_vector")) return point.vectors.contains(c["has_vector"].get<std::string>());
  if (c.contains("is_empty")) {
    const auto values = values_at(point.payload, c["is_empty"]["key"]);
    return std::all_of(values.begin(), values.end(),
                       [](const json& v) { return v.is_null() || (v.is_array() && v.empty()); });
  }
  if (c.contains("is_null")) {
    const auto elements = elements_at(point.payload, c["is_null"]["key"]);
    return std::any_of(elements.begin(), elements.end(), [](const json& v) { return v.is_null(); });
  }
  if (c.contains("nested")) {
    const auto elements = values_at(point.payload, c["nested"]["key"].get<std::string>() + "[]");
    return std::any_of(elements.begin(), elements.end(), [&](const json& element) {
      return element.is_object() &&
             passes(c["nested"]["filter"], Point{nullptr, element, json::object()});
    });
  }
  return passes(c, point);
}

}  // namespace

std::string key_of(const json& id) {
  if (id.is_number()) {
    char text[24];
    std::snprintf(text, sizeof(text), "1%020llu",
                  static_cast<unsigned long long>(id.get<uint64_t>()));
    return text;
  }
  const std::string text = id;
  return (is_uuid(text) ? "2" : "3") + text;
}

bool passes(const json& filter, const Point& point) {
  const auto test = [&](const json& c) { return holds(c, point); };
  const auto list = [&](const char* name) {
    return filter.contains(name) ? filter[name] : json::array();
  };
  const json must = list("must"), must_not = list("must_not"), should = list("should");
  if (!std::all_of(must.begin(), must.end(), test) ||
      std::any_of(must_not.begin(), must_not.end(), test))
    return false;
  if (!should.empty() && std::none_of(should.begin(), should.end(), test)) return false;
  if (!filter.contains("min_should")) return true;
  const json& conditions = filter["min_should"]["conditions"];
  return std::count_if(conditions.begin(), conditions.end(), test) >=
         filter["min_should"]["min_count"].get<int>();
}

}  // namespace rhumb::model_check
