// The parameters of the engine, and how it describes itself to the host.
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
  uint32_t m = kMDefault;  // 2 m links at level 0, in whole lines; m above
  // breadth of the search for links; also of searches before calibration
  uint32_t ef_construct = kEfConstructDefault;
  // at 10, that searches without a breadth of their own aim at
  double recall = kRecallDefault;
  uint32_t seed = kSeedDefault;                // of the rotation
  bool one_bit = true;                         // wide vectors are walked by one bit a component
  Codes codes = Codes::kWhole;                 // of rows
  bool asked = false;                          // for these codes; else the data decide
  uint32_t compression = kCompressionDefault;  // of kProduct: floats' bytes to a row's
  // builds and merges do not depend on the number of threads
  bool deterministic = false;
  // a loaded graph stays in its file's pages, which the system may drop; else it is in memory
  bool mapped = false;

  GraphShape shape() const;
  // Components that a byte of kProduct stands for; 0 of others.
  uint32_t sub() const noexcept {
    return codes == Codes::kProduct ? compression / uint32_t{sizeof(float)} : 0;
  }
};

const char* name_of(Codes codes);
// Whether some `m` gives this shape.
bool is_possible(const GraphShape& shape);
// Throws RHUMB_INVALID with the parameter's name, what is allowed and what was found. Empty =
// defaults.
Options parse_options(std::string_view config_json);
std::string describe();

}  // namespace rhumb::coded
