#include "host/app/data_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "host/base/file.h"

namespace rhumb::app {

DataLock::~DataLock() {
  if (fd_ >= 0) close(fd_);
}

base::Status DataLock::acquire(const std::string& directory) {
  RHUMB_TRY(base::make_dirs(directory));
  const std::string path = directory + "/lock";
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0) return base::io_error("open", path, errno);
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t n = pread(fd_, holder, sizeof(holder) - 1, 0);
    const std::string who =
        n > 1 ? "process " + std::string(holder, static_cast<size_t>(n - 1)) : "another process";
    return {base::Code::kUnavailable, "the data directory " + directory + " is in use by " + who};
  }
  char text[32];
  const int n = std::snprintf(text, sizeof(text), "%d\n", static_cast<int>(getpid()));
  if (ftruncate(fd_, 0) != 0 || pwrite(fd_, text, static_cast<size_t>(n), 0) != n)
    return base::io_error("write", path, errno);
  return base::ok();
}

}  // namespace rhumb::app
