#include "host/base/direct_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "host/base/file.h"

namespace rhumb::base {
namespace {

int open_for_reading(const std::string& path, int flags) {
  int fd = -1;
  do fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

void DirectFile::Free::operator()(char* memory) const { std::free(memory); }

DirectFile::DirectFile(DirectFile&& other) noexcept { *this = std::move(other); }

DirectFile& DirectFile::operator=(DirectFile&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = std::exchange(other.fd_, -1);
  path_ = std::move(other.path_);
  inode_ = other.inode_;
  piece_bytes_ = other.piece_bytes_;
  buffer_ = std::move(other.buffer_);
  return *this;
}

DirectFile::~DirectFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<DirectFile> DirectFile::open(const std::string& path, uint64_t piece_bytes) {
  DirectFile file;
  file.path_ = path;
  file.fd_ = open_for_reading(path, O_DIRECT);
  if (file.fd_ < 0 && errno == EINVAL) file.fd_ = open_for_reading(path, 0);  // tmpfs and others
  if (file.fd_ < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
    return Status(Code::kBusy, io_error("cannot open", path, errno).message());
  if (file.fd_ < 0 && errno == ENOENT) return not_found("cannot open " + path + ": no such file");
  if (file.fd_ < 0) return io_error("cannot open", path, errno);
  struct stat known {};
  if (::fstat(file.fd_, &known) != 0) return io_error("cannot look at", path, errno);
  file.inode_ = {known.st_dev, known.st_ino, known.st_nlink};
  file.piece_bytes_ = piece_bytes;
  file.buffer_.reset(static_cast<char*>(std::aligned_alloc(kAlignment, piece_bytes)));
  if (file.buffer_ == nullptr) return Status(Code::kMemoryFull, "no memory to read " + path);
  return file;
}

Result<std::string_view> DirectFile::read(uint64_t offset, uint64_t bytes) {
  RHUMB_ASSERT(offset % kAlignment == 0 && bytes <= piece_bytes_);
  const uint64_t whole = std::min((bytes + kAlignment - 1) / kAlignment * kAlignment, piece_bytes_);
  ssize_t got = -1;
  do got = ::pread(fd_, buffer_.get(), whole, static_cast<off_t>(offset));
  while (got < 0 && errno == EINTR);
  if (got < 0) return io_error("cannot read", path_, errno);
  return std::string_view(buffer_.get(), std::min(static_cast<uint64_t>(got), bytes));
}

}  // namespace rhumb::base
