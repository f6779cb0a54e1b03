// The images of one job, which are removed when it ends.
#pragma once

#include <string>
#include <vector>

#include "host/app/snapshots/document.h"
#include "host/app/snapshots/parts.h"

namespace rhumb::app {

class Images {
 public:
  explicit Images(const SnapshotParts& parts) : parts_(parts) {}
  Images(const Images&) = delete;
  Images& operator=(const Images&) = delete;
  ~Images();

  struct Taken {
    shard::ImageManifest manifest;
    std::string name;  // below SnapshotParts::images
  };
  // Blocks until the image is durable.
  base::Result<Taken> take(uint64_t shard);

 private:
  const SnapshotParts& parts_;
  std::vector<std::string> directories_;
};

// What a snapshot says about a collection, without its shards.
SnapshotCollection describe(const model::Collection& collection);
// What it says about a shard of which an image was taken, without the directory.
SnapshotShard describe(uint32_t ordinal, const shard::ImageManifest& taken);

}  // namespace rhumb::app
