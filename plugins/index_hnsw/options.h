// The parameters of the engine, and how it describes itself to the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::hnsw {

inline constexpr uint32_t kMMin = 2, kMMax = 512, kMDefault = 16;
inline constexpr uint32_t kEfConstructMin = 4, kEfConstructMax = 65536, kEfConstructDefault = 100;

struct Options {
  uint32_t m = kMDefault;  // links a node makes; 2 m at the bottom level
  // breadth of the search that finds them; also of searches that name none
  uint32_t ef_construct = kEfConstructDefault;
};

// Throws RHUMB_INVALID with the parameter's name, what is allowed and what was found. Empty =
// defaults.
Options parse_options(std::string_view config_json);
std::string describe();

}  // namespace rhumb::hnsw
