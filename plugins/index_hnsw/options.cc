#include "options.h"

#include <nlohmann/json.hpp>

#include "rhumb/cpp/guard.h"

namespace rhumb::hnsw {
namespace {

uint32_t number(const nlohmann::json& value, const std::string& key, uint32_t low, uint32_t high) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() < low || value.get<uint64_t>() > high) {
    throw Error(RHUMB_INVALID, key + ": expected a whole number from " + std::to_string(low) +
                                   " to " + std::to_string(high) + ", found " + value.dump());
  }
  return value.get<uint32_t>();
}

nlohmann::json parameter(uint32_t low, uint32_t high, uint32_t standard, const char* text) {
  return {{"type", "integer"},
          {"minimum", low},
          {"maximum", high},
          {"default", standard},
          {"description", text}};
}

}  // namespace

Options parse_options(std::string_view config_json) {
  Options options;
  if (config_json.empty()) return options;
  const auto config = nlohmann::json::parse(config_json, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) throw Error(RHUMB_INVALID, "config: expected a JSON object");
  for (const auto& [key, value] : config.items()) {
    if (key == "m")
      options.m = number(value, key, kMMin, kMMax);
    else if (key == "ef_construct")
      options.ef_construct = number(value, key, kEfConstructMin, kEfConstructMax);
    else
      throw Error(RHUMB_INVALID, "config: unknown parameter " + key);
  }
  return options;
}

std::string describe() {
  const nlohmann::json properties = {
      {"m",
       parameter(
           kMMin, kMMax, kMDefault,
           "Links of a node per level, twice as many at the bottom level. More links cost memory "
           "and raise recall.")},
      {"ef_construct",
       parameter(kEfConstructMin, kEfConstructMax, kEfConstructDefault,
                 "Candidates kept when a node is linked, and by a search that names no ef.")}};
  return nlohmann::json{
      {"metrics", {"cosine", "dot", "euclid", "manhattan"}},
      {"scalars", {"f32", "f16", "u8"}},
      {"parameters",
       {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}}}
      .dump();
}

}  // namespace rhumb::hnsw
