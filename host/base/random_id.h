// Random ids that need not be secret.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace rhumb::base {

uint64_t random_bits();

// Never all zeros, which would mean that there is no id.
template <typename Id>
Id random_id() {
  static_assert(sizeof(Id) % sizeof(uint64_t) == 0);
  std::array<uint64_t, sizeof(Id) / sizeof(uint64_t)> words;
  for (uint64_t& word : words) {
    do word = random_bits();
    while (word == 0);
  }
  Id id;
  std::memcpy(id.data(), words.data(), sizeof(Id));
  return id;
}

}  // namespace rhumb::base
