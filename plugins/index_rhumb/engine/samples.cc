#include "engine/samples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_set>

#include "rhumb/cpp/exact_scan.h"

namespace rhumb::coded {
namespace {

constexpr uint64_t kQueriesAtOnce = 8;  // queries that share one pass over the rows
// A moved row goes this part of the way to its neighbour, or this many times another row's way. So
// far away a query is no closer to one row than to the next, like a query from outside.
constexpr float kToNeighbour = 0.5f, kByAnother = 3;

std::vector<float> floats_of(const rhumb_vectors_t& column, const void* row) {
  std::vector<float> out(column.dim);
  if (column.scalar == RHUMB_F16)
    rhumb_f16_to_f32(static_cast<const uint16_t*>(row), out.data(), column.dim);
  else if (column.scalar == RHUMB_U8)
    std::copy_n(static_cast<const uint8_t*>(row), column.dim, out.begin());
  else
    std::memcpy(out.data(), row, column.dim * sizeof(float));
  return out;
}

std::vector<char> bytes_of(const rhumb_vectors_t& column, std::vector<float>& x) {
  std::vector<char> out(rhumb_vector_bytes(column.scalar, column.dim));
  if (column.scalar == RHUMB_F16) {
    rhumb_f32_to_f16(x.data(), reinterpret_cast<uint16_t*>(out.data()), column.dim);
  } else if (column.scalar == RHUMB_U8) {
    for (uint32_t i = 0; i < column.dim; ++i)
      out[i] = static_cast<char>(static_cast<uint8_t>(std::lround(std::clamp(x[i], 0.0f, 255.0f))));
  } else {
    std::memcpy(out.data(), x.data(), out.size());
  }
  return out;
}

bool same_row(const rhumb_vectors_t& column, const void* a, const void* b) {
  return std::memcmp(a, b, rhumb_vector_bytes(column.scalar, column.dim)) == 0;
}

// Only for a sample with neighbours.
bool all_copies(const rhumb_vectors_t& column, const Sample& sample) {
  return sample.count == 0 ||
         same_row(column, sample.vector(column), row_of(column, sample.closest[sample.count - 1]));
}

}  // namespace

bool has_copy(const rhumb_vectors_t& column, const Sample& sample) {
  return sample.count > 0 && sample.moved.empty() &&
         same_row(column, row_of(column, sample.slot), row_of(column, sample.closest[0]));
}

NodeBits::NodeBits(const Graph& graph, std::span<const LongRows::Row> long_rows)
    : range_{0, graph.end()} {
  for (const LongRows::Row& row : long_rows) range_.end = std::max(range_.end, row.slot + 1);
  words_.resize(range_.end / 64 + 1);
  uint64_t nodes = long_rows.size();
  for (const LongRows::Row& row : long_rows)
    words_[row.slot / 64] |= uint64_t{1} << (row.slot % 64);
  for (uint32_t slot = 0; slot < range_.end; ++slot) {
    if (!graph.has(slot)) continue;
    words_[slot / 64] |= uint64_t{1} << (slot % 64);
    ++nodes;
  }
  filter_ = {sizeof filter_, RHUMB_FILTER_BITS, words_.data(), nullptr, range_.end, nodes, nullptr};
}

std::vector<uint32_t> NodeBits::slots() const {
  std::vector<uint32_t> out;
  for (uint32_t slot = 0; slot < range_.end; ++slot) {
    if ((words_[slot / 64] >> (slot % 64) & 1) != 0) out.push_back(slot);
  }
  return out;
}

std::vector<Sample> stored_samples(const Graph& graph, const rhumb_vectors_t& column,
                                   uint32_t most) {
  std::vector<Sample> samples;
  std::unordered_set<std::string_view> known;
  const uint64_t end = graph.end(), bytes = rhumb_vector_bytes(column.scalar, column.dim);
  for (uint64_t i = 0; i < most; ++i) {
    const auto first = static_cast<uint32_t>(i * end / most),
               last = static_cast<uint32_t>((i + 1) * end / most);
    for (uint32_t slot = first; slot < last; ++slot) {
      // Nodes above level 0 are left out, because a walk may begin at them.
      if (!graph.has(slot) || graph.level(slot) != 0) continue;
      if (!known.emplace(static_cast<const char*>(row_of(column, slot)), bytes).second) continue;
      samples.emplace_back().slot = slot;
      break;
    }
  }
  return samples;
}

std::vector<Sample> moved_samples(const rhumb_vectors_t& column, uint32_t metric,
                                  std::span<const Sample> from, uint32_t most) {
  std::vector<Sample> samples;
  if (metric == RHUMB_HAMMING) return samples;
  const size_t step = std::max<size_t>(1, from.size() / std::max(most, 1u));
  for (size_t i = 0; i < from.size() && samples.size() < most; i += step) {
    if (from[i].count == 0) continue;
    // If a sample has only copies near it, the way of another sample to its neighbour gives the
    // spread.
    const Sample* guide = &from[i];
    float part = kToNeighbour;
    for (size_t other = 1; other < from.size() && all_copies(column, *guide); ++other) {
      guide = &from[(i + other) % from.size()];
      part = kByAnother;
    }
    std::vector<float> x = floats_of(column, from[i].vector(column));
    const std::vector<float> near = floats_of(column, guide->vector(column)),
                             far = floats_of(column,
                                             row_of(column, guide->closest[guide->count - 1]));
    for (uint32_t d = 0; d < column.dim; ++d) x[d] += part * (far[d] - near[d]);
    if (metric == RHUMB_COSINE && column.scalar != RHUMB_U8)
      rhumb_normalise_f32(x.data(), column.dim);
    if (rhumb_all_finite(x.data(), RHUMB_F32, column.dim) == 0) continue;
    samples.emplace_back().moved = bytes_of(column, x);
  }
  return samples;
}

void answer_exactly(std::span<Sample> samples, const rhumb_kernel_t& kernel,
                    const rhumb_vectors_t& column, std::span<const SlotRange> ranges,
                    const rhumb_filter_t* filter, const rhumb_call_t* call, const Host& host) {
  const SlotFilter passing(column, filter);
  host.parallel((samples.size() + kQueriesAtOnce - 1) / kQueriesAtOnce, [&](uint64_t part) {
    const std::span<Sample> mine =
        samples.subspan(part * kQueriesAtOnce,
                        std::min<size_t>(kQueriesAtOnce, samples.size() - part * kQueriesAtOnce));
    std::vector<const void*> queries;
    for (const Sample& sample : mine) queries.push_back(sample.vector(column));
    // One more, because a stored row also finds itself.
    std::vector<TopK> tops(mine.size(), TopK(kCalibrationHits + 1));
    Pacer pacer(call, host, column);
    exact_scan(kernel, column, passing, ranges, queries, tops, pacer);
    for (size_t i = 0; i < mine.size(); ++i) {
      mine[i].count = 0;
      for (const HitKey hit : tops[i].sorted()) {
        if (hit_slot(hit) == mine[i].slot || mine[i].count == kCalibrationHits) continue;
        mine[i].closest[mine[i].count++] = hit_slot(hit);
        mine[i].farthest = hit_distance(hit);
      }
    }
  });
}

}  // namespace rhumb::coded
