// Writing JSON text by hand: the log and the replies' writers share the one place that knows how to
// escape.
#pragma once

#include <string>
#include <string_view>

namespace rhumb::base {

// Appends `text` as a JSON string with its quotes. Control characters are escaped; bytes that are
// not UTF-8 become U+FFFD, so what comes out is always valid JSON whatever came in.
void append_json_string(std::string& out, std::string_view text);

// Bytes of the valid UTF-8 character that starts text[at] (1 to 4), or 0: overlong forms,
// surrogates, > U+10FFFF, cut short.
size_t utf8_length_at(std::string_view text, size_t at);
bool valid_utf8(std::string_view text);

// For a terminal: control characters and bytes that are no UTF-8 as \xNN (messages may quote
// damaged files).
std::string printable(std::string_view text);

}  // namespace rhumb::base
