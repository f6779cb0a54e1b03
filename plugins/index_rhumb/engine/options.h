// The parameters of the engine, and its description of itself for the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace rhumb::coded {

inline constexpr uint32_t kMMin = 2, kMMax = 256, kMDefault = 16;
inline constexpr uint32_t kEfConstructMin = 4, kEfConstructMax = 65536, kEfConstructDefault = 120;
inline constexpr uint32_t kSeedDefault = 1;
inline constexpr uint32_t kCompressionMin = 4, kCompressionMax = 64, kCompressionDefault = 16;
inline constexpr double kRecallMin = 0.5, kRecallMax = 0.999, kRecallDefault = 0.98;

struct Options {
  uint32_t m = kMDefault;  // 2 m links at level 0, in whole lines; m links above
  // The breadth of the search for links, and of searches before calibration.
  uint32_t ef_construct = kEfConstructDefault;
  // The recall at 10 that searches aim at if they name no ef.
  double recall = kRecallDefault;
  uint32_t seed = kSeedDefault;  // seed of the rotation
  bool one_bit = true;           // whether wide vectors are walked by one bit per component
  Codes codes = Codes::kWhole;   // codes of rows
  bool asked = false;            // whether these codes were asked for; otherwise the data decide
  // For kProduct: bytes of a vector's floats per byte of its code.
  uint32_t compression = kCompressionDefault;
  // Whether builds and merges give the same graph on any number of threads.
  bool deterministic = false;
  // Whether a loaded graph stays in its file's pages, which the system may drop. Otherwise it is
  // copied into memory.
  bool mapped = false;

  GraphShape shape() const;
  // Components that a byte of kProduct stands for; 0 for other codes.
  uint32_t sub() const noexcept {
    return codes == Codes::kProduct ? compression / uint32_t{sizeof(float)} : 0;
  }
};

const char* name_of(Codes codes);
// Whether some value of `m` gives this shape.
bool is_possible(const GraphShape& shape);
// Throws RHUMB_INVALID with the parameter's name, the allowed values and the value found. An empty
// text means defaults.
Options parse_options(std::string_view config_json);
std::string describe();

}  // namespace rhumb::coded
