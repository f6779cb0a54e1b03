// Makes a second tree of a data directory's parts: hard links of files that no release writes in
// place, and copies of all others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::app::upgrade {

// The parts of a data directory that hold data. Other names in it are left alone.
inline constexpr std::string_view kParts[] = {"log", "metadata", "shards"};

struct TreeSize {
  uint64_t linked_files = 0, copied_files = 0, copied_bytes = 0;
};

// What copy_parts() would link and copy.
base::Result<TreeSize> measure_parts(const std::string& from);
// Makes the parts of `from` in the directory `to`, which exists. Everything is durable when it
// returns. A file system that refuses a link gets a copy.
base::Result<TreeSize> copy_parts(const std::string& from, const std::string& to);

}  // namespace rhumb::app::upgrade
