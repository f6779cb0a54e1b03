#include "host/segment/scan.h"

#include <algorithm>
#include <array>
#include <string>

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {

constexpr uint32_t kRescoreFactor = 4;

Result<uint64_t> scan_rows(const ScanCall& call, const rhumb_kernel_t& kernel, const rhumb_vectors_t& rows,
                           const void* query, const ScanRange& range, TopK& top) {
  uint64_t compared = 0;
  std::array<float, kBatchSlots> distances;
  const Status done = for_batches(range, *call.column, [&](std::span<const uint32_t> slots) -> Status {
    RHUMB_TRY(interrupted(call));
    kernel.slots(query, &rows, slots.data(), slots.size(), distances.data());
    for (size_t i = 0; i < slots.size(); ++i) top.push({distances[i], slots[i]});
    compared += slots.size();
    return base::ok();
  });
  if (!done.ok()) return done;
  return compared;
}

}  // namespace

Status interrupted(const ScanCall& call) {
  if (call.cancelled != nullptr && call.cancelled->load(std::memory_order_relaxed))
    return {base::Code::kCancelled, "search was cancelled"};
  if (call.deadline.expired()) return {base::Code::kTimeout, "search did not end in time"};
  return base::ok();
}

Result<uint64_t> scan_exact(const ScanCall& call, const ScanRange& range, TopK& top) {
  return scan_rows(call, call.column->kernel(), call.column->vectors(), call.query.data(), range, top);
}

Result<uint64_t> scan_coded(const ScanCall& call, const ScanRange& range, TopK& top) {
  if (call.column->codes() == nullptr) return scan_exact(call, range, top);
  const rhumb_vectors_t& vectors = call.column->vectors();
  const CodeColumn::Reader codes(*call.column->codes());
  const uint32_t first = std::clamp(codes.first(), range.first, range.end),
                 end = std::clamp(codes.end(), first, range.end);
  if (first == end) return scan_exact(call, range, top);

  std::string query_code(rhumb_vector_bytes(RHUMB_CODE8, vectors.dim), '\0');
  const rhumb_status_t rc = rhumb_code_encode(call.query.data(), vectors.scalar, vectors.dim, query_code.data());
  if (rc != RHUMB_OK) return scan_exact(call, range, top);
  TopK candidates(static_cast<size_t>(call.k) * kRescoreFactor);
  RHUMB_ASSIGN(uint64_t compared, scan_rows(call, call.column->code_kernel(), codes.rows(), query_code.data(),
                                            {first, end, range.pass}, candidates));
  std::vector<uint32_t> best;
  for (const Hit& hit : candidates.take()) best.push_back(hit.slot);
  std::sort(best.begin(), best.end());
  std::vector<float> distances(best.size());
  call.column->kernel().slots(call.query.data(), &vectors, best.data(), best.size(), distances.data());
  for (size_t i = 0; i < best.size(); ++i) top.push({distances[i], best[i]});

  RHUMB_ASSIGN(const uint64_t before, scan_exact(call, {range.first, first, range.pass}, top));
  RHUMB_ASSIGN(const uint64_t behind, scan_exact(call, {end, range.end, range.pass}, top));
  return compared + before + behind;
}

}  // namespace rhumb::segment
