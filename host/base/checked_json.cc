#include "host/base/checked_json.h"

#include <nlohmann/json.hpp>

#include "host/base/file.h"
#include "host/base/hex.h"

namespace rhumb::base {

std::string checked_json_text(nlohmann::json document) {
  constexpr size_t kCrcDigits = 8;
  document.erase("crc");
  const std::string digits = hex(uint64_t{crc32c(document.dump())});
  document["crc"] = digits.substr(digits.size() - kCrcDigits);
  return document.dump(1) + "\n";
}

}  // namespace rhumb::base
