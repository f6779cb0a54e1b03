#include <algorithm>
#include <span>

#include "host/payload/json/document.h"
#include "host/payload/json/mutate.h"

namespace rhumb::payload {
namespace {

using Items = std::span<const PathItem>;

// The rests of those `paths` that go on below the item that `same` accepts. Sets `whole` if one of
// the paths ends there.
template <typename Same>
std::vector<Items> descend(const std::vector<Items>& paths, Same same, bool& whole) {
  std::vector<Items> below;
  whole = false;
  for (const Items& path : paths) {
    if (!same(path[0])) continue;
    whole = whole || path.size() == 1;
    if (path.size() > 1) below.push_back(path.subspan(1));
  }
  return below;
}

// Writes the projection of `value`; `paths` is never empty. An include keeps a scalar that a path
// tried to enter, as Qdrant's protocol does.
class Writer {
 public:
  Writer(std::string& out, bool include) : out_(out), include_(include) {}

  void value(const Value& value, const std::vector<Items>& paths) {
    if (value.kind() == Kind::kObject) {
      object(value, paths);
    } else if (value.kind() == Kind::kArray) {
      array(value, paths);
    } else {
      out_ += value.text();
    }
  }

 private:
  void object(const Value& object, const std::vector<Items>& paths) {
    out_ += '{';
    bool first = true;
    for (MemberCursor member(object); member.next();) {
      bool whole = false;
      const auto below = descend(
          paths,
          [&](const PathItem& item) {
            return item.kind == PathItem::Kind::kKey && member.key().equals(item.key);
          },
          whole);
      if (!kept(whole, below)) continue;
      if (!first) out_ += ',';
      first = false;
      out_ += member.key().text();
      out_ += ':';
      rest(member.value(), whole, below);
    }
    out_ += '}';
  }

  void array(const Value& array, const std::vector<Items>& paths) {
    out_ += '[';
    bool first = true;
    uint32_t index = 0;
    for (ElementCursor element(array); element.next(); ++index) {
      bool whole = false;
      const auto below = descend(
          paths,
          [&](const PathItem& item) {
            return item.kind == PathItem::Kind::kEach ||
                   (item.kind == PathItem::Kind::kIndex && item.index == index);
          },
          whole);
      if (!kept(whole, below)) continue;
      if (!first) out_ += ',';
      first = false;
      rest(element.value(), whole, below);
    }
    out_ += ']';
  }

  bool kept(bool whole, const std::vector<Items>& below) const {
    return include_ ? whole || !below.empty() : !whole;
  }

  void rest(const Value& value_here, bool whole, const std::vector<Items>& below) {
    if (whole || below.empty()) {
      out_ += value_here.text();
    } else {
      value(value_here, below);
    }
  }

  std::string& out_;
  const bool include_;
};

}  // namespace

base::Result<Projection> Projection::compile(const model::PayloadSelector& selector) {
  Projection projection;
  projection.mode_ = selector.mode;
  for (const std::string& key : selector.keys) {
    RHUMB_ASSIGN(JsonPath path, JsonPath::parse(key));
    projection.paths_.push_back(std::move(path));
  }
  return projection;
}

std::string Projection::apply(std::string_view payload) const {
  using Mode = model::PayloadSelector::Mode;
  if (mode_ == Mode::kNone || payload.empty()) return {};
  if (mode_ == Mode::kAll || (mode_ == Mode::kExclude && paths_.empty()))
    return std::string(payload);
  if (paths_.empty()) return "{}";
  std::vector<Items> paths;
  for (const JsonPath& path : paths_) paths.emplace_back(path.items());
  std::string out;
  Writer(out, mode_ == Mode::kInclude).value(Value(payload), paths);
  return out;
}

}  // namespace rhumb::payload
