// Records as readers ask for them: a point's id, and the selected parts of its payload and vectors.
#pragma once

#include <string_view>
#include <vector>

#include "host/base/memory_guard.h"
#include "host/base/status.h"
#include "host/model/query.h"
#include "host/payload/json/mutate.h"
#include "host/segment/segment.h"

namespace rhumb::shard {

// Many hits take memory of their own, so room for them is asked for first. kMemoryFull names the
// memory that they would take. With a null `memory` there is no limit.
base::Status room_for_hits(base::MemoryGuard* memory, uint64_t hits);

class RecordMaker {
 public:
  // kInvalid means that a path cannot be parsed, or that the collection has no vector of that name.
  static base::Result<RecordMaker> compile(const model::PayloadSelector& payload,
                                           const model::VectorSelector& vectors,
                                           const std::vector<segment::VectorSpec>& specs);

  // kCorrupt means that the stored bytes do not fit their checksums.
  base::Result<model::Record> make(const segment::Segment& segment, uint32_t slot) const;
  base::Result<model::Record> make(const segment::Segment& segment, uint32_t slot,
                                   const segment::StoredRow& row) const;

 private:
  payload::Projection projection_;
  std::vector<size_t> columns_;
};

}  // namespace rhumb::shard
