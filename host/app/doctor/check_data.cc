// The data directory and the disk under it.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "host/app/doctor/check.h"
#include "host/app/upgrade/formats.h"
#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/shard/options.h"

namespace rhumb::app::doctor {
namespace {

// The directory itself, or the nearest one above it that exists.
std::string existing(const std::string& directory) {
  std::error_code error;
  auto path = std::filesystem::absolute(directory, error).lexically_normal();
  while (!std::filesystem::exists(path, error) && path.has_relative_path())
    path = path.parent_path();
  return path.string();
}

// True if the owner and the mode fit.
bool check_owner(const Subject& subject, const std::string& directory, Findings& findings) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) return true;
  const std::string user = user_name(subject.user);
  const std::string take = "chown -R " + user + " " + directory;
  if (!S_ISDIR(info.st_mode)) {
    findings.fail("data directory", directory + " is not a directory",
                  "Set node.data_dir to a directory");
    return false;
  }
  if (!may(subject.user, directory, R_OK | W_OK | X_OK)) {
    findings.fail(
        "data directory",
        directory + " belongs to " + user_name(info.st_uid) + ", and " + user + " cannot write it",
        take + ", or mount its file system for writing");
    return false;
  }
  bool fits = true;
  if (info.st_uid != subject.user) {
    findings.warn(
        "data directory",
        directory + " belongs to " + user_name(info.st_uid) + ", but rhumbd runs as " + user,
        take + ", or run this command as the user that rhumbd runs as");
    fits = false;
  }
  if ((info.st_mode & (S_IROTH | S_IWOTH | S_IXOTH)) != 0) {
    findings.warn("data directory", directory + " can be reached by every user of this machine",
                  "chmod o= " + directory);
    fits = false;
  }
  return fits;
}

void check_lock(const Subject& subject, const std::string& directory, Findings& findings) {
  if (subject.server != 0)
    findings.ok("lock", "process " + std::to_string(subject.server) + " serves " + directory);
  else if (base::exists(directory + "/lock") && !may(subject.user, directory + "/lock", W_OK))
    findings.fail("lock", directory + "/lock cannot be written by " + user_name(subject.user),
                  "chown " + user_name(subject.user) + " " + directory + "/lock");
  else
    findings.ok("lock", "no server has " + directory + " open");
}

void check_log_directory(const Subject& subject, const std::string& directory, Findings& findings) {
  const std::string log = directory + "/log";
  if (!base::exists(log)) return;
  if (may(subject.user, log, R_OK | W_OK | X_OK))
    findings.ok("log directory", log + " can be written by " + user_name(subject.user));
  else
    findings.fail("log directory", log + " cannot be written by " + user_name(subject.user),
                  "chown -R " + user_name(subject.user) + " " + log);
}

void check_formats(const std::string& directory, Findings& findings) {
  const auto manifests = upgrade::manifests(directory);
  for (const upgrade::ManifestFile& manifest : manifests) {
    const auto format = upgrade::read_format(manifest);
    if (!format.ok())
      return findings.fail("data format", format.status().message(),
                           "Use the release that wrote it. If no other release did, stop the "
                           "server and run: rhumbd check " +
                               directory);
  }
  if (!base::exists(directory + "/shards")) return;  // before the first start
  findings.ok("data format",
              std::to_string(manifests.size()) + " manifests of shards and segments are read");
}

struct FileSystem {
  uint64_t magic;
  const char* name;
  const char* why;  // not to use it; nullptr if there is no reason
};
constexpr const char* kNetwork =
    "what is synced may be lost when the other side fails, and is slow";
constexpr FileSystem kFileSystems[] = {
    {0x6969, "NFS", kNetwork},
    {0xFF534D42, "CIFS", kNetwork},
    {0xFE534D42, "SMB", kNetwork},
    {0x00C36400, "Ceph", kNetwork},
    {0x01021997, "9P", kNetwork},
    {0x65735546, "FUSE", "its fsync is only as good as the program behind it"},
    {0x794C7630, "overlay", "it is removed with its container, and is slow"},
    {0x01021994, "tmpfs", "it is memory, so a restart of the machine loses all data"},
    {0x858458F6, "ramfs", "it is memory, so a restart of the machine loses all data"},
    {0xEF53, "ext4", nullptr},
    {0x58465342, "XFS", nullptr},
    {0x9123683E, "Btrfs", nullptr},
    {0x2FC12FC1, "ZFS", nullptr},
    {0xF2F52010, "F2FS", nullptr},
};

void check_file_system(const std::string& place, Findings& findings) {
  struct statfs disk {};
  if (::statfs(place.c_str(), &disk) != 0) return;
  const auto magic = static_cast<uint64_t>(static_cast<uint32_t>(disk.f_type));
  const auto* const known = std::find_if(std::begin(kFileSystems), std::end(kFileSystems),
                                         [&](const FileSystem& f) { return f.magic == magic; });
  if (known == std::end(kFileSystems)) {
    char text[32];
    std::snprintf(text, sizeof(text), "%#lx", static_cast<unsigned long>(magic));
    findings.ok("file system", place + " is on a file system of type " + text);
  } else if (known->why == nullptr) {
    findings.ok("file system", place + " is on " + known->name);
  } else {
    findings.warn("file system", place + " is on " + known->name + ": " + known->why,
                  "Set node.data_dir to a directory on a local disk with ext4 or XFS (in a "
                  "container: a volume)");
  }
}

void check_space(const Subject& subject, const std::string& place, Findings& findings) {
  struct statvfs disk {};
  if (::statvfs(place.c_str(), &disk) != 0) return;
  const shard::ShardOptions defaults;
  const uint64_t total = disk.f_blocks * disk.f_frsize, free = disk.f_bavail * disk.f_frsize;
  const uint64_t reserve =
      std::min(defaults.disk_reserve_bytes, total / defaults.disk_reserve_divisor);
  const std::string found = size_text(free) + " of " + size_text(total) + " are free at " + place;
  const std::string room =
      "Delete collections, remove files that are not of Rhumb, or enlarge the "
      "disk";
  if (free < reserve)
    findings.fail(
        "free space",
        found + "; below " + size_text(reserve) + " all writes except deletions get a 507", room);
  else if (free < reserve + subject.settings.storage.log_bytes)
    findings.warn("free space",
                  found + ", and the log alone may take " +
                      size_text(subject.settings.storage.log_bytes) + " (storage.log_bytes)",
                  room + ", or lower storage.log_bytes");
  else
    findings.ok("free space", found);
}

}  // namespace

void check_data_directory(const Subject& subject, Findings& findings) {
  const std::string& directory = subject.settings.node.data_dir;
  if (!base::exists(directory)) {
    const std::string above = existing(directory);
    if (may(subject.user, above, W_OK | X_OK))
      findings.ok("data directory", directory + " does not exist yet; the first start makes it");
    else
      findings.fail("data directory",
                    directory + " does not exist, and " + user_name(subject.user) +
                        " cannot make it in " + above,
                    "install -d -m 0750 -o " + user_name(subject.user) + " " + directory);
    return;
  }
  if (check_owner(subject, directory, findings))
    findings.ok("data directory", directory + " belongs to " + user_name(subject.user));
  check_lock(subject, directory, findings);
  check_log_directory(subject, directory, findings);
  check_formats(directory, findings);
}

void check_disk(const Subject& subject, Findings& findings) {
  const std::string place = existing(subject.settings.node.data_dir);
  check_file_system(place, findings);
  check_space(subject, place, findings);
}

}  // namespace rhumb::app::doctor
