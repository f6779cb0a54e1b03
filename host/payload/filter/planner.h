// Finds the rows of a segment that pass a filter. The result is exact: payload indexes decide as
// many rows as they can, and payloads decide the rest.
//
// Every condition splits the rows into sure, open and failing rows. Indexes make rows sure or
// failing; rows that no index can decide are open. The sets combine by and, or and not in the same
// way. The most selective condition comes first, so that the later ones examine only its survivors.
// At the end the open rows, and no others, are decided by their payload.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/payload/filter/matcher.h"
#include "host/payload/index/index_set.h"

namespace rhumb::payload {

// The rows of a segment; the segment implements this interface. It is called only on the thread of
// evaluate(). A returned view is valid until the next call.
class Rows {
 public:
  virtual ~Rows() = default;
  // A minified JSON object. Empty if the row has no payload.
  virtual std::string_view payload(uint32_t slot) const = 0;
  virtual std::string_view id_key(uint32_t slot) const = 0;
  // The bits are those of FilterSchema::vector_names.
  virtual uint64_t presence(uint32_t slot) const = 0;
};

struct EvaluateOptions {
  // The slot of an id in this segment as of the caller's view, if the segment has the id. Without
  // this function `has_id` compares the id of every row.
  std::function<std::optional<uint32_t>(std::string_view id_key)> find_slot;
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

enum class FilterStrategy : uint8_t {
  kAll,             // the filter has no clause: all live rows
  kIndex,           // only indexes
  kIndexThenCheck,  // indexes, then the payloads of the rows that they left open
  kFullScan,        // the payload of every live row
};
// Returns "all", "index", "index_then_check" or "full_scan".
std::string_view strategy_name(FilterStrategy s);

struct FilterResult {
  // Bit = slot, (slot_end + 63) / 64 words. Dead rows and slots beyond slot_end are never set.
  std::vector<uint64_t> bits;
  uint64_t pass_count = 0;     // number of set bits
  uint64_t rows_examined = 0;  // index entries and payloads examined
  // The field of the first index that was used (the most selective one). Empty if no index was
  // used.
  std::string served_by;
  FilterStrategy strategy = FilterStrategy::kAll;

  bool passes(uint32_t slot) const { return (bits[slot / 64] >> (slot % 64) & 1) != 0; }
  std::vector<uint32_t> slots() const;  // ascending
};

// Returns the rows in [0, slot_end) that are live and pass. `live` has at least slot_end bits (bit
// = slot). Returns kTimeout or kCancelled if the deadline passed or the caller cancelled while it
// ran.
base::Result<FilterResult> evaluate(const Matcher& filter, const IndexSet& indexes,
                                    const Rows& rows, std::span<const uint64_t> live,
                                    uint32_t slot_end, const EvaluateOptions& options = {});
base::Result<uint64_t> count(const Matcher& filter, const IndexSet& indexes, const Rows& rows,
                             std::span<const uint64_t> live, uint32_t slot_end,
                             const EvaluateOptions& options = {});

}  // namespace rhumb::payload
