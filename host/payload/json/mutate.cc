#include "host/payload/json/mutate.h"

#include <span>

#include "host/base/hex.h"
#include "host/base/limits.h"
#include "host/payload/json/document.h"
#include "host/payload/json/lexer.h"

namespace rhumb::payload {
namespace {

using Items = std::span<const PathItem>;

// These limits are part of the pinned behaviour: either every release refuses a merge, or none
// does.
constexpr size_t kMaxMergedDepthV1 = 128, kMaxBytesV1 = 4 * 1024 * 1024;
static_assert(kMaxMergedDepthV1 == base::limits::kMaxJsonDepth &&
              kMaxBytesV1 == base::limits::kMaxPayloadBytes);

base::Status too_long(size_t bytes) {
  return base::invalid("the payload would have " + std::to_string(bytes) +
                       " bytes or more; the limit is " + std::to_string(kMaxBytesV1));
}

base::Status damaged_payload() {
  return base::corrupt("the stored payload is not the JSON that was written");
}

// Writes one object or array, member by member.
class Container {
 public:
  Container(std::string& out, char open, char close) : out_(out), close_(close) { out_ += open; }
  void begin_item() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void member(const Value& key, const Value& value) {
    begin_item();
    out_ += key.text();
    out_ += ':';
    out_ += value.text();
  }
  void end() { out_ += close_; }

 private:
  std::string& out_;
  const char close_;
  bool first_ = true;
};

// A path's key as JSON text. The key contains neither quotes nor backslashes. Control characters
// are escaped, because they are not allowed in a string.
std::string quoted(const std::string& key) {
  std::string out = "\"";
  for (const char c : key) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20) {
      out += "\\u00";
      base::append_hex(out, u);
    } else {
      out += c;
    }
  }
  return out + '"';
}

using Patch = PayloadChange::Patch;

base::Status merge_members(std::string& out, const Value& old, const Patch& patch) {
  std::vector<bool> used(patch.members.size());
  std::string scratch;
  Container object(out, '{', '}');
  if (old.kind() == Kind::kObject) {
    MemberCursor member(old);
    while (member.next()) {
      const auto found = patch.by_key.find(member.key().as_string(scratch));
      if (found == patch.by_key.end()) {
        object.member(member.key(), member.value());
        continue;
      }
      used[found->second] = true;
      const Value& value = patch.members[found->second].second;
      if (value.kind() != Kind::kNull) object.member(member.key(), value);
    }
    if (member.damaged()) return damaged_payload();
  }
  for (size_t i = 0; i < used.size(); ++i) {
    const auto& [key, value] = patch.members[i];
    if (!used[i] && value.kind() != Kind::kNull) object.member(key, value);
  }
  object.end();
  return base::ok();
}

base::Status merge_at(std::string& out, const Value& old, Items path, const Patch& patch);

base::Status merge_into_member(std::string& out, const Value& old, Items path, const Patch& patch) {
  Container object(out, '{', '}');
  bool found = false;
  if (old.kind() == Kind::kObject) {
    MemberCursor member(old);
    while (member.next()) {
      if (!member.key().equals(path[0].key)) {
        object.member(member.key(), member.value());
        continue;
      }
      found = true;
      object.begin_item();
      out += member.key().text();
      out += ':';
      RHUMB_TRY(merge_at(out, member.value(), path.subspan(1), patch));
    }
    if (member.damaged()) return damaged_payload();
  }
  if (!found) {
    object.begin_item();
    out += quoted(path[0].key);
    out += ':';
    RHUMB_TRY(merge_at(out, Value(), path.subspan(1), patch));
  }
  object.end();
  return base::ok();
}

base::Status merge_into_elements(std::string& out, const Value& old, Items path,
                                 const Patch& patch) {
  Container array(out, '[', ']');
  if (old.kind() == Kind::kArray) {
    uint32_t index = 0;
    ElementCursor element(old);
    for (; element.next(); ++index) {
      array.begin_item();
      if (path[0].kind == PathItem::Kind::kEach || path[0].index == index) {
        RHUMB_TRY(merge_at(out, element.value(), path.subspan(1), patch));
      } else {
        out += element.value().text();
      }
    }
    if (element.damaged()) return damaged_payload();
  }
  array.end();
  return base::ok();
}

base::Status merge_at(std::string& out, const Value& old, Items path, const Patch& patch) {
  // A patch for each of many elements could grow without limit.
  if (out.size() > kMaxBytesV1) return too_long(out.size());
  if (path.empty()) return merge_members(out, old, patch);
  return path[0].kind == PathItem::Kind::kKey ? merge_into_member(out, old, path, patch)
                                              : merge_into_elements(out, old, path, patch);
}

// Removes the members and elements that `paths` name below `value`. Each of `paths` is the rest of
// a path that led here.
base::Status remove_at(std::string& out, const Value& value, const std::vector<Items>& paths);

