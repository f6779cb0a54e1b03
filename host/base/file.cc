#include "host/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace rhumb::base {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirMode = 0750;

std::string parent_of(const std::string& path) {
  std::filesystem::path p = std::filesystem::path(path).lexically_normal();
  if (!p.has_filename()) p = p.parent_path();  // "a/b/" names the directory b
  const std::string parent = p.parent_path().string();
  return parent.empty() ? "." : parent;
}

Result<int> open_fd(const std::string& path, int flags) {
  int fd = -1;
  do fd = ::open(path.c_str(), flags | O_CLOEXEC, kFileMode);
  while (fd < 0 && errno == EINTR);
  if (fd < 0 && errno == EEXIST) return Status(Code::kExists, path + " exists already");
  if (fd < 0 && errno == ENOENT) return not_found("cannot open " + path + ": no such file");
  if (fd < 0) return io_error("cannot open", path, errno);
  return fd;
}

}  // namespace

Status io_error(std::string_view what, const std::string& path, int os_errno) {
  const Code code = os_errno == ENOSPC || os_errno == EDQUOT ? Code::kNoSpace : Code::kIo;
  return {code, std::string(what) + " " + path + ": " + std::generic_category().message(os_errno)};
}

File::File(File&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

File::~File() { close(); }

void File::close() {
  // Only sync_data() promises durability, so a failing close() loses nothing that was promised.
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<File> File::open_rw(const std::string& path) {
  RHUMB_ASSIGN(const int fd, open_fd(path, O_RDWR | O_CREAT));
  File file;
  file.fd_ = fd;
  file.path_ = path;
  return file;
}

Result<File> File::open_ro(const std::string& path) {
  RHUMB_ASSIGN(const int fd, open_fd(path, O_RDONLY));
  File file;
  file.fd_ = fd;
  file.path_ = path;
  return file;
}

Result<File> File::create_new(const std::string& path) {
  RHUMB_ASSIGN(const int fd, open_fd(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW));
  File file;
  file.fd_ = fd;
  file.path_ = path;
  return file;
}

Result<uint64_t> File::size() const {
  struct stat st {};
  if (::fstat(fd_, &st) != 0) return io_error("cannot stat", path_, errno);
  return static_cast<uint64_t>(st.st_size);
}

Status File::write_at(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("cannot write", path_, errno);
    if (n == 0) return io_error("cannot write", path_, EIO);
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return ok();
}

Status File::read_at(uint64_t offset, char* out, size_t n) const {
  size_t done = 0;
  while (done < n) {
    const ssize_t got = ::pread(fd_, out + done, n - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("cannot read", path_, errno);
    if (got == 0) {
      return corrupt(path_ + " at offset " + std::to_string(offset) + ": wanted " +
                     std::to_string(n) + " bytes, the file ends after " + std::to_string(done));
    }
    done += static_cast<size_t>(got);
  }
  return ok();
}

Result<std::string> File::read_all() const {
  RHUMB_ASSIGN(const uint64_t bytes, size());
  std::string out(bytes, '\0');
  RHUMB_TRY(read_at(0, out.data(), out.size()));
  return out;
}

Status File::sync_data() {
  if (::fdatasync(fd_) != 0) return io_error("cannot sync", path_, errno);
  return ok();
}

Result<uint64_t> File::free_bytes() const {
  struct statvfs disk {};
  if (::fstatvfs(fd_, &disk) != 0) return io_error("cannot read the free space of", path_, errno);
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

Status File::allocate(uint64_t offset, uint64_t length) {
  // Where the file system cannot allocate, posix_fallocate writes zeros, so a later store never
  // meets a hole.
  int rc = 0;
  do rc = ::posix_fallocate(fd_, static_cast<off_t>(offset), static_cast<off_t>(length));
  while (rc == EINTR);
  if (rc != 0) return io_error("cannot allocate", path_, rc);
  return ok();
}

Status File::truncate(uint64_t size) {
  int rc = 0;
  do rc = ::ftruncate(fd_, static_cast<off_t>(size));
  while (rc != 0 && errno == EINTR);
  if (rc != 0) return io_error("cannot truncate", path_, errno);
  return ok();
}

Status make_dirs(const std::string& path) {
  std::filesystem::path so_far;
  for (const auto& part : std::filesystem::path(path).lexically_normal()) {
    so_far /= part;
    if (so_far.filename().empty()) continue;
    if (::mkdir(so_far.c_str(), kDirMode) == 0) {
      RHUMB_TRY(sync_dir(parent_of(so_far.string())));
    } else if (errno != EEXIST) {
      return io_error("cannot make directory", so_far.string(), errno);
    }
  }
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return io_error("cannot stat", path, errno);
  if (!S_ISDIR(st.st_mode)) return io_error("cannot make directory", path, ENOTDIR);
  return ok();
}

Status sync_dir(const std::string& path) {
  RHUMB_ASSIGN(const int fd, open_fd(path, O_RDONLY | O_DIRECTORY));
  const int rc = ::fsync(fd);
  const int saved = errno;
  ::close(fd);
  if (rc != 0) return io_error("cannot sync directory", path, saved);
  return ok();
}

Status write_file_atomic(const std::string& path, std::string_view bytes) {
  const std::string temp = path + ".tmp";
  RHUMB_ASSIGN(File file, File::open_rw(temp));
  RHUMB_TRY(file.truncate(0));
  RHUMB_TRY(file.write_at(0, bytes));
  RHUMB_TRY(file.sync_data());
  file.close();
  return rename_durable(temp, path);
}

Status rename_durable(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return io_error("cannot rename " + from + " to", to, errno);
  RHUMB_TRY(sync_dir(parent_of(to)));
  if (parent_of(from) != parent_of(to)) RHUMB_TRY(sync_dir(parent_of(from)));
  return ok();
}

Result<std::string> read_file(const std::string& path, uint64_t max_bytes) {
  RHUMB_ASSIGN(File file, File::open_ro(path));
  RHUMB_ASSIGN(const uint64_t bytes, file.size());
  if (bytes > max_bytes) {
    return Status(Code::kTooLarge, path + " has " + std::to_string(bytes) + " bytes; at most " +
                                       std::to_string(max_bytes) + " are read");
  }
  return file.read_all();
}

Status remove_all(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return io_error("cannot remove", path, error.value());
  return ok();
}

Result<std::vector<std::string>> list_dir(const std::string& path) {
  std::error_code error;
  std::filesystem::directory_iterator it(path, error);
  if (error == std::errc::no_such_file_or_directory)
    return not_found("cannot list " + path + ": no such directory");
  if (error) return io_error("cannot list", path, error.value());
  std::vector<std::string> names;
  for (const std::filesystem::directory_iterator end; it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
    if (error) break;
  }
  if (error) return io_error("cannot list", path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace rhumb::base
