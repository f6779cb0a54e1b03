#include "segment.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <random>
#include <system_error>

#include "rhumb/cpp/guard.h"

namespace rhumb::wal {
namespace {

constexpr std::string_view kSuffix = ".wal";
constexpr std::string_view kUnfinishedSuffix = ".wal.tmp";
constexpr mode_t kFileMode = 0640;

std::string path_of(const std::string& dir, uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof(name), "%016" PRIx64 ".wal", number);
  return dir + "/" + name;
}

uint64_t random_stamp() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

void throw_errno(const std::string& what, int os_errno) {
  const rhumb_status_t status =
      os_errno == ENOSPC || os_errno == EDQUOT ? RHUMB_NO_SPACE : RHUMB_IO;
  throw Error(status, what + ": " + std::generic_category().message(os_errno), os_errno);
}

void sync_directory(const std::string& dir) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_errno("cannot open directory " + dir, errno);
  const int rc = ::fsync(fd);
  const int saved = errno;
  ::close(fd);
  if (rc != 0) throw_errno("cannot sync directory " + dir, saved);
}

Segment::~Segment() {
  if (fd_ >= 0) ::close(fd_);
}

std::shared_ptr<Segment> Segment::create(const std::string& dir, uint64_t number,
                                         uint64_t capacity) {
  std::shared_ptr<Segment> segment(new Segment);
  segment->dir_ = dir;
  segment->path_ = path_of(dir, number);
  segment->header_ = {number, capacity, random_stamp(), kFormatVersion};
  const std::string unfinished = segment->path_ + ".tmp";
  segment->fd_ = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
  if (segment->fd_ < 0) throw_errno("cannot create " + unfinished, errno);
  int rc = 0;
  do rc = ::posix_fallocate(segment->fd_, 0, static_cast<off_t>(capacity));
  while (rc == EINTR);
  if (rc != 0) {
    ::unlink(unfinished.c_str());  // gives back the part that was allocated
    throw_errno("cannot allocate " + std::to_string(capacity) + " bytes for " + unfinished, rc);
  }
  segment->write(0, encode(segment->header_));
  // Fsync, because the size must survive a power cut, too.
  if (::fsync(segment->fd_) != 0) throw_errno("cannot sync " + unfinished, errno);
  if (::rename(unfinished.c_str(), segment->path_.c_str()) != 0)
    throw_errno("cannot rename " + unfinished, errno);
  sync_directory(dir);
  return segment;
}

std::shared_ptr<Segment> Segment::open(const std::string& dir, uint64_t number) {
  std::shared_ptr<Segment> segment(new Segment);
  segment->dir_ = dir;
  segment->path_ = path_of(dir, number);
  segment->fd_ = ::open(segment->path_.c_str(), O_RDWR | O_CLOEXEC);
  if (segment->fd_ < 0) throw_errno("cannot open " + segment->path_, errno);
  std::string bytes(kSegmentHeaderBytes, '\0');
  segment->read(0, bytes.data(), bytes.size());
  const auto header = decode_segment_header(bytes);
  if (!header || header->number != number)
    throw Error(RHUMB_CORRUPT, segment->path_ + " at offset 0: damaged segment header");
  if (header->version != kFormatVersion) {
    throw Error(RHUMB_UNSUPPORTED, segment->path_ + ": format version " +
                                       std::to_string(header->version) + ", expected " +
                                       std::to_string(kFormatVersion));
  }
  segment->header_ = *header;
  return segment;
}

void Segment::restamp() {
  header_.stamp = random_stamp();
  write(0, encode(header_));
  sync();
}

void Segment::write(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      throw_errno("cannot write " + path_ + " at offset " + std::to_string(offset),
                  n < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
}

void Segment::read(uint64_t offset, char* out, uint64_t n) const {
  uint64_t done = 0;
  while (done < n) {
    const ssize_t got = ::pread(fd_, out + done, n - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw_errno("cannot read " + path_ + " at offset " + std::to_string(offset + done), errno);
    if (got == 0)
      throw Error(RHUMB_CORRUPT,
                  path_ + " at offset " + std::to_string(offset + done) + ": the file ends here");
    done += static_cast<uint64_t>(got);
  }
}

void Segment::sync() {
  if (::fdatasync(fd_) != 0) throw_errno("cannot sync " + path_, errno);
}

void Segment::cut(uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0)
    throw_errno("cannot truncate " + path_, errno);
  sync();
}

void Segment::remove() {
  if (::unlink(path_.c_str()) != 0) throw_errno("cannot remove " + path_, errno);
  sync_directory(dir_);
}

uint64_t Segment::file_bytes() const {
  struct stat st {};
  if (::fstat(fd_, &st) != 0) throw_errno("cannot stat " + path_, errno);
  return static_cast<uint64_t>(st.st_size);
}

std::vector<Segment::Range> Segment::written_ranges() const {
  const uint64_t size = file_bytes();
  std::vector<Range> ranges;
  for (uint64_t at = 0; at < size;) {
    const off_t data = ::lseek(fd_, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // nothing more was written
    if (data < 0 && errno == EINVAL) return {{0, size}};
    const off_t hole = data < 0 ? data : ::lseek(fd_, data, SEEK_HOLE);
    if (hole < 0) throw_errno("cannot look for data in " + path_, errno);
    at = static_cast<uint64_t>(hole);
    ranges.push_back({static_cast<uint64_t>(data), at});
  }
  return ranges;
}

std::vector<uint64_t> list_segments(const std::string& dir) {
  std::vector<uint64_t> numbers;
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    const std::string name = file.path().filename().string();
    uint64_t number = 0;
    if (name.size() == 16 + kSuffix.size() && name.ends_with(kSuffix) &&
        std::sscanf(name.c_str(), "%16" SCNx64, &number) == 1) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void remove_unfinished(const std::string& dir) {
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    if (!file.path().filename().string().ends_with(kUnfinishedSuffix)) continue;
    if (::unlink(file.path().c_str()) != 0)
      throw_errno("cannot remove " + file.path().string(), errno);
  }
}

DirectoryLock::DirectoryLock(const std::string& dir) {
  const std::string path = dir + "/LOCK";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd_ < 0) throw_errno("cannot open " + path, errno);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int saved = errno;
    ::close(fd_);
    if (saved == EWOULDBLOCK)
      throw Error(RHUMB_DENIED, path + " is held by another process or instance", saved);
    throw_errno("cannot lock " + path, saved);
  }
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

}  // namespace rhumb::wal
