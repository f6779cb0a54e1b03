// Writes the files of an archive below one directory, within limits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/archive/tar_reader.h"
#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/status.h"

namespace rhumb::archive {

struct UnpackLimits {
  uint64_t files = base::limits::kMaxArchiveFiles;  // with the directories
  uint64_t file_bytes = base::limits::kMaxArchiveFileBytes;
  uint64_t total_bytes = base::limits::kMaxArchiveBytes;
  uint64_t reserve_bytes = base::limits::kDiskReserveBytes;  // that stay free on the disk
};

// The directory is new and belongs to this object: nobody else writes there, and no links are ever
// made, so that a name that check_tar_name() accepted cannot lead out of it. Each file is synced
// when it is whole.
class UnpackTree final : public TarSink {
 public:
  // Is asked before a file is made. A failure ends the unpacking.
  using Admit = std::function<base::Status(const std::string& name, uint64_t size)>;

  UnpackTree(std::string directory, UnpackLimits limits, Admit admit)
      : directory_(std::move(directory)), limits_(limits), admit_(std::move(admit)) {}

  base::Status directory(const std::string& name) override;
  base::Status file(const std::string& name, uint64_t size) override;
  base::Status data(std::string_view bytes) override;
  base::Status file_end() override;
  // Syncs all directories, so that the files' names survive a power cut.
  base::Status sync_directories() const { return sync_below(directory_); }

  uint64_t files() const { return files_; }
  uint64_t bytes() const { return bytes_; }

 private:
  base::Status count();
  base::Status make_directory(const std::string& name);
  base::Status make_parents(const std::string& name);
  static base::Status sync_below(const std::string& directory);

  const std::string directory_;
  const UnpackLimits limits_;
  const Admit admit_;
  base::File file_;
  uint64_t at_ = 0;
  uint64_t entries_ = 0, files_ = 0, bytes_ = 0;
};

}  // namespace rhumb::archive
