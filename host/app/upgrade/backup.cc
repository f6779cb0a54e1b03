#include "host/app/upgrade/backup.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>

#include "host/app/upgrade/formats.h"
#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/utc.h"
#include "host/base/version.h"

namespace rhumb::app::upgrade {
namespace {

using base::Code;
using base::Result;
using base::Status;
using nlohmann::json;

constexpr char kBackup[] = "/upgrade-backup", kTemporary[] = "/upgrade-backup.tmp",
               kRollback[] = "/upgrade-rollback", kManifest[] = "/manifest";
constexpr uint64_t kMaxManifestBytes = 64 * base::limits::kKiB;

Status write_manifest(const std::string& backup, const std::string& directory,
                      const TreeSize& size) {
  json document = {{"format", kBackupFormat},
                   {"made", base::utc_text(std::time(nullptr))},
                   {"release", base::kRhumbVersion},
                   {"linked_files", size.linked_files},
                   {"copied_files", size.copied_files},
                   {"copied_bytes", size.copied_bytes},
                   {"parts", json::array()}};
  for (const std::string_view part : kParts)
    if (base::exists(directory + "/" + std::string(part))) document["parts"].push_back(part);
  return base::write_file_atomic(backup + kManifest, document.dump(1) + "\n");
}

Result<json> read_manifest(const std::string& backup) {
  const std::string path = backup + kManifest;
  RHUMB_ASSIGN(const std::string text, base::read_file(path, kMaxManifestBytes));
  json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("format") || !document.contains("parts"))
    return base::corrupt(path + " at offset 0: not the manifest of a backup");
  if (document["format"] != kBackupFormat)
    return base::unsupported(path + ": format " + document["format"].dump() +
                             ", this release reads " + std::to_string(kBackupFormat));
  return document;
}

Result<Backup> read_backup(const std::string& path) {
  RHUMB_ASSIGN(const json document, read_manifest(path));
  try {
    return Backup{
        document.at("made").get<std::string>(),
        document.at("release").get<std::string>(),
        {document.at("linked_files").get<uint64_t>(), document.at("copied_files").get<uint64_t>(),
         document.at("copied_bytes").get<uint64_t>()}};
  } catch (const json::exception& error) {
    return base::corrupt(path + kManifest + ": " + error.what());
  }
}

Status check_space(const std::string& directory) {
  RHUMB_ASSIGN(const TreeSize needed, measure_parts(directory));
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) != 0)
    return base::io_error("cannot read the free space of", directory, errno);
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (needed.copied_bytes < free) return base::ok();
  return {Code::kNoSpace, "the upgrade of " + directory + " first makes a backup of " +
                              std::to_string(needed.copied_bytes) + " bytes, and " +
                              std::to_string(free) + " bytes are free. Nothing was changed"};
}

Status make_backup(const std::string& directory) {
  RHUMB_TRY(check_space(directory));
  base::log_info("app", "a backup is made before the upgrade", {{"directory", directory}});
  const std::string temporary = directory + kTemporary, backup = directory + kBackup;
  // A backup that is there is of the same data, and is never seen when half of it is removed.
  if (base::exists(backup)) RHUMB_TRY(base::rename_durable(backup, temporary));
  RHUMB_TRY(base::remove_all(temporary));
  RHUMB_TRY(base::make_dirs(temporary));
  RHUMB_ASSIGN(const TreeSize size, copy_parts(directory, temporary));
  RHUMB_TRY(write_manifest(temporary, directory, size));
  RHUMB_TRY(base::rename_durable(temporary, backup));
  base::log_info("app", "the backup is made; rhumbd upgrade --commit removes it",
                 {{"backup", backup},
                  {"linked_files", size.linked_files},
                  {"copied_files", size.copied_files},
                  {"copied_bytes", size.copied_bytes}});
  return base::ok();
}

Status no_backup(const std::string& directory) {
  return base::not_found(directory + " has no backup of an upgrade");
}

}  // namespace

Result<State> read_state(const std::string& directory) {
  State state;
  state.older_manifests = count_formats(directory).older;
  state.rollback_cut_short = base::exists(directory + kRollback);
  const std::string backup = directory + (state.rollback_cut_short ? kRollback : kBackup);
  if (base::exists(backup + kManifest)) {
    RHUMB_ASSIGN(state.backup, read_backup(backup));
  } else if (state.older_manifests > 0) {
    RHUMB_ASSIGN(state.next, measure_parts(directory));
  }
  return state;
}

Status prepare(const std::string& directory) {
  if (base::exists(directory + kRollback))
    return {Code::kUnavailable, "a rollback of " + directory +
                                    " was cut short. Run: rhumbd upgrade --rollback " + directory};
  RHUMB_TRY(base::remove_all(directory + kTemporary));
  const FormatCounts counts = count_formats(directory);
  if (counts.older == 0) return base::ok();
  // Without any manifest of the newest format, nothing was upgraded since a backup was made, and an
  // older release may have written in the meantime.
  if (base::exists(directory + kBackup) && counts.newest > 0) return base::ok();
  return make_backup(directory).within("backup before the upgrade");
}

Status roll_back(const std::string& directory) {
  const std::string from = directory + kRollback;
  if (!base::exists(from)) {
    if (!base::exists(directory + kBackup)) return no_backup(directory);
    RHUMB_TRY(read_manifest(directory + kBackup).status());
    RHUMB_TRY(base::rename_durable(directory + kBackup, from));
  }
  // Without its manifest, everything was put back and the rest was being removed.
  if (base::exists(from + kManifest)) {
    RHUMB_ASSIGN(const json manifest, read_manifest(from));
    for (const std::string_view name : kParts) {
      const std::string part = "/" + std::string(name);
      const auto& parts = manifest["parts"];
      const bool listed = std::find(parts.begin(), parts.end(), name) != parts.end();
      const bool waits = base::exists(from + part);
      if (listed && !waits) continue;  // it was put back before this call
      RHUMB_TRY(base::remove_all(directory + part));
      if (waits) RHUMB_TRY(base::rename_durable(from + part, directory + part));
    }
  }
  RHUMB_TRY(base::sync_dir(directory));
  RHUMB_TRY(base::remove_all(from));
  return base::sync_dir(directory);
}

Status commit(const std::string& directory) {
  if (base::exists(directory + kRollback))
    return {Code::kUnavailable, "a rollback of " + directory +
                                    " was cut short. Run: rhumbd upgrade --rollback " + directory};
  if (!base::exists(directory + kBackup)) return no_backup(directory);
  RHUMB_TRY(base::remove_all(directory + kTemporary));
  RHUMB_TRY(base::rename_durable(directory + kBackup, directory + kTemporary));
  RHUMB_TRY(base::remove_all(directory + kTemporary));
  return base::sync_dir(directory);
}

}  // namespace rhumb::app::upgrade
