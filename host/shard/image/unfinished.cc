#include "host/shard/image/unfinished.h"

#include "host/base/file.h"
#include "host/base/log.h"

namespace rhumb::shard {

using base::Status;

base::Result<std::string> begin_directory(const std::string& directory) {
  if (base::exists(directory)) return Status(base::Code::kExists, directory + " exists already");
  const std::string unfinished = directory + kUnfinishedSuffix;
  RHUMB_TRY(base::remove_all(unfinished));
  const Status made = base::make_dirs(unfinished);
  if (made.ok()) return unfinished;
  abandon_directory(directory);  // it may be there, but not durably
  return made;
}

Status finish_directory(const std::string& directory) {
  return base::rename_durable(directory + kUnfinishedSuffix, directory);
}

void abandon_directory(const std::string& directory) {
  for (const std::string& path : {directory, directory + kUnfinishedSuffix}) {
    const Status removed = base::remove_all(path);
    if (!removed.ok())
      base::log_warn("shard", "an unfinished directory was not removed",
                     {{"directory", path}, {"reason", removed.to_string()}});
  }
}

Status remove_unfinished(const std::string& parent) {
  if (!base::exists(parent)) return base::ok();
  RHUMB_ASSIGN(const auto names, base::list_dir(parent));
  for (const std::string& name : names) {
    if (!name.ends_with(kUnfinishedSuffix)) continue;
    base::log_info("shard", "removing an unfinished directory",
                   {{"directory", parent + "/" + name}});
    RHUMB_TRY(base::remove_all(parent + "/" + name));
  }
  return base::ok();
}

}  // namespace rhumb::shard
