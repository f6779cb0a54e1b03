// Completion of a program's words for bash, zsh and fish, from its table of commands.
#pragma once

#include <vector>

#include "host/base/command_table.h"
#include "host/base/man_page.h"

namespace rhumb::base {

// The files bash/NAME, zsh/_NAME and fish/NAME.fish.
std::vector<NamedPage> completions(const ProgramTable& program);

}  // namespace rhumb::base
