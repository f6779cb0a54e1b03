#include "host/model/id.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>

#include "host/base/bytes.h"
#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/base/uuid.h"

namespace rhumb::model {
namespace {

using base::Result;
using base::limits::kMaxStringIdBytes;

constexpr size_t kUuidBytes = sizeof(base::Uuid);

bool parse_number(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

PointId PointId::number(uint64_t n) {
  PointId id;
  id.key_ = '\x01';
  base::put_be64(id.key_, n);
  return id;
}

Result<PointId> PointId::from_string(std::string_view text) {
  PointId id;
  if (const auto uuid = base::parse_uuid(text)) {
    id.key_ = '\x02';
    id.key_.append(uuid->begin(), uuid->end());
    return id;
  }
  uint64_t number = 0;
  if (parse_number(text, number)) {
    return base::invalid("point id \"" + std::string(text) +
                         "\" is a number in quotes: send it as a number, or as another string");
  }
  if (text.empty() || text.size() > kMaxStringIdBytes) {
    return base::invalid("a string id has 1 to " + std::to_string(kMaxStringIdBytes) +
                         " bytes, this one has " + std::to_string(text.size()));
  }
  if (!base::valid_utf8(text)) return base::invalid("a string id must be valid UTF-8");
  id.key_ = '\x03' + std::string(text);
  return id;
}

Result<PointId> PointId::from_path(std::string_view text) {
  uint64_t number = 0;
  if (parse_number(text, number)) return PointId::number(number);
  return from_string(text);
}

Result<PointId> PointId::from_key(std::string_view key) {
  const char tag = key.empty() ? '\0' : key[0];
  const size_t body = key.empty() ? 0 : key.size() - 1;
  const bool good = (tag == 1 && body == 8) || (tag == 2 && body == kUuidBytes) ||
                    (tag == 3 && body >= 1 && body <= kMaxStringIdBytes);
  if (!good)
    return base::corrupt("not the key of a point id (" + std::to_string(key.size()) +
                         " bytes, tag " + std::to_string(static_cast<int>(tag)) + ")");
  PointId id;
  id.key_ = std::string(key);
  return id;
}

uint64_t PointId::as_number() const { return base::get_be64(std::string_view(key_).substr(1)); }

std::string PointId::to_text() const {
  if (kind() == Kind::kNumber) return std::to_string(as_number());
  if (kind() == Kind::kString) return key_.substr(1);
  base::Uuid uuid;
  std::copy_n(key_.begin() + 1, uuid.size(), uuid.begin());
  return base::uuid_text(uuid);
}

uint32_t bucket_of_key(std::string_view key) {
  return static_cast<uint32_t>(XXH64(key.data(), key.size(), 0) >> 52);
}

void PointId::append_json(std::string& out) const {
  if (kind() == Kind::kNumber) {
    out += std::to_string(as_number());
    return;
  }
  base::append_json_string(out, to_text());
}

}  // namespace rhumb::model
