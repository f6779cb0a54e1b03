// Undoes "Transfer-Encoding: chunked" (RFC 9112, 7.1). Ours rather than Beast's: that one wants the
// lines of a chunk contiguous, scans them again with each arrival, bounds neither extensions nor
// trailers, and asserts when a last chunk arrives byte by byte (1.74).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rhumb::http {

// Strict: CRLF and nothing else ends a line, sizes are plain hexadecimal digits, no blanks before
// extensions, no folded trailers. Extensions and trailers are read past and forgotten. Keeps only
// counters, so it takes input in any pieces.
class ChunkDecoder {
 public:
  enum class Event { kNeedMore, kDone, kMalformed, kTooLarge };
  explicit ChunkDecoder(uint64_t max_body_bytes = UINT64_MAX) : left_(max_body_bytes) {}
  void limit(uint64_t max_body_bytes) { left_ = max_body_bytes; }  // before the first step()
  // Takes all of `in`, or up to the end of the body; appends the data to `body`.
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
  uint64_t size_ = 0;      // of this chunk; while in kData, what of it has not come
  uint64_t left_;          // of the body's limit
  uint64_t overhead_ = 0;  // bytes of lines beyond what honest chunks need
};

}  // namespace rhumb::http
