#include "host/base/traceparent.h"

#include <algorithm>
#include <span>

#include "host/base/hex.h"

namespace rhumb::base {
namespace {

constexpr size_t kTraceIdAt = 3, kSpanIdAt = 36, kFlagsAt = 53, kSize = 55;
constexpr std::string_view kForbiddenVersion = "ff";
constexpr uint8_t kSampledFlag = 1;

// Upper case is invalid in this header.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool read_hex(std::string_view digits, std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = digit(digits[2 * i]), low = digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool all_zero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  if (text.size() < kSize) return std::nullopt;
  std::array<uint8_t, 1> version{}, flags{};
  if (!read_hex(text, version) || text.starts_with(kForbiddenVersion)) return std::nullopt;
  // Only later versions may have more parts.
  if (text.size() > kSize && (version[0] == 0 || text[kSize] != '-')) return std::nullopt;
  for (const size_t dash : {kTraceIdAt, kSpanIdAt, kFlagsAt}) {
    if (text[dash - 1] != '-') return std::nullopt;
  }
  TraceParent parent;
  if (!read_hex(text.substr(kTraceIdAt), parent.trace_id) ||
      !read_hex(text.substr(kSpanIdAt), parent.span_id) ||
      !read_hex(text.substr(kFlagsAt), flags) || all_zero(parent.trace_id) ||
      all_zero(parent.span_id))
    return std::nullopt;
  parent.sampled = (flags[0] & kSampledFlag) != 0;
  return parent;
}

std::string traceparent_text(const TraceContext& context) {
  return "00-" + hex(context.trace_id) + "-" + hex(context.span_id) + "-01";
}

}  // namespace rhumb::base
