#include "host/http/rest/parse/wide_numbers.h"

#include <charconv>
#include <cstring>
#include <random>

#include "host/base/limits.h"
#include "host/http/request.h"
#include "host/http/rest/parse/float_text.h"

namespace rhumb::http::rest {
namespace {

constexpr ptrdiff_t kWideBytes = 512;    // bytes; shorter arrays gain too little
constexpr size_t kLeastNumberBytes = 8;  // the usual length of a component in JSON

thread_local WideNumbersBody* t_current = nullptr;

// No client can send the mark, because every process makes another one.
const std::string& mark() {
  static const std::string made = [] {
    std::random_device random;
    return "numbers-" + std::to_string(random()) + "-" + std::to_string(random()) + "-";
  }();
  return made;
}

std::optional<size_t> marked(const Element& e) {
  std::string_view text;
  if (t_current == nullptr || e.get(text) != simdjson::SUCCESS || !text.starts_with(mark()))
    return std::nullopt;
  size_t n = 0;
  std::from_chars(text.data() + mark().size(), text.data() + text.size(), n);
  return n;
}

const char* find(const char* from, const char* end, char c) {
  return static_cast<const char*>(std::memchr(from, c, static_cast<size_t>(end - from)));
}

// Returns the position after the string that begins at `p`, or null when the string does not end.
const char* after_string(const char* p, const char* end) {
  for (const char* from = p + 1; (p = find(from, end, '"')) != nullptr; from = p + 1) {
    const char* slash = p;
    while (slash[-1] == '\\') --slash;  // It stops at the opening quote.
    if ((p - slash) % 2 == 0) return p + 1;
  }
  return nullptr;
}

}  // namespace

WideNumbersBody::WideNumbersBody(const std::string& body) {
  if (!take_out(body)) arrays_.clear();
  t_current = this;
}
WideNumbersBody::~WideNumbersBody() { t_current = nullptr; }

bool WideNumbersBody::take_out(const std::string& body) {
  const char* const end = body.data() + body.size();
  const char* copied = body.data();
  for (const char* p = copied; p < end;) {
    if (*p == '"') {
      if ((p = after_string(p, end)) == nullptr) return false;
      continue;
    }
    if (*p++ != '[' || p == end) continue;
    if (*p == '[') return false;  // The JSON library reads arrays of arrays.
    if (!((*p >= '0' && *p <= '9') || *p == '-')) continue;
    const char* const close = find(p, end, ']');
    if (close == nullptr) return false;
    if (close - p < kWideBytes) continue;
    std::vector<float> numbers;
    numbers.reserve(arrays_.empty() ? static_cast<size_t>(close - p) / kLeastNumberBytes
                                    : arrays_.back().size());
    if (!read_floats({p, static_cast<size_t>(close - p)}, numbers) ||
        numbers.size() > base::limits::kMaxDim)
      return false;
    text_.append(copied, p - 1)
        .append("\"")
        .append(mark())
        .append(std::to_string(arrays_.size()))
        .append("\"");
    arrays_.push_back(std::move(numbers));
    copied = p = close + 1;
  }
  if (arrays_.empty()) return false;
  text_.reserve(text_.size() + static_cast<size_t>(end - copied) + kBodyPadding);
  text_.append(copied, end);
  return true;
}

bool is_wide_numbers(const Element& e) { return marked(e).has_value(); }

std::optional<std::vector<float>> take_wide_numbers(const Element& e) {
  const auto n = marked(e);
  if (!n || *n >= t_current->arrays_.size() || t_current->arrays_[*n].empty()) return std::nullopt;
  ++t_current->taken_;
  return std::exchange(t_current->arrays_[*n], {});
}

}  // namespace rhumb::http::rest
