// The bits of the slots of a segment that hold the newest row of a point. They are plain words, so
// that plugins and filters can use them directly.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace rhumb::segment {

inline bool bit(std::span<const uint64_t> words, uint32_t slot) {
  return slot / 64 < words.size() && (words[slot / 64] >> (slot % 64) & 1) != 0;
}
inline size_t words_for(uint64_t bits) { return (bits + 63) / 64; }

class LiveBits {
 public:
  // The size of a block of live bits in the key-value store.
  static constexpr uint32_t kBlockBytes = 512, kBlockSlots = kBlockBytes * 8;

  bool test(uint32_t slot) const { return bit(words_, slot); }
  uint64_t count() const { return count_; }
  std::span<const uint64_t> words() const { return words_; }

  void set(uint32_t slot) {
    if (slot / 64 >= words_.size()) words_.resize(slot / 64 + 1, 0);
    const uint64_t mask = 1ull << (slot % 64);
    count_ += (words_[slot / 64] & mask) == 0 ? 1 : 0;
    words_[slot / 64] |= mask;
  }
  void clear(uint32_t slot) {
    if (!test(slot)) return;
    words_[slot / 64] &= ~(1ull << (slot % 64));
    --count_;
  }

  static uint32_t block_of(uint32_t slot) { return slot / kBlockSlots; }
  // Returns exactly kBlockBytes bytes.
  std::string block(uint32_t number) const;
  base::Status load_block(uint32_t number, std::string_view bytes);

 private:
  std::vector<uint64_t> words_;  // grows with the highest slot set; slots beyond it are dead
  uint64_t count_ = 0;
};

}  // namespace rhumb::segment
