#include "tests/model_check/comparison.h"

#include <algorithm>
#include <cmath>

namespace rhumb::model_check {
namespace {

constexpr double kTolerance = 2e-5;

bool near(double a, double b) { return std::abs(a - b) <= kTolerance * (1 + std::abs(b)); }

bool same_vectors(const json& expected, const json& found) {
  if (!found.is_object() || found.size() != expected.size()) return false;
  for (const auto& [name, components] : expected.items()) {
    if (!found.contains(name) || found[name].size() != components.size()) return false;
    for (size_t i = 0; i < components.size(); ++i) {
      const double a = found[name][i], b = components[i];
      if (name == "cosine" ? !near(a, b) : a != b) return false;
    }
  }
  return true;
}

double score_of(const std::string& name, const json& x, const json& y) {
  double dot = 0, squares = 0, steps = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double a = x[i], b = y[i];
    dot += a * b;
    squares += (a - b) * (a - b);
    steps += std::abs(a - b);
  }
  return name == "euclid" ? std::sqrt(squares) : name == "bytes" ? steps : dot;
}

bool larger_is_closer(const std::string& name) { return name == "cosine" || name == "half"; }

std::string shown(const json& value) { return value.dump().substr(0, 1500); }

}  // namespace

std::string Comparison::differs(const Point& expected, const json& record) const {
  if (record["payload"] != expected.payload)
    return "point " + shown(expected.id) + ": payload " + shown(record["payload"]) + ", expected " +
           shown(expected.payload);
  if (record.contains("vector") && !same_vectors(expected.vectors, record["vector"]))
    return "point " + shown(expected.id) + ": vectors " + shown(record["vector"]) + ", expected " +
           shown(expected.vectors);
  return "";
}

std::string Comparison::scroll(const json& filter, uint32_t page) {
  const auto expected = model_.passing(filter);
  json body = {{"limit", page}, {"with_payload", true}, {"with_vector", true}};
  if (!filter.is_null()) body["filter"] = filter;
  size_t at = 0;
  for (bool more = true; more;) {
    const Answer answer = database_.call("POST", std::string(kCollection) + "/points/scroll", body);
    if (answer.status != 200) return "scroll: " + shown(answer.body);
    for (const json& record : answer.body["result"]["points"]) {
      const std::string where = "scroll " + shown(filter) + ", place " + std::to_string(at) + ": ";
      if (at == expected.size()) return where + shown(record["id"]) + " where the end should be";
      if (key_of(record["id"]) != key_of(expected[at]->id))
        return where + shown(record["id"]) + ", expected " + shown(expected[at]->id);
      if (std::string why = differs(*expected[at], record); !why.empty()) return where + why;
      ++at;
    }
    body["offset"] = answer.body["result"]["next_page_offset"];
    more = !body["offset"].is_null();
  }
  return at == expected.size() ? ""
                               : "scroll " + shown(filter) + " ends after " + std::to_string(at) +
                                     " of " + std::to_string(expected.size());
}

std::string Comparison::count(const json& filter) {
  const size_t expected = model_.passing(filter).size();
  json body = {{"exact", true}};
  if (!filter.is_null()) body["filter"] = filter;
  const Answer answer = database_.call("POST", std::string(kCollection) + "/points/count", body);
  if (answer.status != 200) return "count: " + shown(answer.body);
  if (answer.body["result"]["count"] == expected) return "";
  return "count " + shown(filter) + " is " + shown(answer.body["result"]["count"]) + ", expected " +
         std::to_string(expected);
}

std::string Comparison::get() {
  json ids = json::array();
  for (int i = 0; i < 8; ++i) ids.push_back(source_.any_id(model_, 70));
  const Answer answer = database_.call("POST", std::string(kCollection) + "/points",
                                       {{"ids", ids}, {"with_vector", true}});
  if (answer.status != 200) return "get: " + shown(answer.body);
  std::set<std::string> wanted, got;
  for (const json& id : ids) {
    if (model_.points().contains(key_of(id))) wanted.insert(key_of(id));
  }
  for (const json& record : answer.body["result"]) {
    const auto known = model_.points().find(key_of(record["id"]));
    if (known == model_.points().end())
      return "get: " + shown(record["id"]) + ", which was deleted";
    if (!got.insert(known->first).second) return "get: " + shown(record["id"]) + " twice";
    if (std::string why = differs(known->second, record); !why.empty()) return "get: " + why;
  }
  return got == wanted ? ""
                       : "get " + shown(ids) + ": " + std::to_string(got.size()) + " of " +
                             std::to_string(wanted.size());
}

