#include "codes/codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "codes/floats.h"
#include "engine/long_rows.h"
#include "rhumb/cpp/exact_scan.h"

namespace rhumb::coded {
namespace {

// Rounds of signs and Hadamard transforms. After two rounds the original axes still show.
constexpr uint32_t kRounds = 3;
// Half of a code's range, in deviations of a rotated component.
constexpr double kReachSigmas = 4.0;
// The same for components that are not rotated: a quantile of their absolute values.
constexpr double kReachQuantile = 0.9995;
// Rows that are more than kOutlierLengths times as long as nine rows in ten are left out of a
// sample. A row at kLongQuantile of the remaining lengths has its components within kLongSigmas of
// its own deviation.
constexpr double kOutlierLengths = 16, kOutlierQuantile = 0.9, kLongQuantile = 0.99,
                 kLongSigmas = 2.7;
// For inner products, rows that are more than kLongLengths times as long as nine rows in ten go to
// LongRows, but at most one row in kLongPart.
constexpr double kLongLengths = 3;
constexpr size_t kLongPart = 32;
constexpr double kReachMax = 1e38;  // the square fits a double
// Share of clipped components from which a row's code is unreliable.
constexpr float kClippedShare = 0.02f;

uint64_t next_random(uint64_t& state) {  // SplitMix64
  uint64_t x = state += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void to_floats(const void* row, uint32_t scalar, uint32_t dim, float* out) {
  switch (scalar) {
    case RHUMB_F16:
      rhumb_f16_to_f32(static_cast<const uint16_t*>(row), out, dim);
      return;
    case RHUMB_U8:
      for (uint32_t i = 0; i < dim; ++i) out[i] = static_cast<const uint8_t*>(row)[i];
      return;
    default:
      std::memcpy(out, row, dim * sizeof(float));
  }
}

double square_of(const float* x, uint32_t n) {
  double sum = 0;
  for (uint32_t i = 0; i < n; ++i) sum += double{x[i]} * x[i];
  return sum;
}

// There must be at least one value. The values are reordered.
template <typename T>
T quantile(std::vector<T>& values, double q) {
  const auto at =
      values.begin() + static_cast<ptrdiff_t>(static_cast<double>(values.size() - 1) * q);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// Returns the square of the length up to which rows are compared by codes, or in a graph. `rows` is
// the number of rows that the sample stands for.
double reach_square(std::vector<double>& squares, size_t rows) {
  const double most = kLongLengths * kLongLengths * quantile(squares, kOutlierQuantile);
  std::sort(squares.begin(), squares.end());
  const size_t room = std::min(squares.size() / kLongPart,
                               kLongRowsMax / 2 * squares.size() / std::max(rows, squares.size()));
  size_t last = squares.size() - 1;
  while (last + 1 + room > squares.size() && last > 0 && squares[last] > most) --last;
  return squares[last];
}

}  // namespace

Codec::Codec(const CodecParams& params, std::vector<float> centre, const Kernels& kernels)
    : params_(params),
      centre_(std::move(centre)),
      nearest_(nearest_levels(params.levels)),
      kernels_(&kernels) {
  const uint32_t used =
      is_bits() ? (params.dim + 7) / 8 : params.dim + (params.metric == RHUMB_DOT ? 1 : 0);
  width_ = (used + kLineBytes - 1) / kLineBytes * kLineBytes;
  block_ = width_ & -width_;  // the largest power of two that divides it
  // The numbers of centroids may hold less than one bit per component, so one-bit codes would not
  // be smaller than they are.
  const bool has_bits =
      params.one_bit != 0 && rotates() && !products() && !floats() && params.dim >= kBitsFromDim;
  bit_bytes_ = has_bits ? (width_ / 8 + kLineBytes - 1) / kLineBytes * kLineBytes : 0;
  centre_.resize(width_, 0.0f);
  if (!rotates()) return;
  uint64_t state = params.seed;
  signs_.resize(uint64_t{kRounds} * width_);
  // The scale of the transforms is part of the first round's signs.
  const auto scale = static_cast<float>(std::pow(block_, -0.5 * kRounds));
  for (size_t i = 0; i < signs_.size(); ++i)
    signs_[i] = ((next_random(state) >> 63) != 0 ? -1.0f : 1.0f) * (i < width_ ? scale : 1.0f);
}

Codec Codec::restore(const CodecParams& params, std::vector<float> centre, const Kernels& kernels,
                     std::shared_ptr<const Product> product) {
  Codec codec(params, std::move(centre), kernels);
  codec.product_ = std::move(product);
  return codec;
}

// Returns the rows of a sample that count: finite, not zero if only the direction counts, and not
// many times longer than most.
std::vector<uint32_t> Codec::sample_of(const rhumb_vectors_t& column, uint32_t metric,
                                       std::span<const uint32_t> slots) {
  const size_t step = std::max<size_t>(1, slots.size() / kSampleRows);
  std::vector<uint32_t> kept;
  std::vector<double> squares;
  std::vector<float> row(column.dim);
  for (size_t i = 0; i < slots.size(); i += step) {
    to_floats(row_of(column, slots[i]), column.scalar, column.dim, row.data());
    const double square = square_of(row.data(), column.dim);
    if (!std::isfinite(square) || (metric == RHUMB_COSINE && square == 0)) continue;
    kept.push_back(slots[i]);
    squares.push_back(square);
  }
  if (kept.empty()) return kept;
  std::vector<double> ordered = squares;
  const double most = kOutlierLengths * kOutlierLengths * quantile(ordered, kOutlierQuantile);
  size_t n = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (most == 0 || squares[i] <= most) kept[n++] = kept[i];
  }
  kept.resize(n);
  return kept;
}

Codec Codec::train(const rhumb_vectors_t& column, CodecParams params,
                   std::span<const uint32_t> slots, const Kernels& kernels, const Each& each) {
  const uint32_t metric = params.metric;
  params.scale = 1.0f;
  Codec codec(params, {}, kernels);
  if (codec.is_bits()) return codec;
  const std::vector<uint32_t> sample = sample_of(column, metric, slots);
  params.learned = static_cast<uint32_t>(sample.size());
  std::vector<double> sum(codec.width_, 0.0), squares;
  std::vector<float> row(codec.width_);
  for (const uint32_t slot : sample) {
    to_floats(row_of(column, slot), column.scalar, column.dim, row.data());
    const double square = square_of(row.data(), column.dim);
    squares.push_back(square);
    const double norm = metric == RHUMB_COSINE && column.scalar == RHUMB_U8 && square > 0
                            ? 1 / std::sqrt(square)
                            : 1.0;
    for (uint32_t d = 0; d < column.dim; ++d) sum[d] += row[d] * norm;
  }
  if (metric == RHUMB_DOT && !squares.empty())
    params.reach = static_cast<float>(
        std::min<double>(std::sqrt(reach_square(squares, slots.size())), kReachMax));
  if (codec.floats()) return Codec(params, {}, kernels);
  std::vector<float> centre(codec.width_, 0.0f);
  for (uint32_t d = 0; d < column.dim && !sample.empty(); ++d)
    centre[d] = static_cast<float>(sum[d] / static_cast<double>(sample.size()));
  codec = Codec(params, std::move(centre), kernels);
  params.scale = codec.step_for(column, sample);
  codec.params_.scale = params.scale;
  if (!codec.nibbles() && !codec.products())
    return Codec(params, std::move(codec.centre_), kernels);
  const std::vector<uint8_t> codes = codec.codes_of(column, sample);
  std::shared_ptr<const Product> product;
  if (codec.nibbles()) {
    params.levels = codec.train_levels(codes);
  } else {
    params.learned = static_cast<uint32_t>(codes.size() / codec.width_);
    product = std::make_shared<const Product>(Product::train(
        codes.data(), params.learned, codec.width_, params.sub, params.seed, kernels, each));
  }
  return restore(params, std::move(codec.centre_), kernels, std::move(product));
}

// The step size follows from the spread of rotated components, which are close to normal, or from
// the components as they are. If rows differ in length, the long rows set it, because a code that
// is cut off is worse than a coarse one.
float Codec::step_for(const rhumb_vectors_t& column, std::span<const uint32_t> sample) const {
  std::vector<float> spread, row(width_);
  std::vector<double> row_squares;
  double squares = 0;
  for (const uint32_t slot : sample) {
    prepare_row(row_of(column, slot), row.data());
    const double square = square_of(row.data(), width_);
    if (!std::isfinite(square)) continue;
    squares += square;
    row_squares.push_back(square);
    if (rotates()) continue;
    for (uint32_t d = 0; d < column.dim; d += 1 + column.dim / 64)
      spread.push_back(std::abs(row[d]));
  }
  if (row_squares.empty()) return 1.0f;
  const double sigma = std::sqrt(squares / static_cast<double>(row_squares.size() * width_));
  double half_range = std::max(
      kReachSigmas * sigma, kLongSigmas * std::sqrt(quantile(row_squares, kLongQuantile) / width_));
  if (!spread.empty()) half_range = std::max<double>(quantile(spread, kReachQuantile), sigma);
  // Rows of the smallest floats get codes that are all alike, which are then found unfit.
  constexpr double kStepMax = 1e37;
  return half_range > 0 && std::isfinite(half_range)
             ? static_cast<float>(std::min(63.5 / half_range, kStepMax))
             : 1.0f;
}

bool Codec::clips(const float* prepared) const noexcept {
  if (is_bits() || floats()) return false;
  const float most = 63.5f / params_.scale;
  uint32_t beyond = 0;
  for (uint32_t d = 0; d < width_; ++d) beyond += std::abs(prepared[d]) > most ? 1 : 0;
  return static_cast<float>(beyond) >
         kClippedShare * static_cast<float>(rotates() ? width_ : params_.dim);
}

uint32_t Codec::query_bytes() const noexcept {
  if (floats()) return sizeof(FloatQuery);
  return products() ? width_ / params_.sub * kCentroids * uint32_t{sizeof(uint16_t)} + kTablePad
                    : width_;
}

// Returns the sample's 7-bit codes, one after the other.
std::vector<uint8_t> Codec::codes_of(const rhumb_vectors_t& column,
                                     std::span<const uint32_t> sample) const {
  std::vector<uint8_t> codes;
  codes.reserve(sample.size() * width_);
  std::vector<float> row(width_);
  for (const uint32_t slot : sample) {
    prepare_row(row_of(column, slot), row.data());
    if (!std::isfinite(square_of(row.data(), width_))) continue;
    codes.resize(codes.size() + width_);
    quantise(row.data(), codes.data() + codes.size() - width_);
  }
  return codes;
}

// The padding after a row's last component is left out if components are not rotated, because it
// has no meaning then.
Levels Codec::train_levels(const std::vector<uint8_t>& codes) const {
  Histogram histogram{};
  for (size_t row = 0; row < codes.size(); row += width_) {
    for (uint32_t d = 0; d < (rotates() ? width_ : params_.dim); ++d) ++histogram[codes[row + d]];
  }
  return best_levels(histogram);
}

void Codec::encode_query(const float* prepared, uint8_t* out) const {
  if (!products()) {
    quantise(prepared, out);
    return;
  }
  std::vector<uint8_t> code(width_);
  quantise(prepared, code.data());
  product_->table(code.data(), rotates(), *kernels_, reinterpret_cast<uint16_t*>(out));
}

void Codec::encode_row(const float* prepared, uint8_t* out) const {
  if (!nibbles() && !products()) {
    quantise(prepared, out);
    return;
  }
  std::vector<uint8_t> code(width_);
  quantise(prepared, code.data());
  if (nibbles())
    pack(code.data(), width_, nearest_, out);
  else
    product_->encode(code.data(), *kernels_, out);
}

const uint8_t* Codec::whole(const uint8_t* code, std::vector<uint8_t>& room) const {
  if (!nibbles() && !products()) return code;
  room.resize(width_);
  if (nibbles())
    unpack(code, width_, params_.levels, room.data());
  else
    product_->decode(code, room.data());
  return room.data();
}

const uint8_t* Codec::row_as_query(const uint8_t* code, std::vector<uint8_t>& room) const {
  if (!products()) return whole(code, room);
  std::vector<uint8_t> decoded;
  whole(code, decoded);
  room.resize(query_bytes());
  product_->table(decoded.data(), rotates(), *kernels_, reinterpret_cast<uint16_t*>(room.data()));
  return room.data();
}

float Codec::unit() const noexcept {
  const float per_code = 1 / params_.scale;
  if (!rotates()) return per_code;
  return per_code * per_code * (params_.metric == RHUMB_EUCLID ? 1.0f : 0.5f);
}

void Codec::prepare(const void* row, float* out, bool query) const {
  if (is_bits()) {
    const uint64_t bytes = rhumb_vector_bytes(RHUMB_BIT, params_.dim);
    std::memcpy(out, row, bytes);
    std::memset(reinterpret_cast<char*>(out) + bytes, 0, width_ - bytes);
    return;
  }
  to_floats(row, params_.scalar, params_.dim, out);
  std::fill(out + params_.dim, out + width_, 0.0f);
  if (params_.metric == RHUMB_COSINE && params_.scalar == RHUMB_U8)
    rhumb_normalise_f32(out, params_.dim);
  if (params_.metric == RHUMB_DOT) {
    const double square = square_of(out, params_.dim), reach = params_.reach;
    // A query's length does not change which rows are closest, so the query is scaled to the length
    // of the rows.
    if (query && square > 0) {
      const auto factor = static_cast<float>(reach / std::sqrt(square));
      for (uint32_t i = 0; i < params_.dim; ++i) out[i] *= factor;
    } else if (!query) {
      out[params_.dim] = static_cast<float>(std::sqrt(std::max(0.0, reach * reach - square)));
    }
  }
  for (uint32_t i = 0; i < width_; ++i) out[i] -= centre_[i];
  if (rotates()) rotate(out);
}

void Codec::rotate(float* x) const {
  for (uint32_t round = 0; round < kRounds; ++round) {
    // Between transforms of several blocks, halves of the vector are mixed. Otherwise the blocks
    // would stay independent of each other.
    kernels_->flip(x, signs_.data() + uint64_t{round} * width_, width_,
                   round > 0 && block_ < width_ ? 1 : 0);
    kernels_->hadamard(x, width_, block_);
  }
}

void Codec::encode_bits(const float* prepared, char* out) const {
  std::memset(out, 0, bit_stride());
  BitTail tail;
  kernels_->signs(prepared, width_, out, &tail);
  std::memcpy(out + bit_bytes_, &tail, sizeof tail);
}

BitQuery Codec::encode_bit_query(const float* prepared, char* planes) const {
  std::memset(planes, 0, uint64_t{kQueryPlanes} * bit_bytes_);
  BitQuery query;
  kernels_->planes(prepared, width_, bit_bytes_, planes, &query);
  return query;
}

}  // namespace rhumb::coded
