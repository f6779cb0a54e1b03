// The parameters of the engine, and its description of itself for the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::hnsw {

inline constexpr uint32_t kMMin = 2, kMMax = 512, kMDefault = 16;
inline constexpr uint32_t kEfConstructMin = 4, kEfConstructMax = 65536, kEfConstructDefault = 100;

struct Options {
  uint32_t m = kMDefault;  // links of a node per level; 2 m at the bottom level
  // The ef of the search that finds a new node's neighbours, and of queries that name no ef.
  uint32_t ef_construct = kEfConstructDefault;
};

// Throws RHUMB_INVALID with the parameter's name, the allowed values and the value found. An empty
// text means defaults.
Options parse_options(std::string_view config_json);
std::string describe();

}  // namespace rhumb::hnsw
