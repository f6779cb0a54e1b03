#include "tests/model_check/model.h"

#include <cmath>

namespace rhumb::model_check {
namespace {

void merge(json& into, const json& patch) {
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null())
      into.erase(name);
    else
      into[name] = value;
  }
}

// Erases a path of one or two keys, which are the paths that the source of operations writes.
void erase_path(json& payload, const std::string& path) {
  const size_t dot = path.find('.');
  if (dot == std::string::npos) {
    payload.erase(path);
  } else if (const auto it = payload.find(path.substr(0, dot));
             it != payload.end() && it->is_object()) {
    it->erase(path.substr(dot + 1));
  }
}

json stored_vectors(const json& given) {
  json out = json::object();
  for (const auto& [name, components] : given.items()) out[name] = stored_vector(name, components);
  return out;
}

}  // namespace

json stored_vector(const std::string& name, const json& components) {
  if (name != "cosine") return components;
  double norm = 0;
  for (const json& x : components) norm += x.get<double>() * x.get<double>();
  json out = json::array();
  for (const json& x : components) out.push_back(x.get<double>() / std::sqrt(norm));
  return out;
}

std::vector<const Point*> Model::passing(const json& filter) const {
  std::vector<const Point*> out;
  for (const auto& [key, point] : points_) {
    if (filter.is_null() || passes(filter, point)) out.push_back(&point);
  }
  return out;
}

std::vector<std::string> Model::selected(const json& body) const {
  std::vector<std::string> keys;
  if (body.contains("filter")) {
    for (const Point* point : passing(body["filter"])) keys.push_back(key_of(point->id));
  } else {
    for (const json& id : body["points"]) keys.push_back(key_of(id));
  }
  return keys;
}

bool Model::refuses(const Step& step) const {
  std::map<std::string, bool> there;  // whether each point exists after the operations so far
  for (const json& operation : step.operations) {
    const std::string kind = operation.begin().key();
    const json& body = operation[kind];
    if (kind == "upsert" && body.value("update_mode", "upsert") != "update_only") {
      for (const json& point : body["points"]) there[key_of(point["id"])] = true;
    } else if (kind == "delete" && body.contains("points")) {
      for (const json& id : body["points"]) there[key_of(id)] = false;
    } else if (kind == "update_vectors" && !body.contains("update_filter")) {
      for (const json& point : body["points"]) {
        const std::string key = key_of(point["id"]);
        if (!there.try_emplace(key, points_.contains(key)).first->second) return true;
      }
    }
  }
  return false;
}

std::vector<uint64_t> Model::apply(const Step& step) {
  std::vector<uint64_t> affected;
  if (refuses(step)) return affected;
  if (!step.index_made.empty()) indexes_.insert(step.index_made);
  indexes_.erase(step.index_dropped);
  for (const json& operation : step.operations) {
    const std::string kind = operation.begin().key();
    affected.push_back(kind == "upsert" ? upsert(operation[kind]) : change(kind, operation[kind]));
  }
  return affected;
}

uint64_t Model::upsert(const json& body) {
  uint64_t affected = 0;
  const std::string mode = body.value("update_mode", "upsert");
  // A condition sees the state before the request. Of several points with one id the last one
  // counts.
  std::map<std::string, json> last;
  for (const json& point : body["points"]) last[key_of(point["id"])] = point;
  for (const auto& [key, given] : last) {
    const auto known = points_.find(key);
    const bool exists = known != points_.end();
    if (mode == (exists ? "insert_only" : "update_only")) continue;
    if (exists && body.contains("update_filter") && !passes(body["update_filter"], known->second))
      continue;
    points_[key] = {given["id"], given.value("payload", json::object()),
                    stored_vectors(given["vector"])};
    ++affected;
  }
  return affected;
}

uint64_t Model::change(const std::string& kind, const json& body) {
  std::set<std::string> changed;
  if (kind == "update_vectors") {
    std::map<std::string, bool> passed;  // a condition sees the state before the request
    for (const json& given : body["points"]) {
      const std::string key = key_of(given["id"]);
      const auto known = points_.find(key);
      if (known == points_.end()) continue;
      const bool passing =
          !body.contains("update_filter") || passes(body["update_filter"], known->second);
      if (!passed.try_emplace(key, passing).first->second) continue;
      known->second.vectors.update(stored_vectors(given["vector"]));
      changed.insert(key);
    }
    return changed.size();
  }
  for (const std::string& key : selected(body)) {
    const auto it = points_.find(key);
    if (it == points_.end()) continue;
    json& payload = it->second.payload;
    if (kind == "delete_vectors") {
      size_t erased = 0;
      for (const json& name : body["vector"])
        erased += it->second.vectors.erase(name.get<std::string>());
      if (erased > 0) changed.insert(key);
      continue;
    }
    changed.insert(key);
    if (kind == "delete")
      points_.erase(it);
    else if (kind == "clear_payload")
      payload = json::object();
    else if (kind == "delete_payload")
      for (const json& path : body["keys"]) erase_path(payload, path);
    else if (body.contains("key")) {
      json& at = payload[body["key"].get<std::string>()];
      if (!at.is_object()) at = json::object();
      merge(at, body["payload"]);
    } else if (kind == "set_payload")
      merge(payload, body["payload"]);
    else
      payload = body["payload"];  // this is overwrite_payload
  }
  return changed.size();
}

}  // namespace rhumb::model_check
