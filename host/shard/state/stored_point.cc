#include "host/shard/state/stored_point.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

StoredPoint::StoredPoint(const ApplyState& apply_state, std::optional<PointRow> row,
                         uint64_t unflushed_from)
    : segment_(row ? apply_state.find_any(row->segment) : nullptr),
      row_(row),
      unflushed_from_(unflushed_from) {}

Status StoredPoint::load() {
  if (stored_) return base::ok();
  if (segment_ == nullptr)
    return base::corrupt("key-value store: a point in segment " + std::to_string(row_->segment) +
                         ", which is not there");
  if (row_->version >= unflushed_from_) RHUMB_TRY(segment_->flush());
  RHUMB_ASSIGN(stored_, segment_->fetch(row_->slot));
  return base::ok();
}

Result<std::string_view> StoredPoint::payload() {
  RHUMB_TRY(load());
  return stored_->payload;
}

Result<uint64_t> StoredPoint::presence() {
  RHUMB_TRY(load());
  return stored_->presence;
}

Result<std::string_view> StoredPoint::vector(size_t column) {
  RHUMB_TRY(load());
  if ((stored_->presence >> column & 1) == 0) return std::string_view();
  return segment_->fetch_vector(column, row_->slot);
}

HashedVectors named(const std::vector<segment::VectorSpec>& specs,
                    const std::vector<std::string_view>& vectors) {
  HashedVectors out;
  for (size_t i = 0; i < vectors.size(); ++i) {
    if (vectors[i].data() != nullptr) out.emplace_back(specs[i].name, vectors[i]);
  }
  return out;
}

}  // namespace rhumb::shard
