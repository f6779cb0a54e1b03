#include "host/segment/format.h"

namespace rhumb::segment {

bool never_changes(std::string_view name) {
  const auto ends_with = [name](std::string_view end) { return name.ends_with(end); };
  if (ends_with(".tmp") || name.find(".tmp/") != std::string_view::npos) return false;
  if (name == kOverrideFile) return false;
  return ends_with(".dat") || ends_with(".crc") || name.starts_with(kMovedPrefix) ||
         name.starts_with("graph.") || (name.starts_with(kPayloadIndexDir) && ends_with(".idx"));
}

}  // namespace rhumb::segment
