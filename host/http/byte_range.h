// The part of a file that a request asks for: RFC 9110, section 14.
#pragma once

#include <cstdint>
#include <string_view>

namespace rhumb::http {

struct ByteRange {
  int status = 200;  // 200: all of it, 206: a part, 416: nothing of it is there
  uint64_t first = 0, length = 0;
};

// `header` is the value of Range, or empty. What is no single range of bytes is passed over, as the
// RFC allows, and so are several ranges: the whole file is the answer then.
ByteRange byte_range(std::string_view header, uint64_t size);

}  // namespace rhumb::http
