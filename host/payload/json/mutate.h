// Changes of a payload. Pinned for ever: replicas of any release that apply the same command must
// come to the same bytes, and content hashes are compared between them. A different behaviour is a
// new function (_v2) behind a feature level. Golden tests hold the bytes.
//
// Payload text is empty (no payload) or a minified JSON object. Members keep their order; new ones
// are appended. Damaged stored text is kCorrupt, a damaged patch or path kInvalid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/model/query.h"
#include "host/payload/json/json_path.h"

namespace rhumb::payload {

// Sets the members of `patch` in the object at `key` (root if empty); a null member removes. What
// stands in the way of the path becomes an object (`.k`) or an empty array (`[i]`, `[]`); an index
// beyond an array's end changes nothing; `[]` goes into every element.
base::Result<std::string> payload_merge_v1(std::string_view payload, std::string_view patch,
                                           std::string_view key);
// Replaces the payload; with a key this is the merge at that path, as the protocol has it.
base::Result<std::string> payload_overwrite_v1(std::string_view payload, std::string_view patch,
                                               std::string_view key);
// Removes what the paths name: members, or all elements (`a[]`). An index at the end of a path is
// ignored (removing it is not idempotent).
base::Result<std::string> payload_delete_v1(std::string_view payload,
                                            const std::vector<std::string>& paths);

// The form that is hashed: members sorted by the bytes of their key, strings with the least
// escaping, integers without sign of zero or leading zeros, floats in the shortest form that reads
// back the same and always told from integers (1.0, 1e+300). Empty payload -> "{}".
base::Result<std::string> canonical_payload_v1(std::string_view payload);

// What of a payload a reader asked for. Compiled once per request; const and thread-safe.
class Projection {
 public:
  static base::Result<Projection> compile(const model::PayloadSelector& selector);
  // Selected members as a minified object; `{}` if none is left, empty if nothing was asked for or
  // there is no payload.
  std::string apply(std::string_view payload) const;

 private:
  model::PayloadSelector::Mode mode_ = model::PayloadSelector::Mode::kNone;
  std::vector<JsonPath> paths_;
};

}  // namespace rhumb::payload
