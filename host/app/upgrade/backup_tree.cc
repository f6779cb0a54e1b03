#include "host/app/upgrade/backup_tree.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/segment/format.h"
#include "host/segment/manifest.h"

namespace rhumb::app::upgrade {
namespace {

using base::Result;
using base::Status;

constexpr uint64_t kCopyBytes = base::limits::kMiB;  // at once

bool is_sealed_segment(const std::string& directory) {
  const auto text = base::read_file(directory + "/" + segment::kManifestFile,
                                    base::limits::kMaxSegmentManifestBytes);
  if (!text.ok()) return false;
  const auto document = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  return document.is_object() && document.contains("segment") &&
         document.value("state", "") == segment::state_name(segment::State::kSealed);
}

Status copy_file(const std::string& from, const std::string& to, uint64_t& bytes) {
  RHUMB_ASSIGN(const base::File source, base::File::open_ro(from));
  RHUMB_ASSIGN(base::File target, base::File::open_rw(to));
  RHUMB_ASSIGN(const uint64_t size, source.size());
  std::string part;
  for (uint64_t at = 0; at < size; at += part.size()) {
    part.resize(std::min(kCopyBytes, size - at));
    RHUMB_TRY(source.read_at(at, part.data(), part.size()));
    RHUMB_TRY(target.write_at(at, part));
  }
  bytes += size;
  return target.sync_data();
}

// Walks one part. Without `to` it only counts.
class Walk {
 public:
  explicit Walk(bool counts_only) : counts_only_(counts_only) {}

  // `inside` is the path below the sealed segment that the directory belongs to, with a slash at
  // its end; empty for that segment's own directory.
  Status directory(const std::string& from, const std::string& to, bool sealed,
                   const std::string& inside) {
    if (!counts_only_) RHUMB_TRY(base::make_dirs(to));
    RHUMB_ASSIGN(const auto names, base::list_dir(from));
    for (const std::string& name : names) {
      const std::string source = from + "/" + name, target = to + "/" + name;
      struct stat info {};
      if (::lstat(source.c_str(), &info) != 0) return base::io_error("cannot stat", source, errno);
      if (S_ISDIR(info.st_mode)) {
        const bool begins = !sealed && is_sealed_segment(source);
        RHUMB_TRY(directory(source, target, sealed || begins, begins ? "" : inside + name + "/"));
      } else if (S_ISREG(info.st_mode)) {
        RHUMB_TRY(file(source, target, sealed && segment::never_changes(inside + name),
                       static_cast<uint64_t>(info.st_size)));
      } else {
        return base::invalid(source + " is neither a file nor a directory");
      }
    }
    return counts_only_ ? base::ok() : base::sync_dir(to);
  }

  const TreeSize& size() const { return size_; }

 private:
  Status file(const std::string& from, const std::string& to, bool may_link, uint64_t bytes) {
    if (may_link && (counts_only_ || ::link(from.c_str(), to.c_str()) == 0)) {
      ++size_.linked_files;
      return base::ok();
    }
    ++size_.copied_files;
    if (!counts_only_) return copy_file(from, to, size_.copied_bytes);
    size_.copied_bytes += bytes;
    return base::ok();
  }

  const bool counts_only_;
  TreeSize size_;
};

Result<TreeSize> walk_parts(const std::string& from, const std::string& to, bool counts_only) {
  Walk walk(counts_only);
  for (const std::string_view part : kParts) {
    const std::string source = from + "/" + std::string(part);
    if (!base::exists(source)) continue;
    RHUMB_TRY(walk.directory(source, to + "/" + std::string(part), false, ""));
  }
  return walk.size();
}

}  // namespace

Result<TreeSize> measure_parts(const std::string& from) { return walk_parts(from, "", true); }

Result<TreeSize> copy_parts(const std::string& from, const std::string& to) {
  return walk_parts(from, to, false);
}

}  // namespace rhumb::app::upgrade
