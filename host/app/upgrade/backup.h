// The backup of a data directory that an upgrade makes first, and the way back to it. Each function
// but read_state() needs the lock of the data directory.
//
//   upgrade-backup.tmp/   a backup that is being made or removed; every start removes it
//   upgrade-backup/       a whole backup: what the directory held before the upgrade
//   upgrade-rollback/     a backup that is being put back; no server starts until that is done
//
// A directory gets its name by one rename, after everything in it is durable. So after a kill or a
// power cut at any step there is no backup or a whole one, and making it changes no other file.
#pragma once

#include <optional>
#include <string>

#include "host/app/upgrade/backup_tree.h"
#include "host/base/status.h"

namespace rhumb::app::upgrade {

inline constexpr uint32_t kBackupFormat = 1;  // of upgrade-backup/manifest

struct Backup {
  std::string made;     // time, in UTC
  std::string release;  // that made it, before it upgraded the directory
  TreeSize size;
};

struct State {
  std::optional<Backup> backup;
  bool rollback_cut_short = false;
  size_t older_manifests = 0;
  TreeSize next;  // if there are older manifests and no backup: what the next start backs up
};

// Changes nothing, and may run beside a server.
base::Result<State> read_state(const std::string& directory);

// For a start, before anything in the directory is changed: makes a backup if something in the
// directory has an older format. A backup that is there is kept, because it is from before the
// upgrade began, unless nothing was upgraded since it was made. kUnavailable if a rollback was cut
// short, kNoSpace if the backup does not fit.
base::Status prepare(const std::string& directory);

// Puts the backup back, or goes on with that. kNotFound if there is none.
base::Status roll_back(const std::string& directory);
// Removes the backup. kNotFound if there is none.
base::Status commit(const std::string& directory);

}  // namespace rhumb::app::upgrade
