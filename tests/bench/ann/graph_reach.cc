#include "tests/bench/ann/graph_reach.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace rhumb::bench {

uint32_t unreachable_in(const std::string& directory) {
  std::ifstream in(directory + "/graph", std::ios::binary);
  const std::string file((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto number = [&](size_t at, auto of) {
    std::memcpy(&of, file.data() + at, sizeof of);
    return of;
  };
  constexpr size_t kSections = 192, kEntry = 76, kSectionBytes = 24, kRows = 3, kLevels = 4;
  const auto offset_of = [&](size_t section) {
    return number(kSections + section * kSectionBytes, uint64_t{});
  };
  const uint64_t rows = offset_of(kRows), levels = offset_of(kLevels);
  const auto nodes =
      static_cast<uint32_t>(number(kSections + kRows * kSectionBytes + 8, uint64_t{}));
  const uint32_t stride = number(kSections + kRows * kSectionBytes + 16, uint32_t{});
  std::vector<bool> reached(nodes);
  std::vector<uint32_t> stack{number(kEntry, uint32_t{})};
  reached[stack[0]] = true;
  while (!stack.empty()) {
    const uint64_t row = rows + uint64_t{stack.back()} * stride;
    stack.pop_back();
    for (uint32_t i = 0; i < stride; i += 4) {
      const uint32_t to = number(row + i, uint32_t{});
      if (to >= nodes || reached[to]) continue;
      reached[to] = true;
      stack.push_back(to);
    }
  }
  uint32_t lost = 0;
  for (uint32_t slot = 0; slot < nodes; ++slot)
    lost += file[levels + slot] != 0 && !reached[slot] ? 1 : 0;
  return lost;
}

}  // namespace rhumb::bench
