// One implementation for the host's and the plugins' formats: the SDK's, which stands on nothing.
#include "rhumb/cpp/crc32c.h"

#include "host/base/file.h"

namespace rhumb::base {

uint32_t crc32c(std::string_view bytes, uint32_t seed) { return ::rhumb::crc32c(bytes, seed); }

}  // namespace rhumb::base
