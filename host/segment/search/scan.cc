#include "host/segment/search/scan.h"

#include <array>

namespace rhumb::segment {

using base::Result;
using base::Status;

Status interrupted(const SearchCall& call) {
  if (call.cancelled != nullptr && call.cancelled->load(std::memory_order_relaxed))
    return {base::Code::kCancelled, "search was cancelled"};
  if (call.deadline.expired()) return {base::Code::kTimeout, "search did not end in time"};
  return base::ok();
}

Result<uint64_t> scan_exact(const VectorColumn& column, const SearchCall& call,
                            const ScanRange& range, TopK& top) {
  uint64_t compared = 0;
  std::array<float, kBatchSlots> distances;
  const Status done = for_batches(range, column, [&](std::span<const uint32_t> slots) -> Status {
    RHUMB_TRY(interrupted(call));
    column.kernel().slots(call.query.data(), &column.vectors(), slots.data(), slots.size(),
                          distances.data());
    for (size_t i = 0; i < slots.size(); ++i) top.push({distances[i], slots[i]});
    compared += slots.size();
    return base::ok();
  });
  if (!done.ok()) return done;
  return compared;
}

}  // namespace rhumb::segment
