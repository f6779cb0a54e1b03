// A point as its segment holds it, for a command. Reads are checked, because a change must never
// be derived from damaged bytes.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "host/shard/state/apply_state.h"
#include "host/shard/state/content_hash.h"
#include "host/shard/state/tables.h"
#include "host/shard/write/change.h"

namespace rhumb::shard {

class StoredPoint final : public PointState {
 public:
  // Rows with the version `unflushed_from` or a later one may still be in the columns' buffers.
  StoredPoint(const ApplyState& apply_state, std::optional<PointRow> row, uint64_t unflushed_from);

  bool exists() const override { return row_.has_value(); }
  uint64_t version() const override { return row_ ? row_->version : 0; }
  base::Result<std::string_view> payload() override;
  base::Result<uint64_t> presence() override;
  base::Result<std::string_view> vector(size_t column) override;

 private:
  base::Status load();

  segment::Segment* segment_ = nullptr;
  std::optional<PointRow> row_;
  const uint64_t unflushed_from_;
  std::optional<segment::StoredRow> stored_;
};

// Returns the vectors, given by column, in the form that the content hash takes.
HashedVectors named(const std::vector<segment::VectorSpec>& specs,
                    const std::vector<std::string_view>& vectors);

}  // namespace rhumb::shard
