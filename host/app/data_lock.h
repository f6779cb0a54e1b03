// Lets one server at a time use a data directory: an advisory lock on <data>/lock, which is held as
// long as the process lives.
#pragma once

#include <string>

#include "host/base/status.h"

namespace rhumb::app {

class DataLock {
 public:
  DataLock() = default;
  DataLock(const DataLock&) = delete;
  DataLock& operator=(const DataLock&) = delete;
  ~DataLock();
  // Makes the directory if it is missing. kUnavailable names the directory and the process that
  // holds the lock.
  base::Status acquire(const std::string& directory);

 private:
  int fd_ = -1;
};

}  // namespace rhumb::app
