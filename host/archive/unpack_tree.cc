#include "host/archive/unpack_tree.h"

#include <sys/stat.h>

#include <cerrno>

#include "host/archive/tar_name.h"

namespace rhumb::archive {

using base::Code;
using base::Status;

namespace {

constexpr mode_t kDirectoryMode = 0750;

Status over(std::string_view what, uint64_t value, uint64_t limit) {
  return base::invalid("the archive has " + std::string(what) + " of " + std::to_string(value) +
                       ", over the limit of " + std::to_string(limit));
}

bool is_directory(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Status twice(std::string_view name) {
  return base::invalid("the archive has the name '" + shown_name(name) + "' twice");
}

}  // namespace

Status UnpackTree::count() {
  if (++entries_ > limits_.files)
    return over("a number of files and directories", entries_, limits_.files);
  return base::ok();
}

Status UnpackTree::make_directory(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  if (is_directory(path)) return base::ok();
  RHUMB_TRY(count());
  if (::mkdir(path.c_str(), kDirectoryMode) == 0) return base::ok();
  if (errno == EEXIST || errno == ENOTDIR) return twice(name);
  return base::io_error("cannot make the directory", path, errno);
}

Status UnpackTree::make_parents(const std::string& name) {
  for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
    RHUMB_TRY(make_directory(name.substr(0, slash)));
  return base::ok();
}

Status UnpackTree::directory(const std::string& name) {
  RHUMB_TRY(make_parents(name));
  return make_directory(name);
}

Status UnpackTree::file(const std::string& name, uint64_t size) {
  if (size > limits_.file_bytes)
    return over("'" + shown_name(name) + "' with a size", size, limits_.file_bytes);
  if (size > limits_.total_bytes - bytes_)
    return over("files with a total", bytes_ + size, limits_.total_bytes);
  RHUMB_TRY(count());
  if (admit_) RHUMB_TRY(admit_(name, size));
  RHUMB_TRY(make_parents(name));
  auto made = base::File::create_new(directory_ + "/" + name);
  if (!made.ok()) return made.status().code() == Code::kExists ? twice(name) : made.status();
  file_ = std::move(*made);
  RHUMB_ASSIGN(const uint64_t free, file_.free_bytes());
  if (free < limits_.reserve_bytes || size > free - limits_.reserve_bytes)
    return {Code::kNoSpace, "'" + shown_name(name) + "' in the archive needs " +
                                std::to_string(size) + " bytes; " + std::to_string(free) +
                                " are free, of which " + std::to_string(limits_.reserve_bytes) +
                                " stay free"};
  ++files_;
  bytes_ += size;
  at_ = 0;
  return base::ok();
}

Status UnpackTree::data(std::string_view bytes) {
  RHUMB_TRY(file_.write_at(at_, bytes));
  at_ += bytes.size();
  return base::ok();
}

Status UnpackTree::file_end() {
  RHUMB_TRY(file_.sync_data());
  file_.close();
  return base::ok();
}

Status UnpackTree::sync_below(const std::string& directory) {
  RHUMB_ASSIGN(const auto names, base::list_dir(directory));
  for (const std::string& name : names) {
    if (is_directory(directory + "/" + name)) RHUMB_TRY(sync_below(directory + "/" + name));
  }
  return base::sync_dir(directory);
}

}  // namespace rhumb::archive
