// Point ids: an unsigned 64-bit number, a UUID, or any UTF-8 string of 1 to 256 bytes. An id is
// held as its encoded key. The byte order of the keys is the scroll order (numbers < UUIDs <
// strings), and the XXH64 of the key picks the bucket. A key reads
//   01 + u64 big-endian, 02 + 16 bytes of UUID, or 03 + UTF-8
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::model {

class PointId {
 public:
  enum class Kind : uint8_t { kNumber = 1, kUuid = 2, kString = 3 };

  PointId() = default;  // empty, which is not a valid id
  static PointId number(uint64_t n);
  // Parses a JSON string. A canonical, dashless or urn UUID becomes a UUID. Text that parses as a
  // u64 is refused, because it would be ambiguous in a path. Any other text becomes a string id.
  static base::Result<PointId> from_string(std::string_view text);
  // Parses a percent-decoded path segment as a number, else as a UUID, else as a string.
  static base::Result<PointId> from_path(std::string_view text);
  // Checks an encoded key that was read from disk or from a message.
  static base::Result<PointId> from_key(std::string_view key);

  bool empty() const { return key_.empty(); }
  Kind kind() const { return static_cast<Kind>(key_[0]); }
  uint64_t as_number() const;
  const std::string& key() const { return key_; }
  std::string to_text() const;               // 7, 5c56c793-69f3-4fbf-87e6-c4bf54c28c26, gimp
  void append_json(std::string& out) const;  // 7, "5c56...", "gimp" (escaped)

  bool operator==(const PointId& o) const { return key_ == o.key_; }
  bool operator!=(const PointId& o) const { return key_ != o.key_; }
  bool operator<(const PointId& o) const { return key_ < o.key_; }

 private:
  std::string key_;
};

// XXH64(key, 0) >> 52. This function never changes, and the router `hash` uses the same one.
uint32_t bucket_of_key(std::string_view key);

}  // namespace rhumb::model

template <>
struct std::hash<rhumb::model::PointId> {
  size_t operator()(const rhumb::model::PointId& id) const noexcept {
    return std::hash<std::string>{}(id.key());
  }
};
