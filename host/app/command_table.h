// The options of `rhumbd` and `rhumbd check` with their help texts.
#pragma once

#include "host/base/command_table.h"

namespace rhumb::app {

const base::ProgramTable& program();  // the command without a name is the server

}  // namespace rhumb::app
