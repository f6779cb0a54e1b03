// The checks of the doctor: one function for each thing that they look at, and what they share.
#pragma once

#include <sys/types.h>

#include <string>

#include "host/app/doctor/findings.h"
#include "host/settings/settings.h"

namespace rhumb::app::doctor {

// What the checks look at.
struct Subject {
  settings::Settings settings;
  std::string config_file;  // empty: the defaults, the environment and the command line alone
  bool insecure = false;
  std::string root = {};  // where proc/ and sys/ lie; tests plant their own
  pid_t server = 0;       // the process that has the data directory open; 0: none
  uid_t user = 0;         // the user that the server runs or would run as

  // The directory in proc/ of the process whose limits count: the server or this program.
  std::string process() const;
};

void check_config(const Subject& subject, Findings& findings);
void check_plugins(const Subject& subject, Findings& findings);
void check_data_directory(const Subject& subject, Findings& findings);
void check_disk(const Subject& subject, Findings& findings);
void check_port(const Subject& subject, Findings& findings);
void check_memory(const Subject& subject, Findings& findings);
void check_limits(const Subject& subject, Findings& findings);
void check_machine(const Subject& subject, Findings& findings);

// The process that holds the lock of a data directory; 0 if none does or it cannot be seen.
pid_t lock_holder(const std::string& root, const std::string& data_directory);
// Whether the user may do this (R_OK, W_OK, X_OK) to the file, by owner, group and mode. For the
// running user the system is asked, which also knows of read-only file systems.
bool may(uid_t user, const std::string& path, int access);
std::string user_name(uid_t user);
std::string size_text(uint64_t bytes);  // "1.5 GiB"
// The text of a file below `root`, or "" if it cannot be read.
std::string read_text(const std::string& path);

}  // namespace rhumb::app::doctor
