// The commands of `rhumb` with their options and help texts.
#pragma once

#include "host/base/command_table.h"

namespace rhumb::cli {

const base::ProgramTable& program();

}  // namespace rhumb::cli
