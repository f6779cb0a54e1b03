// What a filter means, written down a second time and from the protocol alone: JSON filter against
// JSON payload.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rhumb::model_check {

using nlohmann::json;

// A point's id as it sorts: numbers, then UUIDs, then other strings.
std::string key_of(const json& id);

struct Point {
  json id;
  json payload = json::object();
  json vectors = json::object();  // name -> components
};

// filter: {must, should, must_not, min_should}
bool passes(const json& filter, const Point& point);

}  // namespace rhumb::model_check