base::Status remove_members(std::string& out, const Value& value, const std::vector<Items>& paths) {
  Container object(out, '{', '}');
  MemberCursor member(value);
  std::vector<Items> below;
  while (member.next()) {
    bool removed = false;
    below.clear();
    for (const Items& path : paths) {
      if (path[0].kind != PathItem::Kind::kKey || !member.key().equals(path[0].key)) continue;
      removed = removed || path.size() == 1;
      if (path.size() > 1) below.push_back(path.subspan(1));
    }
    if (removed) continue;
    object.begin_item();
    out += member.key().text();
    out += ':';
    RHUMB_TRY(remove_at(out, member.value(), below));
  }
  object.end();
  return member.damaged() ? damaged_payload() : base::ok();
}

base::Status remove_elements(std::string& out, const Value& value,
                             const std::vector<Items>& paths) {
  bool emptied = false;
  for (const Items& path : paths)
    emptied = emptied || (path[0].kind == PathItem::Kind::kEach && path.size() == 1);
  Container array(out, '[', ']');
  ElementCursor element(value);
  std::vector<Items> below;
  for (uint32_t index = 0; !emptied && element.next(); ++index) {
    below.clear();
    for (const Items& path : paths) {
      const bool here = path[0].kind == PathItem::Kind::kEach ||
                        (path[0].kind == PathItem::Kind::kIndex && path[0].index == index);
      if (here && path.size() > 1) below.push_back(path.subspan(1));
    }
    array.begin_item();
    RHUMB_TRY(remove_at(out, element.value(), below));
  }
  array.end();
  return element.damaged() ? damaged_payload() : base::ok();
}

base::Status remove_at(std::string& out, const Value& value, const std::vector<Items>& paths) {
  if (!paths.empty() && value.kind() == Kind::kObject) return remove_members(out, value, paths);
  if (!paths.empty() && value.kind() == Kind::kArray) return remove_elements(out, value, paths);
  out += value.text();
  return base::ok();
}

base::Status check_stored(std::string_view payload) {
  return payload.empty() || Value(payload).kind() == Kind::kObject ? base::ok() : damaged_payload();
}

// Merging below a path can make a payload longer and deeper than both the patch and the old
// payload.
base::Status check_result(std::string_view payload) {
  if (payload.size() > kMaxBytesV1) return too_long(payload.size());
  size_t depth = 0;
  for (size_t at = 0; at < payload.size();) {
    const char c = payload[at];
    if (c == '"') {
      at = skip_string(payload, at);
      if (at == kDamaged) return damaged_payload();
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kMaxMergedDepthV1)
      return base::invalid("the payload would be deeper than " + std::to_string(kMaxMergedDepthV1) +
                           " levels");
    ++at;
  }
  return base::ok();
}

}  // namespace

PayloadChange PayloadChange::merge_v1(std::string_view patch, std::string_view key) {
  PayloadChange change(Action::kMerge);
  change.text_ = patch;
  change.fault_ = check_document(patch);
  auto path = key.empty() ? base::Result<JsonPath>(JsonPath()) : JsonPath::parse(key);
  if (change.fault_.ok()) change.fault_ = path.status();
  if (!change.fault_.ok()) return change;
  change.paths_.push_back(std::move(*path));
  std::string scratch;
  const Value members(patch.empty() ? std::string_view("{}") : patch);
  for (MemberCursor member(members); member.next();) {
    change.patch_.by_key.emplace(member.key().as_string(scratch), change.patch_.members.size());
    change.patch_.members.emplace_back(member.key(), member.value());
  }
  return change;
}

PayloadChange PayloadChange::overwrite_v1(std::string_view patch, std::string_view key) {
  if (!key.empty()) return merge_v1(patch, key);
  PayloadChange change(Action::kReplace);
  change.fault_ = check_document(patch);
  change.text_ = patch;
  return change;
}

PayloadChange PayloadChange::delete_v1(const std::vector<std::string>& paths) {
  PayloadChange change(Action::kDelete);
  for (const std::string& text : paths) {
    auto path = JsonPath::parse(text);
    change.fault_ = path.status();
    if (!path.ok()) return change;
    change.paths_.push_back(std::move(*path));
  }
  return change;
}

base::Result<std::string> PayloadChange::apply(std::string_view payload) const {
  if (action_ != Action::kReplace) RHUMB_TRY(check_stored(payload));
  RHUMB_TRY(fault_);
  if (action_ == Action::kReplace) return std::string(text_);
  std::string out;
  if (action_ == Action::kMerge) {
    out.reserve(payload.size() + text_.size() + 16);
    RHUMB_TRY(merge_at(out, Value(payload), paths_.front().items(), patch_));
    RHUMB_TRY(check_result(out));
    return out;
  }
  if (payload.empty()) return out;
  std::vector<Items> all;
  for (const JsonPath& path : paths_) all.emplace_back(path.items());
  out.reserve(payload.size());
  RHUMB_TRY(remove_at(out, Value(payload), all));
  return out;
}

}  // namespace rhumb::payload
