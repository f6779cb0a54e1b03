#include "host/payload/json/json_path.h"

#include <algorithm>
#include <charconv>

#include "host/base/limits.h"

namespace rhumb::payload {
namespace {

bool is_raw(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u == '_' ||
         u == '-' || u >= 0x80;
}

// Reads the key at `at` and moves after it. Returns false if there is no key.
bool read_key(std::string_view text, size_t& at, std::string& key) {
  if (at < text.size() && text[at] == '"') {
    const size_t end = text.find_first_of("\"\\", at + 1);
    if (end == std::string_view::npos || text[end] == '\\') return false;
    key.assign(text.substr(at + 1, end - at - 1));
    at = end + 1;
    return true;
  }
  const size_t begin = at;
  while (at < text.size() && is_raw(text[at])) ++at;
  key.assign(text.substr(begin, at - begin));
  return at != begin;
}

// Reads `[]` or `[7]` at `at`.
bool read_brackets(std::string_view text, size_t& at, PathItem& item) {
  const size_t close = text.find(']', at);
  if (close == std::string_view::npos) return false;
  const std::string_view inside = text.substr(at + 1, close - at - 1);
  at = close + 1;
  item.kind = inside.empty() ? PathItem::Kind::kEach : PathItem::Kind::kIndex;
  if (inside.empty()) return true;
  const auto [end, error] =
      std::from_chars(inside.data(), inside.data() + inside.size(), item.index);
  return error == std::errc() && end == inside.data() + inside.size();
}

bool read_path(std::string_view text, std::vector<PathItem>& items) {
  size_t at = 0;
  PathItem first;
  if (!read_key(text, at, first.key)) return false;
  items.push_back(std::move(first));
  while (at < text.size()) {
    if (items.size() == base::limits::kMaxPathItems) return false;
    PathItem item;
    if (text[at] == '.') {
      ++at;
      if (!read_key(text, at, item.key)) return false;
    } else if (text[at] != '[' || !read_brackets(text, at, item)) {
      return false;
    }
    items.push_back(std::move(item));
  }
  return true;
}

void append_key(std::string& out, const std::string& key) {
  if (!key.empty() && std::all_of(key.begin(), key.end(), is_raw)) {
    out += key;
  } else {
    out += '"';
    out += key;
    out += '"';
  }
}

}  // namespace

base::Result<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  if (text.size() > base::limits::kMaxFieldPathBytes) {
    return base::invalid("Invalid json path: longer than " +
                         std::to_string(base::limits::kMaxFieldPathBytes) + " bytes");
  }
  if (!read_path(text, path.items_))
    return base::invalid("Invalid json path: '" + std::string(text) + "'");
  return path;
}

std::string JsonPath::to_text() const {
  std::string out;
  for (const PathItem& item : items_) {
    switch (item.kind) {
      case PathItem::Kind::kKey:
        if (!out.empty()) out += '.';
        append_key(out, item.key);
        break;
      case PathItem::Kind::kIndex:
        out += '[' + std::to_string(item.index) + ']';
        break;
      case PathItem::Kind::kEach:
        out += "[]";
        break;
    }
  }
  return out;
}

JsonPath JsonPath::each() const {
  JsonPath path = *this;
  if (path.items_.back().kind != PathItem::Kind::kEach)
    path.items_.push_back({PathItem::Kind::kEach, {}, 0});
  return path;
}

JsonPath JsonPath::join(const JsonPath& prefix, const JsonPath& rest) {
  JsonPath path = prefix;
  path.items_.insert(path.items_.end(), rest.items_.begin(), rest.items_.end());
  return path;
}

}  // namespace rhumb::payload
