// The directory of snapshots: names, listing, deletion, and new snapshots that appear whole or not
// at all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/archive/packer.h"
#include "host/archive/snapshot_name.h"
#include "host/base/file.h"
#include "host/base/mutex.h"
#include "host/base/status.h"

namespace rhumb::archive {

struct SnapshotFile {
  std::string name;
  uint64_t created_seconds = 0;  // since 1970, UTC
  uint64_t bytes = 0;
  std::optional<std::string> checksum;  // SHA-256; unknown for a file that was put there by hand
};

class SnapshotStore;

// A snapshot that is being made: a temporary file, which is removed unless commit() succeeds.
class NewSnapshot {
 public:
  NewSnapshot(NewSnapshot&& other) noexcept;
  NewSnapshot& operator=(NewSnapshot&&) = delete;
  ~NewSnapshot();
  base::File& file() { return file_; }  // for pack_into()
  const std::string& name() const { return name_; }
  // The file is written and synced. Afterwards the snapshot is listed, also after a power cut.
  base::Result<SnapshotFile> commit(const Packed& packed);

 private:
  friend class SnapshotStore;
  NewSnapshot() = default;

  SnapshotStore* store_ = nullptr;
  base::File file_;
  std::string temporary_, directory_, name_;
};

// Files lie in snapshot_directory(scope) below one directory, each with its checksum beside it in
// NAME.checksum. What is being made lies in the directory .tmp, which a start empties. The
// functions may be called on any thread; all of them read or write the disk. The directory is made
// with the first snapshot.
class SnapshotStore {
 public:
  // Removes what an interrupted process left. `node` is a part of the names.
  static base::Result<std::unique_ptr<SnapshotStore>> open(std::string directory, uint64_t node);

  // By name. At most kMaxSnapshots.
  base::Result<std::vector<SnapshotFile>> list(const SnapshotScope& scope) const;
  // kInvalid when the name is none of a snapshot, kNotFound when there is no such snapshot.
  base::Result<SnapshotFile> find(const SnapshotScope& scope, const std::string& name) const;
  base::Result<base::File> open_file(const SnapshotScope& scope, const std::string& name) const;
  base::Status remove(const SnapshotScope& scope, const std::string& name);
  base::Result<NewSnapshot> begin(const SnapshotScope& scope);
  // A new name below .tmp, for example for an Unpacker. Nothing is there yet.
  base::Result<std::string> temporary_path();

 private:
  friend class NewSnapshot;
  SnapshotStore(std::string directory, uint64_t node)
      : directory_(std::move(directory)), node_(node) {}
  base::Result<std::string> path_of(const SnapshotScope& scope, const std::string& name) const;
  std::string reserve(const SnapshotScope& scope, const std::string& directory);
  void release(const std::string& path);
  base::Status clean() const;

  const std::string directory_;
  const uint64_t node_;
  base::Mutex mutex_;
  std::set<std::string> reserved_ RHUMB_GUARDED_BY(mutex_);  // paths of snapshots being made
};

}  // namespace rhumb::archive
