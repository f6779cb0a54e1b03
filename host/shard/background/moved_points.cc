#include "host/shard/background/moved_points.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "host/base/limits.h"
#include "rhumb/kernels.h"

namespace rhumb::shard {

using base::Result;
using model::Scalar;

namespace {

// A stored point is farther from its nearest neighbour than a new point is from the stored points.
// If points are moved by this fraction of the distance to the nearest neighbour, graphs find as
// much as for rows that were held out (measured in docs/adr/0014-contract-decides.md).
constexpr float kMovedShare = 0.7071f;
// How often to try for a live point that has the vector, or for two points that differ.
constexpr int kTries = 64;

std::vector<float> floats_of(Scalar scalar, std::string_view bytes, uint32_t dim) {
  std::vector<float> out(dim);
  if (scalar == Scalar::kFloat32) std::memcpy(out.data(), bytes.data(), dim * sizeof(float));
  if (scalar == Scalar::kFloat16) {
    std::vector<uint16_t> halves(dim);
    std::memcpy(halves.data(), bytes.data(), dim * sizeof(uint16_t));
    rhumb_f16_to_f32(halves.data(), out.data(), dim);
  }
  if (scalar == Scalar::kUint8)
    std::transform(bytes.begin(), bytes.end(), out.begin(),
                   [](char c) { return static_cast<float>(static_cast<uint8_t>(c)); });
  return out;
}

std::string bytes_of(Scalar scalar, const std::vector<float>& vector) {
  if (scalar == Scalar::kFloat32)
    return {reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)};
  if (scalar == Scalar::kFloat16) {
    std::vector<uint16_t> halves(vector.size());
    rhumb_f32_to_f16(vector.data(), halves.data(), vector.size());
    return {reinterpret_cast<const char*>(halves.data()), halves.size() * sizeof(uint16_t)};
  }
  std::string out;
  for (const float x : vector)
    out.push_back(
        static_cast<char>(static_cast<uint8_t>(std::lround(std::clamp(x, 0.0f, 255.0f)))));
  return out;
}

}  // namespace

MovedPoints::MovedPoints(const Core& core, ViewPtr view, uint64_t seed)
    : schema_(core.schema()), stopping_(core.stopping), view_(std::move(view)), random_(seed) {
  for (const SegmentView& part : view_->segments) rows_ += part.rows;
  for (size_t c = 0; c < schema_->vectors.size(); ++c) {
    if (!schema_->vectors[c].params.multivector && any(c)) columns_.push_back({c, {}});
  }
  std::vector<ExactPass::Query> queries;
  for (size_t i = 0; i < base::limits::kRecallBatch && !columns_.empty(); ++i) {
    const size_t column = columns_[i % columns_.size()].number;
    const auto point = any(column);
    if (!point) continue;
    // k is 2 because the nearest row is the point itself.
    queries.push_back({point->part->segment->vector(column, point->slot), column, 2, nullptr});
    probed_.push_back(i % columns_.size());
  }
  pass_ = std::make_unique<ExactPass>(view_, std::move(queries), ExactPass::Distance::kEuclid);
}

Result<bool> MovedPoints::step() {
  if (!pass_) return true;
  RHUMB_ASSIGN(const bool done, pass_->step(stopping_));
  if (!done) return false;
  for (size_t i = 0; i < probed_.size(); ++i) {
    const auto nearest = pass_->take(i);
    if (nearest.size() < 2) continue;
    // The kernel's distances are squared.
    const float distance = std::sqrt(std::max(nearest[1].distance, 0.0f));
    if (std::isfinite(distance)) columns_[probed_[i]].distances.push_back(distance);
  }
  pass_.reset();
  return true;
}

std::optional<MovedPoints::Stored> MovedPoints::any(size_t column) {
  for (int i = 0; i < kTries && rows_ > 0; ++i) {
    uint64_t at = random_() % rows_;
    const SegmentView* part = view_->segments.data();
    while (at >= part->rows) at -= (part++)->rows;
    const auto slot = static_cast<uint32_t>(at);
    if (part->holds(slot) &&
        (part->segment->column(column).present_word(slot / 64) >> (slot % 64) & 1) != 0)
      return Stored{part, slot};
  }
  return std::nullopt;
}

std::vector<float> MovedPoints::components(size_t column, const Stored& point) const {
  const model::VectorParams& params = schema_->vectors[column].params;
  return floats_of(params.datatype, point.part->segment->vector(column, point.slot), params.size);
}

std::optional<std::string> MovedPoints::moved(Column& column) {
  const model::VectorParams& params = schema_->vectors[column.number].params;
  const auto from = any(column.number);
  if (!from || column.distances.empty()) return std::nullopt;
  std::vector<float> vector = components(column.number, *from);
  const float distance = kMovedShare * column.distances[random_() % column.distances.size()];
  for (int i = 0; i < kTries; ++i) {
    const auto a = any(column.number), b = any(column.number);
    if (!a || !b) return std::nullopt;
    std::vector<float> way = components(column.number, *a);
    const std::vector<float> other = components(column.number, *b);
    double square = 0;
    for (size_t d = 0; d < way.size(); ++d) {
      way[d] -= other[d];
      square += static_cast<double>(way[d]) * static_cast<double>(way[d]);
    }
    if (!(square > 0) || !std::isfinite(square)) continue;
    const auto factor = static_cast<float>(static_cast<double>(distance) / std::sqrt(square));
    for (size_t d = 0; d < way.size(); ++d) vector[d] += factor * way[d];
    break;
  }
  if (params.distance == model::Distance::kCosine && params.datatype != Scalar::kUint8)
    rhumb_normalise_f32(vector.data(), params.size);
  std::string bytes = bytes_of(params.datatype, vector);
  const bool finite =
      params.datatype == Scalar::kUint8 ||
      rhumb_all_finite(bytes.data(), static_cast<uint32_t>(params.datatype), params.size) != 0;
  return finite ? std::optional(std::move(bytes)) : std::nullopt;
}

std::optional<model::SearchRequest> MovedPoints::next(uint32_t limit) {
  for (int i = 0; i < kTries && !columns_.empty(); ++i) {
    Column& column = columns_[turn_++ % columns_.size()];
    auto bytes = moved(column);
    if (!bytes) continue;
    model::SearchRequest request;
    request.vector_name = schema_->vectors[column.number].name;
    request.vector = std::move(*bytes);
    request.limit = limit;
    return request;
  }
  return std::nullopt;
}

}  // namespace rhumb::shard
