// A collection that is about to be restored from images, or to be made of them. Until commit(),
// nothing that serves is touched.
#pragma once

#include <string>
#include <vector>

#include "host/app/snapshots/document.h"
#include "host/app/snapshots/parts.h"
#include "host/archive/snapshot_name.h"

namespace rhumb::app {

class Prepared {
 public:
  // `directory` has the images. If they are `own`, this node has just taken them for this purpose:
  // they are not verified, and their files may be moved away.
  Prepared(const SnapshotParts& parts, std::string directory, bool own)
      : parts_(parts), directory_(std::move(directory)), own_(own) {}
  Prepared(Prepared&&) = default;
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared();  // removes the directories of the new shards unless commit() has used them

  // Verifies the images and fills the directories of new shards. `present`: the collection of that
  // name as it is now, or nullptr. With a shard, the scope says which one is replaced. kInvalid: an
  // image is damaged, or does not fit.
  base::Status prepare(const std::string& name, const gateway::CollectionPtr& present,
                       const SnapshotCollection& from, const archive::SnapshotScope& scope);
  // The shards serve when it succeeds. A failure of unknown outcome leaves the directories.
  base::Status commit();
  const std::string& name() const { return command_.name; }

 private:
  base::Status plan_config(const gateway::CollectionPtr& present, const SnapshotCollection& from);
  base::Status verify(const SnapshotShard& shard) const;
  base::Status fill(const SnapshotShard& shard, uint64_t id);

  const SnapshotParts& parts_;
  const std::string directory_;
  const bool own_;
  placement::RestoreCollection command_;
  std::vector<std::string> made_;
};

}  // namespace rhumb::app
