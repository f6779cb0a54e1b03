// The manual pages and completions of rhumbd, which the build writes and a package installs.
#pragma once

#include <vector>

#include "host/base/man_page.h"

namespace rhumb::app {

// rhumbd(8), rhumb.yaml(5) and the completions.
std::vector<base::NamedPage> pages();

}  // namespace rhumb::app
