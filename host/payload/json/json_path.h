// A path into a payload, by which filters, selectors and indexes name fields, for example
//   a.b   a[0]   a[].b   "odd key".b
// Raw keys consist of letters, digits, `_`, `-` and bytes beyond ASCII. Any other key is quoted and
// must not contain `"` or `\`. A path is exact: `a.b` does not look into the elements of an array
// `a`, but `a[].b` does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/payload/json/document.h"

namespace rhumb::payload {

struct PathItem {
  enum class Kind : uint8_t { kKey, kIndex, kEach };
  Kind kind = Kind::kKey;
  std::string key;     // for kKey
  uint32_t index = 0;  // for kIndex
  bool operator==(const PathItem& o) const = default;
};

class JsonPath {
 public:
  // kInvalid reads "Invalid json path: 'a..b'". A path has at most kMaxFieldPathBytes and
  // kMaxPathItems.
  static base::Result<JsonPath> parse(std::string_view text);

  const std::vector<PathItem>& items() const { return items_; }  // the first item is a key
  // The canonical text, in which a key is quoted only if necessary.
  std::string to_text() const;
  // The path of the elements of the array at this path: both `a` and `a[]` become `a[]`.
  JsonPath each() const;
  // Appends `rest` to `prefix`: `a[]` and `b.c` become `a[].b.c`.
  static JsonPath join(const JsonPath& prefix, const JsonPath& rest);
  bool operator==(const JsonPath& o) const = default;

  // Calls `fn(Value)` for every value at the path, in document order. An array at the end of the
  // path is one value. Stops when fn returns false.
  template <typename Fn>
  bool visit(const Value& root, Fn&& fn) const {
    return visit_from(root, 0, fn);
  }
  // Like visit(), but visits the elements of an array at the end of the path, one level deep.
  // Conditions on values use it.
  template <typename Fn>
  bool visit_elements(const Value& root, Fn&& fn) const {
    return visit(root, [&](const Value& value) {
      if (value.kind() != Kind::kArray) return fn(value);
      for (ElementCursor element(value); element.next();) {
        if (!fn(element.value())) return false;
      }
      return true;
    });
  }

 private:
  template <typename Fn>
  bool visit_from(const Value& value, size_t at, Fn& fn) const {
    if (at == items_.size()) return fn(value);
    const PathItem& item = items_[at];
    if (item.kind == PathItem::Kind::kKey) {
      const Value member = value.find(item.key);
      return !member.exists() || visit_from(member, at + 1, fn);
    }
    if (value.kind() != Kind::kArray) return true;
    uint32_t index = 0;
    for (ElementCursor element(value); element.next(); ++index) {
      if (item.kind == PathItem::Kind::kIndex && index != item.index) continue;
      if (!visit_from(element.value(), at + 1, fn)) return false;
      if (item.kind == PathItem::Kind::kIndex) break;
    }
    return true;
  }

  std::vector<PathItem> items_;
};

}  // namespace rhumb::payload
