// Codes of four bits: a 7-bit code is replaced by the nearest of sixteen levels, two components per
// byte. The levels have the least squared error for the codes of the sample (Lloyd, Max), so they
// follow the distribution of the components. Comparisons use levels in units of 7-bit codes:
// queries keep all their bits, and every distance has the same unit.
#pragma once

#include <array>
#include <cstdint>

#include "codes/kernels.h"

namespace rhumb::coded {

using Levels = std::array<uint8_t, kLevels4>;          // ascending
using Histogram = std::array<uint64_t, kCodeMax + 1>;  // by 7-bit code

// Returns the levels with the least squared error, ascending, none above kCodeMax. An empty
// histogram counts as an even one.
Levels best_levels(const Histogram& codes);
// Returns the nearest level of every 7-bit code.
std::array<uint8_t, kCodeMax + 1> nearest_levels(const Levels& levels);

// `codes` has n bytes, a multiple of kLineBytes; `out` has n / 2. Byte j of a group of 32 bytes
// holds the components j and j + 32 of a group of 64.
void pack(const uint8_t* codes, uint32_t n, const std::array<uint8_t, kCodeMax + 1>& nearest,
          uint8_t* out);
void unpack(const uint8_t* packed, uint32_t n, const Levels& levels, uint8_t* codes);

}  // namespace rhumb::coded