std::string Comparison::search(bool exact) {
  const std::string name = kVectorNames[source_.below(4)];
  const json query = source_.vector(name), stored = stored_vector(name, query),
             filter = source_.chance(50) ? source_.filter() : json();
  const uint32_t limit = source_.chance(10) ? 1000 : 1 + source_.below(20);
  std::map<std::string, double> score;
  std::vector<double> best;
  for (const Point* point : model_.passing(filter)) {
    if (!point->vectors.contains(name)) continue;
    best.push_back(score[key_of(point->id)] = score_of(name, stored, point->vectors[name]));
  }
  const bool down = larger_is_closer(name);
  std::sort(best.begin(), best.end(), [&](double a, double b) { return down ? a > b : a < b; });
  const size_t n = std::min<size_t>(limit, best.size());
  json body = {{"query", query},
               {"using", name},
               {"limit", limit},
               {"with_payload", true},
               {"params", {{"exact", exact}}}};
  if (!filter.is_null()) body["filter"] = filter;
  const Answer answer = database_.call("POST", std::string(kCollection) + "/points/query", body);
  if (answer.status != 200) return "search: " + shown(answer.body);
  const json& hits = answer.body["result"]["points"];
  const std::string where = std::string(exact ? "exact" : "approximate") + " search by " + name +
                            ", filter " + shown(filter) + ": ";
  if (hits.size() != n)
    return where + std::to_string(hits.size()) + " hits, expected " + std::to_string(n);
  std::set<std::string> seen;
  for (size_t i = 0; i < n; ++i) {
    const std::string key = key_of(hits[i]["id"]), id = shown(hits[i]["id"]);
    if (!score.contains(key)) return where + id + ", which does not pass or is gone";
    if (!seen.insert(key).second) return where + id + " twice";
    if (!near(hits[i]["score"], score[key]))
      return where + id + " with score " + shown(hits[i]["score"]) + ", expected " +
             std::to_string(score[key]);
    if (exact && !near(score[key], best[i]))
      return where + id + " in place " + std::to_string(i) + ", a closer one is missing";
    if (std::string why = differs(model_.points().at(key), hits[i]); !why.empty())
      return where + why;
    recall_.found += !exact && (near(score[key], best[n - 1]) ||
                                (down ? score[key] > best[n - 1] : score[key] < best[n - 1]))
                         ? 1
                         : 0;
  }
  recall_.possible += exact ? 0 : n;
  return "";
}

bool Comparison::is_there(const json& id) {
  const Answer answer = database_.call("POST", std::string(kCollection) + "/points",
                                       {{"ids", {id}}, {"with_vector", true}});
  return answer.status == 200 && answer.body["result"].size() == 1 &&
         differs(model_.points().at(key_of(id)), answer.body["result"][0]).empty();
}

std::string Comparison::everything() {
  if (std::string why = scroll(nullptr, 100); !why.empty()) return why;
  if (std::string why = count(nullptr); !why.empty()) return why;
  const Answer verified = database_.call("GET", std::string(kCollection) + "/verify");
  if (verified.status != 200 || verified.body["result"]["ok"] != true ||
      verified.body["result"]["points"] != model_.points().size())
    return "verify: " + shown(verified.body) + ", expected " +
           std::to_string(model_.points().size()) + " points";
  return some();
}

std::string Comparison::some() {
  const json filter = source_.filter();
  for (const auto& check : {scroll(filter, 7 + source_.below(100)), count(filter), get(),
                            search(true), search(false)}) {
    if (!check.empty()) return check;
  }
  return "";
}

}  // namespace rhumb::model_check
