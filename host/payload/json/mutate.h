// Changes of payloads. What these functions do never changes: replicas of any release that apply
// the same command must produce the same bytes, and the content hashes of replicas are compared.
// Different behaviour needs a new function (_v2) behind a feature level. Golden tests guard the
// bytes.
//
// Payload text is empty (no payload) or a minified JSON object. Members keep their order; new
// members are appended.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/base/status.h"
#include "host/model/query.h"
#include "host/payload/json/document.h"
#include "host/payload/json/json_path.h"

namespace rhumb::payload {

// A change of a payload. The patch is read once, however many payloads it is applied to, and its
// text must outlive this object.
class PayloadChange {
 public:
  // Sets the members of `patch` in the object at `key` (the root if empty). A null member removes
  // the member. A value that is in the way of the path becomes an object (`.k`) or an empty array
  // (`[i]`, `[]`). An index beyond an array's end changes nothing. `[]` applies to every element.
  static PayloadChange merge_v1(std::string_view patch, std::string_view key);
  // Replaces the payload. With a key it merges at that path, as Qdrant's protocol defines it.
  static PayloadChange overwrite_v1(std::string_view patch, std::string_view key);
  // Removes the members, or all elements (`a[]`), that the paths name. An index at the end of a
  // path is ignored, because removing an element is not idempotent.
  static PayloadChange delete_v1(const std::vector<std::string>& paths);

  // Damaged stored text is kCorrupt. A damaged patch or path is kInvalid for every payload, and so
  // is a result that is too long or too deep.
  base::Result<std::string> apply(std::string_view payload) const;

  // The members of a patch by their plain keys.
  struct Patch {
    struct KeyHash {
      using is_transparent = void;
      size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
    };
    std::vector<std::pair<Value, Value>> members;
    std::unordered_map<std::string, size_t, KeyHash, std::equal_to<>> by_key;
  };

 private:
  enum class Action : uint8_t { kMerge, kReplace, kDelete };
  explicit PayloadChange(Action action) : action_(action) {}

  Action action_;
  base::Status fault_;           // what is wrong with the patch or a path
  std::string_view text_;        // of the patch
  Patch patch_;                  // for kMerge
  std::vector<JsonPath> paths_;  // for kMerge the one path, for kDelete all of them
};

// The form that is hashed. Members are sorted by the bytes of their keys. Strings use the fewest
// escapes. Integers have no negative zero and no leading zeros. Floats have the shortest form that
// reads back as the same value and always differ from integers (1.0, 1e+300). An empty payload
// becomes "{}".
base::Result<std::string> canonical_payload_v1(std::string_view payload);

// The part of a payload that a reader asked for. It is compiled once per request; it is const and
// thread-safe.
class Projection {
 public:
  static base::Result<Projection> compile(const model::PayloadSelector& selector);
  // The selected members as a minified object. `{}` if no member is left; empty if nothing was
  // asked for or there is no payload.
  std::string apply(std::string_view payload) const;

 private:
  model::PayloadSelector::Mode mode_ = model::PayloadSelector::Mode::kNone;
  std::vector<JsonPath> paths_;
};

}  // namespace rhumb::payload
