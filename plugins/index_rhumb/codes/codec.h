// Turns a column's rows into codes: 7 bits per component for every metric, kept as they are or
// reduced to 4 bits or to numbers of centroids, and one bit per component for wide vectors.
//
// EUCLID, COSINE and DOT share one geometry: the squared euclidean distance of rotated, centred
// vectors. For unit vectors the cosine distance is half of it. Inner products become distances by
// one more component, sqrt(M^2 - |x|^2) in rows and 0 in queries (Bachrach et al., RecSys 2014). A
// random rotation (signs and Hadamard transforms, as in RaBitQ, arXiv 2405.12497) makes all
// components alike, so that one step size fits all of them and sign bits carry the direction.
// MANHATTAN keeps its axes; it is centred and has one step size. The rows of HAMMING are codes
// already: their bits, padded with zeros.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "codes/kernels.h"
#include "codes/nibbles.h"
#include "codes/product.h"
#include "rhumb/index.h"
#include "rhumb/kernels.h"

namespace rhumb::coded {

// In narrower vectors one bit per component has too little recall.
inline constexpr uint32_t kBitsFromDim = 512;
inline constexpr uint32_t kSampleRows = 16'384;  // most rows that parameters are learned from

// What a row is compared by. Files store the number. Rows of HAMMING are their own codes, whichever
// value is set. kFloats: the host's vectors themselves; only the square of each row's length is
// stored (floats.h).
enum class Codes : uint32_t { kWhole = 0, kNibbles = 1, kProduct = 2, kFloats = 3 };

// The part of a codec that a file keeps, besides the centre.
struct CodecParams {
  uint32_t metric = 0, scalar = 0, dim = 0;
  uint32_t seed = 0, one_bit = 0;  // one_bit: 1 if wide vectors also get one-bit codes
  float scale = 0;                 // codes per unit; 0 = not trained
  float reach = 0;                 // M of DOT, else 0
  Codes codes = Codes::kWhole;
  Levels levels{};       // for kNibbles
  uint32_t sub = 0;      // for kProduct: components per run
  uint32_t learned = 0;  // number of rows that the parameters were learned from
};

// Immutable after train() or restore(); then any thread may use it.
class Codec {
 public:
  // Learns centre, step size and reach from rows of the column: up to kSampleRows of `slots`,
  // evenly spread. There must be at least one slot. Rows that are many times longer than nearly all
  // others are ignored, because a single one must not blur the codes of the rest. `params` holds
  // the given parameters, of a column of that scalar type and dimension. `each` runs the expensive
  // loops.
  static Codec train(const rhumb_vectors_t& column, CodecParams params,
                     std::span<const uint32_t> slots, const Kernels& kernels,
                     const Each& each = one_by_one);
  // `product` is for kProduct, and may be missing until vectors are encoded.
  static Codec restore(const CodecParams& params, std::vector<float> centre, const Kernels& kernels,
                       std::shared_ptr<const Product> product = nullptr);

