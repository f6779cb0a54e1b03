// Writes JSON text by hand. The log and the writers of replies share this one place that escapes
// strings.
#pragma once

#include <string>
#include <string_view>

namespace rhumb::base {

// Appends `text` as a JSON string with its quotes. Control characters are escaped, and bytes that
// are not UTF-8 become U+FFFD, so the output is valid JSON for any input.
void append_json_string(std::string& out, std::string_view text);

// Length in bytes (1 to 4) of the valid UTF-8 character that starts at text[at]. Returns 0 for
// overlong forms, surrogates, values above U+10FFFF and characters that are cut short.
size_t utf8_length_at(std::string_view text, size_t at);
bool valid_utf8(std::string_view text);

// For a terminal: control characters and bytes that are not UTF-8 become \xNN, because messages may
// quote damaged files.
std::string printable(std::string_view text);

}  // namespace rhumb::base
