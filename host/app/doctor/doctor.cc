#include "host/app/doctor/doctor.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/app/service.h"

namespace rhumb::app::doctor {
namespace {

// The server's own user, the user of the package if its configuration is examined, or this one.
uid_t server_user(const Subject& subject) {
  struct stat info {};
  if (subject.server != 0 && ::stat(subject.process().c_str(), &info) == 0) return info.st_uid;
  if (subject.config_file == service_config_file()) {
    if (const passwd* entry = ::getpwnam("rhumb"); entry != nullptr) return entry->pw_uid;
  }
  return ::geteuid();
}

}  // namespace

Findings examine(Subject subject, const base::Status& configuration) {
  Findings findings;
  if (configuration.ok()) {
    subject.server = lock_holder(subject.root, subject.settings.node.data_dir);
    subject.user = server_user(subject);
    check_config(subject, findings);
    check_plugins(subject, findings);
    check_data_directory(subject, findings);
    check_disk(subject, findings);
    check_port(subject, findings);
    check_memory(subject, findings);
  } else {
    findings.fail("config", configuration.message(),
                  "Correct this key; rhumbd --print-config shows every key with its values. The "
                  "data directory, plugins, port and memory are checked after that.");
  }
  check_limits(subject, findings);
  check_machine(subject, findings);
  return findings;
}

}  // namespace rhumb::app::doctor