  const CodecParams& params() const noexcept { return params_; }
  const std::vector<float>& centre() const noexcept { return centre_; }
  // Components of a prepared vector: dim, plus one for DOT, rounded up to whole lines of codes. It
  // is also the number of bytes of a 7-bit code and of the bits of HAMMING.
  uint32_t width() const noexcept { return width_; }
  bool nibbles() const noexcept { return params_.codes == Codes::kNibbles && !is_bits(); }
  bool products() const noexcept { return params_.codes == Codes::kProduct && !is_bits(); }
  bool floats() const noexcept { return params_.codes == Codes::kFloats && !is_bits(); }
  const std::shared_ptr<const Product>& product() const noexcept { return product_; }
  // Bytes of a row's code, and of a query. For kFloats: bytes of the square of a row's length, and
  // of a FloatQuery.
  uint32_t code_bytes() const noexcept {
    return floats()     ? uint32_t{sizeof(float)}
           : nibbles()  ? width_ / 2
           : products() ? width_ / params_.sub
                        : width_;
  }
  uint32_t query_bytes() const noexcept;
  // Bytes of a row that a comparison reads.
  uint32_t compared_bytes() const noexcept {
    return floats() ? static_cast<uint32_t>(rhumb_vector_bytes(params_.scalar, params_.dim))
                    : width_;
  }
  // Bytes of the bits of a one-bit code, in whole lines; 0 = the column has none.
  uint32_t bit_bytes() const noexcept { return bit_bytes_; }
  uint32_t bit_stride() const noexcept {
    return bit_bytes_ == 0
               ? 0
               : (bit_bytes_ + sizeof(BitTail) + kLineBytes - 1) / kLineBytes * kLineBytes;
  }
  bool rotates() const noexcept { return params_.metric != RHUMB_MANHATTAN && !is_bits(); }
  bool is_bits() const noexcept { return params_.metric == RHUMB_HAMMING; }
  // Factor from the squared (for MANHATTAN: absolute) distance of prepared vectors in units of
  // codes to the distances of rhumb/index.h, up to an offset that is the same for all rows. It is
  // used for comparing and calibrating, not for answers.
  float unit() const noexcept;

  // `out` has width() floats, which are to be encoded. For HAMMING it holds the bits in the first
  // width() bytes instead.
  void prepare_row(const void* row, float* out) const { prepare(row, out, false); }
  void prepare_query(const void* query, float* out) const { prepare(query, out, true); }
  // Out: code_bytes() bytes, kept by slot.
  void encode_row(const float* prepared, uint8_t* out) const;
  // `out` has query_bytes() bytes, aligned to two, to be compared with rows' codes.
  void encode_query(const float* prepared, uint8_t* out) const;
  // Returns the 7-bit code that a row's code stands for: the code itself, or its unpacked form in
  // `room` (width() bytes).
  const uint8_t* whole(const uint8_t* code, std::vector<uint8_t>& room) const;
  // Returns the row's code in the form of a query.
  const uint8_t* row_as_query(const uint8_t* code, std::vector<uint8_t>& room) const;
  // Whether so many components of a prepared row lie beyond the range of codes that its code is
  // unreliable.
  bool clips(const float* prepared) const noexcept;
  void encode_bits(const float* prepared, char* out) const;
  // `planes` has kQueryPlanes * bit_bytes() bytes. The result points into it.
  BitQuery encode_bit_query(const float* prepared, char* planes) const;

 private:
  static void one_by_one(uint64_t n, const std::function<void(uint64_t)>& fn) {
    for (uint64_t i = 0; i < n; ++i) fn(i);
  }
  Codec(const CodecParams& params, std::vector<float> centre, const Kernels& kernels);
  void quantise(const float* prepared, uint8_t* out) const {
    if (is_bits())
      std::memcpy(out, prepared, width_);
    else
      kernels_->quantise(prepared, width_, params_.scale, out);
  }
  void prepare(const void* row, float* out, bool query) const;
  void rotate(float* x) const;
  static std::vector<uint32_t> sample_of(const rhumb_vectors_t& column, uint32_t metric,
                                         std::span<const uint32_t> slots);
  float step_for(const rhumb_vectors_t& column, std::span<const uint32_t> sample) const;
  std::vector<uint8_t> codes_of(const rhumb_vectors_t& column,
                                std::span<const uint32_t> sample) const;
  Levels train_levels(const std::vector<uint8_t>& codes) const;

  CodecParams params_;
  std::vector<float> centre_;  // in the column's own axes, width() long
  std::vector<float> signs_;   // signs of kRounds rounds
  std::shared_ptr<const Product> product_;
  std::array<uint8_t, kCodeMax + 1> nearest_;  // nearest level by 7-bit code
  uint32_t width_, block_, bit_bytes_;
  const Kernels* kernels_;
};

}  // namespace rhumb::coded
