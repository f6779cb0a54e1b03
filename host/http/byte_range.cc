#include "host/http/byte_range.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "host/base/ascii.h"

namespace rhumb::http {
namespace {

constexpr std::string_view kUnit = "bytes=";

// A number beyond 64 bits is read as the largest one: no file is that long.
std::optional<uint64_t> position(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : std::numeric_limits<uint64_t>::max();
}

}  // namespace

ByteRange byte_range(std::string_view header, uint64_t size) {
  const ByteRange whole{200, 0, size}, nothing{416, 0, 0};
  if (!base::equal_ignoring_case(header.substr(0, kUnit.size()), kUnit)) return whole;
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = position(header.substr(0, dash)), last = position(header.substr(dash + 1));
  if (dash == 0) {  // the last bytes
    if (!last) return whole;
    const uint64_t length = std::min(*last, size);
    return length == 0 ? nothing : ByteRange{206, size - length, length};
  }
  if (!first || (!last && dash + 1 != header.size()) || (last && *last < *first)) return whole;
  if (*first >= size) return nothing;
  return {206, *first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
}

}  // namespace rhumb::http
