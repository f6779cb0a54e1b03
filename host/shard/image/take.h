// Takes images of a shard while it is written and searched (docs/formats/image.md).
//
// The steps: the state is fixed at one applied index (pin.h); a checkpoint seals the segment that
// was closed for that; the segments' files are linked, and payloads that replaced others are copied
// as far as they went at that index; the copy of the key-value store becomes that of a shard that
// was closed at the index; then all of it is summed and synced, and gets its name. A crash at any
// step leaves nothing but an unfinished directory (unfinished.h).
//
// The files that are linked are never written again, so an image lives on alone.
#pragma once

#include <cstdint>
#include <string>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/shard/background/maintenance.h"
#include "host/shard/image/manifest.h"
#include "host/shard/image/pin.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

struct TakenImage {
  ImageManifest manifest;
  uint64_t paused_ns = 0;  // for so long writes were held back
};

class ImageTaker {
 public:
  // All of them outlive this object.
  ImageTaker(Core& core, ApplyState& apply_state, Maintenance& maintenance, base::Strand& apply,
             base::Strand& indexing)
      : core_(core),
        apply_state_(apply_state),
        maintenance_(maintenance),
        apply_(apply),
        indexing_(indexing) {}

  // Any thread but those of the shard's executors. Blocks. kExists if there is such a directory,
  // kUnavailable while the shard is replayed or closed.
  base::Result<TakenImage> take(const std::string& directory);

  // Blocks until no image is being taken. Once Core::stopping is set, none begins any more.
  void wait_idle();

 private:
  class Running;
  base::Result<TakenImage> make(const std::string& directory);
  base::Status seal(const PinnedState& pinned);
  base::Status link_segments(const PinnedState& pinned, const std::string& directory);
  base::Status settle_store(const PinnedState& pinned, const std::string& directory);
  base::Result<ImageManifest> describe(const PinnedState& pinned, const std::string& directory);

  Core& core_;
  ApplyState& apply_state_;
  Maintenance& maintenance_;
  base::Strand& apply_;
  base::Strand& indexing_;

  base::Mutex mutex_;
  base::CondVar idle_;
  uint32_t running_ RHUMB_GUARDED_BY(mutex_) = 0;
};

}  // namespace rhumb::shard
