#include "host/shard/read/record.h"

#include "host/base/limits.h"

namespace rhumb::shard {

using base::Result;
using model::VectorSelector;

base::Status room_for_hits(base::MemoryGuard* memory, uint64_t hits) {
  const uint64_t bytes = hits * base::limits::kHitBytes;
  if (hits <= base::limits::kFewHits || memory == nullptr || memory->room_for(bytes))
    return base::ok();
  return {
      base::Code::kMemoryFull,
      std::to_string(hits) + " hits would take " + std::to_string(bytes) +
          " bytes, for which the memory limit leaves no room (memory.limit_bytes): ask for fewer"};
}

Result<RecordMaker> RecordMaker::compile(const model::PayloadSelector& payload,
                                         const VectorSelector& vectors,
                                         const std::vector<segment::VectorSpec>& specs) {
  RecordMaker maker;
  RHUMB_ASSIGN(maker.projection_, payload::Projection::compile(payload));
  if (vectors.mode == VectorSelector::Mode::kAll) {
    for (size_t i = 0; i < specs.size(); ++i) maker.columns_.push_back(i);
  }
  if (vectors.mode != VectorSelector::Mode::kNames) return maker;
  for (const std::string& name : vectors.names) {
    size_t i = 0;
    while (i < specs.size() && specs[i].name != name) ++i;
    if (i == specs.size()) return base::invalid("Not existing vector name error: " + name);
    maker.columns_.push_back(i);
  }
  return maker;
}

Result<model::Record> RecordMaker::make(const segment::Segment& segment, uint32_t slot) const {
  RHUMB_ASSIGN(const segment::StoredRow row, segment.fetch(slot));
  return make(segment, slot, row);
}

Result<model::Record> RecordMaker::make(const segment::Segment& segment, uint32_t slot,
                                        const segment::StoredRow& row) const {
  model::Record record;
  RHUMB_ASSIGN(record.id, model::PointId::from_key(row.id_key));
  record.version = row.version;
  record.payload = projection_.apply(row.payload);
  for (const size_t column : columns_) {
    if ((row.presence >> column & 1) == 0) continue;
    RHUMB_ASSIGN(const std::string_view bytes, segment.fetch_vector(column, slot));
    record.vectors.push_back({segment.vectors()[column].name, std::string(bytes)});
  }
  RHUMB_TRY(segment.intact());
  return record;
}

}  // namespace rhumb::shard
