// Hexadecimal digits, written in lower case and read in either case.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rhumb::base {

std::string hex(std::span<const uint8_t> bytes);
std::string hex(uint64_t number);  // 16 digits
void append_hex(std::string& out, uint8_t byte);
// Returns the number that 1 to 8 digits stand for, or nothing if `digits` holds anything else.
std::optional<uint32_t> parse_hex(std::string_view digits);

}  // namespace rhumb::base
