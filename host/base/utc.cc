#include "host/base/utc.h"

#include <ctime>

namespace rhumb::base {

std::string utc_text(int64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  tm utc{};
  gmtime_r(&time, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace rhumb::base
