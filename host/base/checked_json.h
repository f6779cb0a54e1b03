// JSON documents that are written in one form only, with a checksum over the whole of it. A reader
// writes what it has parsed again and compares, so it finds any byte that was changed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rhumb::base {

// The text of an object with the member "crc", which is replaced: the CRC-32C of the document
// without that member and without white space, in 8 digits.
std::string checked_json_text(nlohmann::json document);

}  // namespace rhumb::base
