// Rewrites the rows of the key-value store that still name a segment that was merged, a few at a
// time, so that entries are applied in between (docs/adr/0018). Belongs to the apply strand. After
// a crash it starts again with the first row.
#pragma once

#include <cstdint>

#include "host/base/status.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class RowMover {
 public:
  RowMover(Core& core, ApplyState& apply_state) : core_(core), apply_state_(apply_state) {}

  // Rewrites at most `rows` rows in one transaction. False means that no row names a segment that
  // is gone. A failure is damage of the segment or of the store.
  base::Result<bool> step(uint32_t rows);

 private:
  base::Status move(const segment::Segment& to, uint32_t slot, storage::KvBatch& batch) const;

  Core& core_;
  ApplyState& apply_state_;
  uint32_t from_ = 0;  // the segment whose rows are being moved
  size_t next_ = 0;    // its next slot
};

}  // namespace rhumb::shard
