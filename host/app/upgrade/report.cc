#include "host/app/upgrade/report.h"

#include "host/app/data_lock.h"
#include "host/app/upgrade/backup.h"
#include "host/base/file.h"

namespace rhumb::app::upgrade {
namespace {

std::string size_words(const TreeSize& size) {
  return std::to_string(size.linked_files) + " files as links and " +
         std::to_string(size.copied_files) + " as copies, " + std::to_string(size.copied_bytes) +
         " bytes";
}

base::Result<std::string> status_words(const std::string& directory) {
  RHUMB_ASSIGN(const State state, read_state(directory));
  if (state.rollback_cut_short)
    return "A rollback of " + directory +
           " was cut short, and no server starts before it is done."
           "\nrhumbd upgrade --rollback " +
           directory + " goes on with it.\n";
  if (state.backup)
    return directory + "/upgrade-backup holds what was there before release " +
           state.backup->release + " upgraded the directory at " + state.backup->made + " (" +
           size_words(state.backup->size) + ").\nrhumbd upgrade --rollback " + directory +
           " puts it back; what was written since then is lost.\nrhumbd upgrade --commit " +
           directory + " removes it; then there is no way back.\n";
  if (state.older_manifests > 0)
    return directory + " is of an older format. The next start makes a backup (" +
           size_words(state.next) + ") and upgrades it.\n";
  return directory + " is of the format of this release, and there is no backup of an upgrade.\n";
}

base::Result<std::string> rollback_words(const std::string& directory) {
  RHUMB_ASSIGN(const State before, read_state(directory));
  RHUMB_TRY(roll_back(directory));
  const std::string when = before.backup ? before.backup->made : "the upgrade";
  return directory + " is as it was before " + when +
         ". What was written since then is lost.\nInstall the older release before the next start, "
         "because this one would upgrade the directory again.\n";
}

}  // namespace

base::Result<std::string> carry_out(Action action, const std::string& directory) {
  // The lock would make the directory.
  if (!base::exists(directory + "/shards") && !base::exists(directory + "/upgrade-rollback"))
    return base::invalid(directory + " is not a data directory");
  if (action == Action::kStatus) return status_words(directory);
  DataLock lock;
  RHUMB_TRY(lock.acquire(directory).within("stop the server first"));
  if (action == Action::kRollback) return rollback_words(directory);
  RHUMB_TRY(commit(directory));
  return "The backup in " + directory + " is removed. There is no way back to the older format.\n";
}

}  // namespace rhumb::app::upgrade
