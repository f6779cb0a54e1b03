// The one place that names what a crash may leave behind while an image is taken or restored: a
// directory with this suffix beside the one that it would have become. Whoever keeps images or
// shards removes such directories when it starts.
#pragma once

#include <string>

#include "host/base/status.h"

namespace rhumb::shard {

inline constexpr char kUnfinishedSuffix[] = ".unfinished";

// An empty directory in which `directory` is prepared. kExists if `directory` is there already.
base::Result<std::string> begin_directory(const std::string& directory);
// Gives the prepared directory its name, durably. The caller has synced what is in it.
base::Status finish_directory(const std::string& directory);
// Removes what was prepared, as far as that is possible, also if finish_directory() failed after it
// had given the name.
void abandon_directory(const std::string& directory);
// Removes all unfinished directories in `parent`. It is no error if there is no such directory.
base::Status remove_unfinished(const std::string& parent);

}  // namespace rhumb::shard
