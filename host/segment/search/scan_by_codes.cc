// Scans by 8-bit codes. A row is dismissed by its code only as far as the code can be trusted.
//
// A code's distance is off by the rounding of its components and of the query's. The rounding error
// is uniform in half a step to either side, so the standard error of a row's distance follows from
// the steps and lengths in the heads of the codes. A row is compared exactly unless its distance by
// code, less kMargin standard errors, is beyond the k-th closest so far. The exact comparisons show
// how far the codes are really off. If that is more than kTrusted standard errors (for data whose
// rounding is not uniform), everything that the codes said is discarded and all rows are compared.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "host/base/metrics.h"
#include "host/segment/search/scan.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

namespace {

constexpr float kMargin = 6.0f, kTrusted = 4.5f;  // both in standard errors
// The relative rounding error of a sum of floats.
constexpr float kRounding = 0x1p-20f;
// Beyond these limits, squared distances may not be ordinary numbers.
constexpr float kLeastSquares = 0x1p-90f, kMostSquares = 0x1p100f;
// Once this many doubtful rows are gathered, the closest by code are compared first, so that the
// limit for the others is known.
constexpr uint32_t kFirstRows = 512;
constexpr uint64_t kFirstPerHit = 4;  // rows compared first per hit
// If more rows than kExactRows, and more than this fraction of those looked at, were compared
// exactly, the codes do not tell these rows apart. The remaining rows are then not looked at by
// code any more.
constexpr uint64_t kExactRows = 1024, kExactDivisor = 4;

rhumb_code_head_t head_of(const void* code) {
  rhumb_code_head_t head;
  std::memcpy(&head, code, sizeof head);
  return head;
}

// How far a distance by code may be off. If the computation overflows, the result is infinite or
// not a number, and the row is compared exactly.
class CodeError {
 public:
  CodeError(uint32_t metric, uint32_t dim, const rhumb_code_head_t& query)
      : metric_(metric), dim_(static_cast<float>(dim)), query_(query) {}

  struct Error {
    float standard = 0, rounding = 0;
  };
  Error of(const rhumb_code_head_t& row) const {
    // The variance of a uniform distribution over a step of one.
    constexpr float kEven = 1.0f / 12;
    const float steps = row.scale * row.scale, query_steps = query_.scale * query_.scale;
    if (metric_ == RHUMB_MANHATTAN)
      return {std::sqrt(kEven * dim_ * (steps + query_steps)),
              kRounding * dim_ * (row.scale + query_.scale)};
    const float product = std::sqrt(kEven * (steps * query_.square + query_steps * row.square));
    if (metric_ == RHUMB_EUCLID) {
      const float squares = row.square + query_.square;
      if (!(squares > kLeastSquares && squares < kMostSquares))
        return {std::numeric_limits<float>::infinity(), 0};
      return {2 * product, kRounding * squares};
    }
    return {product, kRounding * std::sqrt(row.square * query_.square)};
  }

 private:
  const uint32_t metric_;
  const float dim_;
  const rhumb_code_head_t query_;
};

// One scan of one range that has codes, on one thread.
class CodedScan {
 public:
  CodedScan(const VectorColumn& column, const SearchCall& call, const CodeColumn::Reader& codes,
            std::string query_code)
      : column_(column),
        call_(call),
        vectors_(column.vectors()),
        codes_(codes),
        query_code_(std::move(query_code)),
        error_(column.kernel().metric, vectors_.dim, head_of(query_code_.data())),
        top_(call.k) {
    doubtful_.reserve(kFirstRows + kBatchSlots);
  }

  // Pushes the closest rows of the range into `top`, and returns the number of rows looked at.
  Result<uint64_t> run(const ScanRange& range, TopK& top) {
    const Status done = for_batches(range, column_, [&](std::span<const uint32_t> slots) -> Status {
      RHUMB_TRY(interrupted(call_));
      rows_ += slots.size();
      if (exactly_) {
        compare(slots);
        return base::ok();
      }
      look_at(slots);
      if (full() || doubtful_.size() >= kFirstRows) settle();
      return base::ok();
    });
    if (!done.ok()) return done;
    settle();
    if (misled_) {
      top_.take();
      RHUMB_TRY(scan_exact(column_, call_, range, top_).status());
    }
    for (const Hit& hit : top_.take()) top.push(hit);
    count();
    return rows_;
  }

 private:
  struct Row {
    // `least` is the least possible distance by code, `code` the distance by code, and `trusted`
    // the most that the code may have added to it.
    float least = 0, code = 0, trusted = 0;
    uint32_t slot = 0;
  };

  bool full() const { return compared_ >= call_.k; }
  // A value that is not a number is not beyond any limit, so the row is compared.
  bool too_far(float least) const { return full() && least > top_.limit(); }

  const char* code_of(uint32_t slot) const {
    const rhumb_vectors_t& rows = codes_.rows();
    return static_cast<const char*>(rows.chunks[slot >> rows.chunk_shift]) +
           (slot & ((1u << rows.chunk_shift) - 1)) * rows.stride;
  }

