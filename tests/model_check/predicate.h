// A second implementation of filters, written from the protocol alone: a JSON filter against a JSON
// payload.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rhumb::model_check {

using nlohmann::json;

// The sort key of a point's id: numbers, then UUIDs, then other strings.
std::string key_of(const json& id);

struct Point {
  json id;
  json payload = json::object();
  json vectors = json::object();  // name -> components
};

// `filter` has the members must, should, must_not and min_should.
bool passes(const json& filter, const Point& point);

}  // namespace rhumb::model_check
