#include "host/payload/json/lexer.h"

#include <cstring>

#include "host/base/hex.h"

namespace rhumb::payload {
namespace {

// The value of the four hex digits at `at`, or -1.
int32_t hex4(std::string_view text, size_t at) {
  if (text.size() < at + 4) return -1;
  const auto value = base::parse_hex(text.substr(at, 4));
  return value ? static_cast<int32_t>(*value) : -1;
}

void append_code_point(std::string& out, uint32_t c) {
  const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

// `at` is the position after `\u`. Returns the number of bytes read, or 0 if the escape is invalid.
size_t append_unicode_escape(std::string& out, std::string_view inside, size_t at) {
  const int32_t first = hex4(inside, at);
  if (first < 0) return 0;
  auto c = static_cast<uint32_t>(first);
  if (c >= 0xd800 && c < 0xdc00 && inside.substr(at + 4, 2) == "\\u") {
    const int32_t second = hex4(inside, at + 6);
    if (second >= 0xdc00 && second < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (static_cast<uint32_t>(second) - 0xdc00);
      append_code_point(out, c);
      return 10;
    }
  }
  append_code_point(out, c);
  return 4;
}

char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

bool ends_scalar(char c) { return c == ',' || c == ']' || c == '}' || c == ':' || c == '"'; }

}  // namespace

size_t skip_string(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    const void* quote = std::memchr(text.data() + i, '"', text.size() - i);
    if (quote == nullptr) return kDamaged;
    i = static_cast<size_t>(static_cast<const char*>(quote) - text.data());
    size_t first_backslash = i;
    while (first_backslash > at + 1 && text[first_backslash - 1] == '\\') --first_backslash;
    if ((i - first_backslash) % 2 == 0) return i + 1;
  }
  return kDamaged;
}

size_t skip_value(std::string_view text, size_t at) {
  if (at >= text.size()) return kDamaged;
  const char first = text[at];
  if (first == '"') return skip_string(text, at);
  if (first != '{' && first != '[') {
    const size_t begin = at;
    while (at < text.size() && !ends_scalar(text[at])) ++at;
    return at == begin ? kDamaged : at;
  }
  size_t open = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (at == kDamaged) return kDamaged;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++open;
    if ((c == '}' || c == ']') && --open == 0) return at;
  }
  return kDamaged;
}

bool append_unescaped(std::string& out, std::string_view inside) {
  size_t run = 0;
  for (size_t i = inside.find('\\'); i != std::string_view::npos; i = inside.find('\\', run)) {
    out.append(inside.substr(run, i - run));
    if (i + 1 >= inside.size()) return false;
    if (inside[i + 1] == 'u') {
      const size_t read = append_unicode_escape(out, inside, i + 2);
      if (read == 0) return false;
      run = i + 2 + read;
      continue;
    }
    const char plain = simple_escape(inside[i + 1]);
    if (plain == 0) return false;
    out += plain;
    run = i + 2;
  }
  out.append(inside.substr(run));
  return true;
}

}  // namespace rhumb::payload
