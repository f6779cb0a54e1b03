// What memory there is for this process and what it uses. All of it is read from the system's own
// files below `root`, which tests replace.
#pragma once

#include <cstdint>
#include <string>

namespace rhumb::base {

// The least of the machine's memory and what the control groups of this process allow (version 2
// and version 1, every group on the way up: within a container only the outermost may be seen). 0:
// the system does not say.
uint64_t memory_there(const std::string& root = "");

// Resident memory that belongs to no file: what the system cannot take back by itself.
// Microseconds; no lock is waited for. 0: the system does not say.
uint64_t anonymous_memory();
uint64_t anonymous_memory(const std::string& root);

}  // namespace rhumb::base
