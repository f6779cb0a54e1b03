#include "host/app/doctor/check.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "host/base/limits.h"

namespace rhumb::app::doctor {

std::string Subject::process() const {
  return root + "/proc/" + (server == 0 ? "self" : std::to_string(server));
}

// /proc/locks has lines like "1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF". Taking the lock to
// see whether it is free could keep a server from starting.
pid_t lock_holder(const std::string& root, const std::string& data_directory) {
  struct stat info {};
  if (::stat((data_directory + "/lock").c_str(), &info) != 0) return 0;
  std::istringstream locks(read_text(root + "/proc/locks"));
  for (std::string line; std::getline(locks, line);) {
    int pid = 0;
    unsigned long inode = 0;
    if (std::sscanf(line.c_str(), "%*d: FLOCK %*s WRITE %d %*x:%*x:%lu", &pid, &inode) == 2 &&
        inode == info.st_ino)
      return pid;
  }
  return 0;
}

bool may(uid_t user, const std::string& path, int access) {
  if (user == ::geteuid()) return ::faccessat(AT_FDCWD, path.c_str(), access, AT_EACCESS) == 0;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return false;
  if (user == 0) return true;
  const passwd* entry = ::getpwuid(user);
  const mode_t bits = info.st_uid == user                                ? info.st_mode >> 6
                      : entry != nullptr && info.st_gid == entry->pw_gid ? info.st_mode >> 3
                                                                         : info.st_mode;
  return (static_cast<int>(bits) & access) == access;
}

std::string user_name(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry == nullptr ? "user " + std::to_string(user) : entry->pw_name;
}

std::string size_text(uint64_t bytes) {
  char text[32];
  if (bytes >= base::limits::kGiB)
    std::snprintf(text, sizeof(text), "%.1f GiB", static_cast<double>(bytes) / (1ull << 30));
  else
    std::snprintf(text, sizeof(text), "%.1f MiB", static_cast<double>(bytes) / (1ull << 20));
  return text;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

}  // namespace rhumb::app::doctor
