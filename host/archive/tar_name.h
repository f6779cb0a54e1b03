// The names of files in an archive.
#pragma once

#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::archive {

// Refuses a name that could lead out of a directory or that two systems could read differently:
// empty, absolute, with an empty part, with "." or "..", with a control character, or beyond the
// limits kMaxArchiveName*. A good name has parts with one slash between them.
base::Status check_tar_name(std::string_view name);

// The name as it is shown in an error: printable and not too long.
std::string shown_name(std::string_view name);

}  // namespace rhumb::archive