  // The largest error in the batch suffices to dismiss most rows.
  void look_at(std::span<const uint32_t> slots) {
    column_.code_kernel().slots(query_code_.data(), &codes_.rows(), slots.data(), slots.size(),
                                distances_.data());
    const CodeError::Error most = error_.of(codes_.largest(slots.front(), slots.back()));
    const float margin = kMargin * most.standard + most.rounding;
    for (size_t i = 0; i < slots.size(); ++i) {
      if (too_far(distances_[i] - margin)) continue;
      const CodeError::Error error = error_.of(head_of(code_of(slots[i])));
      const float least = distances_[i] - (kMargin * error.standard + error.rounding);
      if (!too_far(least))
        doubtful_.push_back(
            {least, distances_[i], kTrusted * error.standard + error.rounding, slots[i]});
    }
  }

  void settle() {
    size_t first = 0;
    if (!full() && doubtful_.size() > kFirstPerHit * call_.k) {
      first = kFirstPerHit * call_.k;
      const auto closer = [](const Row& a, const Row& b) {
        return in_order(a.least) < in_order(b.least);
      };
      std::nth_element(doubtful_.begin(), doubtful_.begin() + static_cast<ptrdiff_t>(first),
                       doubtful_.end(), closer);
      compare_rows({doubtful_.data(), first});
    }
    const auto rest = doubtful_.begin() + static_cast<ptrdiff_t>(first);
    const auto end =
        std::partition(rest, doubtful_.end(), [&](const Row& row) { return !too_far(row.least); });
    compare_rows({doubtful_.data() + first, static_cast<size_t>(end - rest)});
    doubtful_.clear();
    exactly_ = exactly_ || (compared_ > kExactRows && compared_ > rows_ / kExactDivisor);
  }
  static float in_order(float least) {
    return std::isnan(least) ? -std::numeric_limits<float>::infinity() : least;
  }

  void compare_rows(std::span<Row> rows) {
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.slot < b.slot; });
    std::array<uint32_t, kBatchSlots> slots;
    for (size_t at = 0; at < rows.size() && !misled_; at += kBatchSlots) {
      const size_t n = std::min<size_t>(kBatchSlots, rows.size() - at);
      for (size_t i = 0; i < n; ++i) slots[i] = rows[at + i].slot;
      compare({slots.data(), n});
      for (size_t i = 0; i < n; ++i)
        misled_ = misled_ || rows[at + i].code - distances_[i] > rows[at + i].trusted;
      exactly_ = exactly_ || misled_;
    }
  }

  // Once codes have misled, all rows are compared at the end.
  void compare(std::span<const uint32_t> slots) {
    if (misled_) return;
    column_.kernel().slots(call_.query.data(), &vectors_, slots.data(), slots.size(),
                           distances_.data());
    for (size_t i = 0; i < slots.size(); ++i) top_.push({distances_[i], slots[i]});
    compared_ += slots.size();
  }

  void count() const {
    static base::Counter& scans = base::counter("rhumb_code_scans_total");
    static base::Counter& exact = base::counter("rhumb_code_scans_exact_total");
    static base::Counter& looked = base::counter("rhumb_code_scan_rows_total");
    static base::Counter& compared = base::counter("rhumb_code_scan_compared_total");
    scans.add();
    if (exactly_) exact.add();
    looked.add(static_cast<double>(rows_));
    compared.add(static_cast<double>(misled_ ? rows_ : compared_));
  }

  const VectorColumn& column_;
  const SearchCall& call_;
  const rhumb_vectors_t& vectors_;
  const CodeColumn::Reader& codes_;
  const std::string query_code_;
  const CodeError error_;
  TopK top_;
  std::vector<Row> doubtful_;  // from the batches since the last comparison
  std::array<float, kBatchSlots> distances_;
  uint64_t rows_ = 0, compared_ = 0;
  // exactly_: the remaining rows are compared by floats. misled_: all rows are, because a code was
  // farther off than it may be.
  bool exactly_ = false, misled_ = false;
};

}  // namespace

Result<uint64_t> scan_coded(const VectorColumn& column, const SearchCall& call,
                            const ScanRange& range, TopK& top) {
  if (column.codes() == nullptr) return scan_exact(column, call, range, top);
  const rhumb_vectors_t& vectors = column.vectors();
  const CodeColumn::Reader codes(*column.codes());
  const uint32_t first = std::clamp(codes.first(), range.first, range.end),
                 end = std::clamp(codes.end(), first, range.end);
  if (first == end) return scan_exact(column, call, range, top);
  std::string query_code(rhumb_vector_bytes(RHUMB_CODE8, vectors.dim), '\0');
  const rhumb_status_t rc =
      rhumb_code_encode(call.query.data(), vectors.scalar, vectors.dim, query_code.data());
  if (rc != RHUMB_OK) return scan_exact(column, call, range, top);

  CodedScan scan(column, call, codes, std::move(query_code));
  RHUMB_ASSIGN(const uint64_t by_code, scan.run({first, end, range.pass}, top));
  RHUMB_ASSIGN(const uint64_t before,
               scan_exact(column, call, {range.first, first, range.pass}, top));
  RHUMB_ASSIGN(const uint64_t behind, scan_exact(column, call, {end, range.end, range.pass}, top));
  return by_code + before + behind;
}

}  // namespace rhumb::segment
