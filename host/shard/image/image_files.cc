#include "host/shard/image/image_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/segment/format.h"

namespace rhumb::shard {

using base::File;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kSegmentsPrefix = "segments/";
constexpr uint64_t kCopyBytes = base::limits::kMiB;  // at once

// Calls `file` with the relative path of each regular file and `directory` after the files of each
// directory.
Status walk(const std::string& root, const std::string& inside,
            const std::function<void(const std::string&)>& file,
            const std::function<Status(const std::string&)>& directory) {
  RHUMB_ASSIGN(const auto names, base::list_dir(root + "/" + inside));
  for (const std::string& name : names) {
    const std::string path = inside + name, full = root + "/" + path;
    struct stat info {};
    if (::lstat(full.c_str(), &info) != 0) return base::io_error("cannot stat", full, errno);
    if (S_ISDIR(info.st_mode)) {
      RHUMB_TRY(walk(root, path + "/", file, directory));
    } else if (S_ISREG(info.st_mode)) {
      file(path);
    } else {
      return base::invalid(full + " is neither a file nor a directory");
    }
  }
  return directory(root + "/" + inside);
}

// Calls `use` with the parts of the file's first `bytes`.
Status read_parts(const File& file, uint64_t bytes, uint64_t at_once,
                  const std::function<Status(uint64_t, std::string_view)>& use) {
  std::string part;
  for (uint64_t at = 0; at < bytes; at += part.size()) {
    part.resize(std::min(at_once, bytes - at));
    RHUMB_TRY(file.read_at(at, part.data(), part.size()));
    RHUMB_TRY(use(at, part));
  }
  return base::ok();
}

}  // namespace

Result<std::vector<std::string>> list_files(const std::string& directory) {
  std::vector<std::string> paths;
  RHUMB_TRY(walk(
      directory, "", [&](const std::string& path) { paths.push_back(path); },
      [](const std::string&) { return base::ok(); }));
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool may_be_linked(std::string_view path) {
  if (!path.starts_with(kSegmentsPrefix)) return false;
  const size_t name = path.find('/', kSegmentsPrefix.size());
  return name != std::string_view::npos && segment::never_changes(path.substr(name + 1));
}

Status link_file(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return base::ok();
  switch (errno) {
    case EXDEV:   // another file system
    case EPERM:   // the file system has no links
    case EMLINK:  // the file has as many as it may have
    case ENOTSUP: {
      RHUMB_ASSIGN(const File file, File::open_ro(from));
      RHUMB_ASSIGN(const uint64_t bytes, file.size());
      return copy_file(from, to, bytes);
    }
    default:
      return base::io_error("cannot link " + from + " to", to, errno);
  }
}

Status copy_file(const std::string& from, const std::string& to, uint64_t bytes) {
  RHUMB_ASSIGN(const File source, File::open_ro(from));
  RHUMB_ASSIGN(File target, File::open_rw(to));
  RHUMB_TRY(read_parts(source, bytes, kCopyBytes, [&](uint64_t at, std::string_view part) {
    return target.write_at(at, part);
  }));
  return target.sync_data();
}

Result<FileSums> sum_file(const std::string& path, const std::function<bool()>& stop) {
  RHUMB_ASSIGN(const File file, File::open_ro(path));
  FileSums sums;
  RHUMB_ASSIGN(sums.bytes, file.size());
  RHUMB_TRY(read_parts(file, sums.bytes, kImageBlockBytes,
                       [&](uint64_t, std::string_view part) -> Status {
                         if (stop && stop()) return {base::Code::kCancelled, "stopping"};
                         sums.crcs.push_back(base::crc32c(part));
                         return base::ok();
                       }));
  return sums;
}

Status sync_file(const std::string& path) {
  RHUMB_ASSIGN(File file, File::open_ro(path));
  return file.sync_data();
}

Status sync_directories(const std::string& directory) {
  return walk(
      directory, "", [](const std::string&) {},
      [](const std::string& path) { return base::sync_dir(path); });
}

}  // namespace rhumb::shard
