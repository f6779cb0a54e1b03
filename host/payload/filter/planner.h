// Which rows of a segment pass a filter: exactly, from payload indexes as far as they reach and
// from the payloads for what they leave open.
//
// Every condition splits the rows into sure, open and failing. Indexes make conditions sure; what
// no index knows is open. The sets combine by and, or and not in the same way, the most selective
// condition first, so that the later ones look at its survivors only. At the end the open rows, and
// no others, are decided by their payload.
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

// The rows of a segment; the segment implements it. Called on the thread of evaluate() only. A view
// is valid until the next call.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual std::string_view payload(uint32_t slot) const = 0;  // minified JSON object; empty = none
  virtual std::string_view id_key(uint32_t slot) const = 0;
  // bits as in FilterSchema::vector_names
  virtual uint64_t presence(uint32_t slot) const = 0;
};

struct EvaluateOptions {
  // Slot of an id in this segment as of the caller's view, if it has one. Without it `has_id`
  // compares the id of every row.
  std::function<std::optional<uint32_t>(std::string_view id_key)> find_slot;
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

enum class FilterStrategy : uint8_t {
  kAll,             // the filter has no clause: the live rows
  kIndex,           // indexes alone
  kIndexThenCheck,  // indexes, then the payloads of the rows they left open
  kFullScan,        // the payload of every live row
};
// "all", "index", "index_then_check", "full_scan"
std::string_view strategy_name(FilterStrategy s);

struct FilterResult {
  // bit = slot; (slot_end + 63) / 64 words; dead rows and slots beyond slot_end are never set
  std::vector<uint64_t> bits;
  uint64_t pass_count = 0;     // number of set bits
  uint64_t rows_examined = 0;  // index entries and payloads looked at
  // field whose index was looked up first (the most selective); empty = none
  std::string served_by;
  FilterStrategy strategy = FilterStrategy::kAll;

  bool passes(uint32_t slot) const { return (bits[slot / 64] >> (slot % 64) & 1) != 0; }
  std::vector<uint32_t> slots() const;  // ascending
};

// Rows in [0, slot_end) that are live (`live`: bit = slot, at least slot_end bits) and pass.
// kTimeout, kCancelled: asked while it ran.
base::Result<FilterResult> evaluate(const Matcher& filter, const IndexSet& indexes,
                                    const Rows& rows, std::span<const uint64_t> live,
                                    uint32_t slot_end, const EvaluateOptions& options = {});
base::Result<uint64_t> count(const Matcher& filter, const IndexSet& indexes, const Rows& rows,
                             std::span<const uint64_t> live, uint32_t slot_end,
                             const EvaluateOptions& options = {});

}  // namespace rhumb::payload
