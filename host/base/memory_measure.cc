#include "host/base/memory_measure.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>

namespace rhumb::base {
namespace {

constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

// The number at the start of a file. Returns kNone if there is no such file or it says "max".
uint64_t number_in(const std::string& path) {
  std::ifstream file(path);
  uint64_t number = 0;
  return file >> number ? number : kNone;
}

uint64_t machine_memory(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    uint64_t kib = 0;
    if (line.starts_with("MemTotal:") && std::sscanf(line.c_str() + 9, "%lu", &kib) == 1)
      return kib * 1024;
  }
  return kNone;
}

// The smallest limit of the group and of all groups above it.
uint64_t least_on_the_way_up(const std::string& mount, std::string group, const char* file) {
  if (group.find("..") != std::string::npos) group.clear();  // outside what this namespace sees
  uint64_t least = kNone;
  for (;;) {
    while (group.ends_with('/')) group.pop_back();
    least = std::min(least, number_in(mount + group + "/" + file));
    if (group.empty()) return least;
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
}

// Each line reads "hierarchy:controllers:group". Version 2 names no controllers.
uint64_t group_memory(const std::string& root, const std::string& process) {
  const std::string mount = root + "/sys/fs/cgroup";
  std::ifstream file(root + "/proc/" + process + "/cgroup");
  uint64_t least = kNone;
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",",
                      group = line.substr(second + 1);
    if (controllers == ",,")
      least = std::min(least, least_on_the_way_up(mount, group, "memory.max"));
    if (controllers.find(",memory,") != std::string::npos) {
      least =
          std::min(least, least_on_the_way_up(mount + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

class ProcFile {
 public:
  explicit ProcFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~ProcFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;
  std::string text() const {
    char bytes[256];
    const ssize_t n = ::pread(fd_, bytes, sizeof bytes, 0);
    return {bytes, static_cast<size_t>(std::max<ssize_t>(n, 0))};
  }

 private:
  const int fd_;
};

// Reads the first fields of a process's statm: all pages, resident pages, resident pages of files.
uint64_t anonymous_in(const ProcFile& statm) {
  static const auto page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  unsigned long resident = 0, of_files = 0;
  if (std::sscanf(statm.text().c_str(), "%*u %lu %lu", &resident, &of_files) != 2) return 0;
  return (resident - std::min(resident, of_files)) * page_bytes;
}

}  // namespace

uint64_t memory_there(const std::string& root, const std::string& process) {
  const uint64_t least = std::min(machine_memory(root), group_memory(root, process));
  return least == kNone ? 0 : least;
}

uint64_t anonymous_memory() {
  // The file stays open, because a process without free descriptors must still know what it uses.
  static const ProcFile statm("/proc/self/statm");
  return anonymous_in(statm);
}

uint64_t mapped_memory() {
  const auto page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  unsigned long of_files = 0;
  const std::string text = ProcFile("/proc/self/statm").text();
  return std::sscanf(text.c_str(), "%*u %*u %lu", &of_files) == 1 ? of_files * page_bytes : 0;
}

uint64_t anonymous_memory(const std::string& root) {
  return anonymous_in(ProcFile(root + "/proc/self/statm"));
}

}  // namespace rhumb::base
