// Fixes the state of a shard at one applied index, so that an image can be made of it while writes
// go on.
//
// Writers are held back only from when the key-value store has prepared its copy until it has fixed
// what to copy. The growing segment is closed to appends in that time, so that its files can be
// linked once they are sealed. Graphs and payload indexes are linked at that moment too: an index
// that was saved later could know payloads that the image does not have.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/base/executor.h"
#include "host/base/status.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

struct PinnedState {
  struct Held {
    std::shared_ptr<segment::Segment> segment;
    segment::Lengths lengths;
  };
  AppliedState applied;
  Hash content_hash{};
  SchemaPtr schema;
  std::map<uint32_t, Held> segments;
  std::vector<std::pair<uint32_t, uint32_t>> forwards;  // {from, to}: a file of slots is needed
  bool has_store = false;                               // the copy of the store is there
  uint64_t paused_ns = 0;                               // for so long writers were held back

  Watermark watermark() const;
};

// Fills the directory with the copy of the key-value store and with links of derived files. Blocks,
// and must not run on an executor of the shard. The caller has seen to it that no garbage is
// removed (ApplyState::images) until it has linked the other files.
base::Result<PinnedState> pin_state(Core& core, ApplyState& apply_state, base::Strand& apply,
                                    base::Strand& indexing, const std::string& directory);

}  // namespace rhumb::shard
