// Decodes "Transfer-Encoding: chunked" (RFC 9112, 7.1). We do not use the decoder of Boost.Beast
// (1.74), because it wants the lines of a chunk in one piece, scans them again with each arrival,
// bounds neither extensions nor trailers, and asserts when the last chunk arrives byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::http {

// A strict decoder: only CRLF ends a line, a size consists of plain hexadecimal digits, no blanks
// precede an extension, and trailers are not folded. It skips extensions and trailers. It keeps
// only counters, so it takes input in pieces of any size.
class ChunkDecoder {
 public:
  enum class Event { kNeedMore, kDone, kMalformed, kTooLarge };
  explicit ChunkDecoder(uint64_t max_body_bytes = UINT64_MAX) : left_(max_body_bytes) {}
  // Call this before the first step().
  void limit(uint64_t max_body_bytes) { left_ = max_body_bytes; }
  // Takes all of `in`, or the part up to the end of the body, and appends the data to `body`.
  Event step(std::string_view in, size_t& consumed, std::string& body);

 private:
  enum class State : uint8_t {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kEndLf,
    kDone
  };
  Event byte(char c);
  Event size_digit(char c);
  Event size_line_end();
  bool overhead();

  State state_ = State::kSize;
  uint8_t digits_ = 0;
  // Size of the current chunk. In state kData: the bytes of it that have not come yet.
  uint64_t size_ = 0;
  uint64_t left_;          // what is left of the limit of the body, in bytes
  uint64_t overhead_ = 0;  // bytes of chunk lines beyond what honest chunks need
};

}  // namespace rhumb::http
