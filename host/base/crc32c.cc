// The SDK's implementation, which depends on nothing else, serves the formats of the host and of
// the plugins.
#include "rhumb/cpp/crc32c.h"

#include "host/base/file.h"

namespace rhumb::base {

uint32_t crc32c(std::string_view bytes, uint32_t seed) { return ::rhumb::crc32c(bytes, seed); }

}  // namespace rhumb::base
