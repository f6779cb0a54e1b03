#include "host/segment/columns/live_bits.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rhumb::segment {

constexpr size_t kBlockWords = LiveBits::kBlockBytes / sizeof(uint64_t);

std::string LiveBits::block(uint32_t number) const {
  std::string out(kBlockBytes, '\0');
  const size_t first = number * kBlockWords;
  if (first < words_.size())
    std::memcpy(out.data(), words_.data() + first,
                std::min(kBlockWords, words_.size() - first) * sizeof(uint64_t));
  return out;
}

base::Status LiveBits::load_block(uint32_t number, std::string_view bytes) {
  if (bytes.size() != kBlockBytes)
    return base::corrupt("live bits: block " + std::to_string(number) + " has " +
                         std::to_string(bytes.size()) + " bytes");
  const size_t first = number * kBlockWords;
  if (words_.size() < first + kBlockWords) words_.resize(first + kBlockWords, 0);
  for (size_t i = 0; i < kBlockWords; ++i)
    count_ -= static_cast<uint64_t>(std::popcount(words_[first + i]));
  std::memcpy(words_.data() + first, bytes.data(), kBlockBytes);
  for (size_t i = 0; i < kBlockWords; ++i)
    count_ += static_cast<uint64_t>(std::popcount(words_[first + i]));
  return base::ok();
}

}  // namespace rhumb::segment
