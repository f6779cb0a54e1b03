// Reports how much memory this process may use and how much it uses. Everything is read from the
// system's own files below `root`, which tests replace.
#pragma once

#include <cstdint>
#include <string>

namespace rhumb::base {

// The smaller of the machine's memory and the limits of this process's control groups. Both
// versions of control groups count, and so does every parent group, because a container may see
// only the outermost one. Returns 0 if the system does not report a limit. `process` is the
// number of another process, whose groups count then.
uint64_t memory_there(const std::string& root = "", const std::string& process = "self");

// Resident memory that no file backs, so the system cannot reclaim it by itself. Takes microseconds
// and waits for no lock. Returns 0 if the system does not report it.
uint64_t anonymous_memory();
uint64_t anonymous_memory(const std::string& root);
// Resident pages of files, which the system can reclaim.
uint64_t mapped_memory();

}  // namespace rhumb::base
