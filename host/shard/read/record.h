// Records as readers ask for them: a point's id, and of its payload and vectors what was selected.
#pragma once

#include <string_view>
#include <vector>

#include "host/base/memory_guard.h"
#include "host/base/status.h"
#include "host/model/query.h"
#include "host/payload/json/mutate.h"
#include "host/segment/segment.h"

namespace rhumb::shard {

// Many hits are memory of their own, which is asked for before it is taken: kMemoryFull names what
// they would take. memory: null, no limit.
base::Status room_for_hits(base::MemoryGuard* memory, uint64_t hits);

class RecordMaker {
 public:
  // kInvalid: a path that cannot be read, or a vector name that the collection has not.
  static base::Result<RecordMaker> compile(const model::PayloadSelector& payload,
                                           const model::VectorSelector& vectors,
                                           const std::vector<segment::VectorSpec>& specs);

  // kCorrupt if what is stored does not fit its checksums.
  base::Result<model::Record> make(const segment::Segment& segment, uint32_t slot) const;
  base::Result<model::Record> make(const segment::Segment& segment, uint32_t slot,
                                   const segment::StoredRow& row) const;

 private:
  payload::Projection projection_;
  std::vector<size_t> columns_;
};

}  // namespace rhumb::shard
