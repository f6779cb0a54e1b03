#include "host/http/chunks.h"

#include <algorithm>

#include "host/base/assert.h"
#include "host/base/hex.h"
#include "host/base/limits.h"

namespace rhumb::http {
namespace {

constexpr uint8_t kMaxDigits = 16;         // enough for a uint64_t
constexpr uint64_t kHonestLineBytes = 16;  // about the cost of the lines of one chunk

bool is_text(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u >= 0x20 && u != 0x7f) || c == '\t';
}

}  // namespace

ChunkDecoder::Event ChunkDecoder::step(std::string_view in, size_t& consumed, std::string& body) {
  consumed = 0;
  while (consumed < in.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(size_, in.size() - consumed));
      body.append(in.substr(consumed, n));
      consumed += n;
      size_ -= n;
      if (size_ == 0) state_ = State::kDataCr;
      continue;
    }
    const Event event = byte(in[consumed]);
    if (event != Event::kNeedMore) return event;
    ++consumed;
  }
  return state_ == State::kDone ? Event::kDone : Event::kNeedMore;
}

// Without this bound, a body of tiny chunks with long lines would cost far more than its limit
// says.
bool ChunkDecoder::overhead() { return ++overhead_ > base::limits::kMaxChunkLineBytes; }

ChunkDecoder::Event ChunkDecoder::byte(char c) {
  const auto to = [this](bool expected, State next) {
    if (expected) state_ = next;
    return expected ? Event::kNeedMore : Event::kMalformed;
  };
  if (overhead()) return Event::kMalformed;
  switch (state_) {
    case State::kSize:
      return size_digit(c);
    case State::kExtension:
      if (c == '\r') return to(true, State::kSizeLf);
      return is_text(c) ? Event::kNeedMore : Event::kMalformed;
    case State::kSizeLf:
      return c == '\n' ? size_line_end() : Event::kMalformed;
    case State::kDataCr:
      return to(c == '\r', State::kDataLf);
    case State::kDataLf:
      return to(c == '\n', State::kSize);
    case State::kTrailerStart:
      if (c == '\r') return to(true, State::kEndLf);
      return to(is_text(c) && c != ' ' && c != '\t', State::kTrailer);
    case State::kTrailer:
      if (c == '\r') return to(true, State::kTrailerLf);
      return is_text(c) ? Event::kNeedMore : Event::kMalformed;
    case State::kTrailerLf:
      return to(c == '\n', State::kTrailerStart);
    case State::kEndLf:
      return to(c == '\n', State::kDone);
    case State::kData:
    case State::kDone:
      break;
  }
  RHUMB_ASSERT(false);
}

ChunkDecoder::Event ChunkDecoder::size_digit(char c) {
  if (const auto digit = base::parse_hex({&c, 1})) {
    if (digits_ == kMaxDigits) return Event::kMalformed;
    ++digits_;
    size_ = size_ << 4 | *digit;
    return Event::kNeedMore;
  }
  if (digits_ == 0 || (c != ';' && c != '\r')) return Event::kMalformed;
  state_ = c == ';' ? State::kExtension : State::kSizeLf;
  return Event::kNeedMore;
}

ChunkDecoder::Event ChunkDecoder::size_line_end() {
  digits_ = 0;
  if (size_ == 0) {
    state_ = State::kTrailerStart;
    return Event::kNeedMore;
  }
  if (size_ > left_) return Event::kTooLarge;
  left_ -= size_;
  // Data pays for its lines, so only lines beyond that share add up.
  const uint64_t earned = kHonestLineBytes + 2 * std::min(size_, base::limits::kMaxChunkLineBytes);
  overhead_ -= std::min(overhead_, earned);
  state_ = State::kData;
  return Event::kNeedMore;
}

}  // namespace rhumb::http
