// UUIDs in the forms in which clients write them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rhumb::base {

using Uuid = std::array<uint8_t, 16>;

// Reads the canonical form (8-4-4-4-12 digits) or 32 digits without dashes, either with an optional
// prefix "urn:uuid:". Digits may be of either case.
std::optional<Uuid> parse_uuid(std::string_view text);
std::string uuid_text(const Uuid& uuid);  // the canonical form, in lower case
Uuid random_uuid();                       // version 4

}  // namespace rhumb::base
