#include "host/segment/search/batch_scan.h"

#include <algorithm>
#include <array>
#include <vector>

#include "host/base/limits.h"

namespace rhumb::segment {

namespace {

// The bits of all queries together, in the words of [first, end).
std::vector<uint64_t> any_of(std::span<const BatchQuery> queries, uint32_t first, uint32_t end) {
  std::vector<uint64_t> words(words_for(end), 0);
  const auto one_for_all =
      std::find_if(queries.begin(), queries.end(), [](const BatchQuery& q) { return q.all; });
  for (const BatchQuery& query :
       one_for_all != queries.end() ? std::span(&*one_for_all, 1) : queries) {
    for (size_t w = first / 64; w < std::min(words.size(), query.pass.size()); ++w)
      words[w] |= query.pass[w];
  }
  return words;
}

// Compares one query with a block of slots, some of which may not count for it.
uint64_t compare(const rhumb_kernel_t& kernel, const rhumb_vectors_t& rows, const BatchQuery& query,
                 std::span<const uint32_t> block) {
  std::array<uint32_t, kBatchSlots> passing{};
  std::array<float, kBatchSlots> distances;
  if (!query.all) {
    size_t n = 0;
    for (const uint32_t slot : block) {
      passing[n] = slot;
      n += bit(query.pass, slot) ? 1 : 0;
    }
    block = std::span(passing.data(), n);
  }
  kernel.slots(query.bytes, &rows, block.data(), block.size(), distances.data());
  for (size_t i = 0; i < block.size(); ++i) {
    if (!(distances[i] > query.top->limit())) query.top->push({distances[i], block[i]});
  }
  return block.size();
}

}  // namespace

uint64_t scan_batch(const VectorColumn& column, const rhumb_kernel_t& kernel,
                    std::span<const BatchQuery> queries, uint32_t first, uint32_t end) {
  const rhumb_vectors_t& rows = column.vectors();
  const size_t block = std::clamp<size_t>(
      base::limits::kRecallBlockBytes / std::max<uint64_t>(rows.stride, 1), 8, kBatchSlots);
  const std::vector<uint64_t> any = any_of(queries, first, end);
  uint64_t compared = 0;
  const base::Status done =
      for_batches({first, end, any}, column, [&](std::span<const uint32_t> slots) -> base::Status {
        for (size_t at = 0; at < slots.size(); at += block) {
          const auto here = slots.subspan(at, std::min(block, slots.size() - at));
          for (const BatchQuery& query : queries) compared += compare(kernel, rows, query, here);
        }
        return base::ok();
      });
  RHUMB_UNEXPECTED(!done.ok());
  return compared;
}

}  // namespace rhumb::segment
