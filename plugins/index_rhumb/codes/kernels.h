// What the engine computes in its inner loops, once for each instruction set. Which one runs is
// decided by the SDK's kernels (RHUMB_KERNELS or rhumb_kernels_select() forces one by name), so
// that the exact and the coded distances are of one form.
//
// Every form answers the same integers for codes. One-bit estimates and rotations are sums of
// floats and may differ in their last bits.
#pragma once

#include <stdint.h>

namespace rhumb::coded {

// Slots of one chunk of a ChunkedArray. A power of two large enough that a segment has few chunks:
// their table stays in the L1 cache.
inline constexpr uint32_t kChunkShift = 18;
inline constexpr uint32_t kChunkMask = (1u << kChunkShift) - 1;
inline constexpr uint32_t kNoLink = ~uint32_t{0};
inline constexpr uint32_t kLineBytes = 64;
// of a code's component: differences of two fit a signed byte
inline constexpr uint32_t kCodeMax = 127;
inline constexpr uint32_t kLevels4 = 16;  // that a component of a 4-bit code may have
// bytes of a 4-bit code that hold 64 components: byte j those of numbers j and j + 32
inline constexpr uint32_t kNibbleGroup = 32;
inline constexpr uint32_t kCentroids = 256;  // of a run of components, by product quantization
inline constexpr uint32_t kTablePad = 64;    // bytes behind a query's table that may be read
inline constexpr uint32_t kQueryPlanes = 4;  // bits of a query's component against one-bit codes

// Rows of codes by slot. bytes: of a row that carry the code, a multiple of kLineBytes (4-bit
// codes: of kNibbleGroup); stride: from row to row.
struct CodeTable {
  const char* const* chunks;
  uint32_t stride, bytes;
  const uint8_t* levels = nullptr;  // of 4-bit codes, kLevels4 of them
  const char* row(uint32_t slot) const {
    return chunks[slot >> kChunkShift] + uint64_t{slot & kChunkMask} * stride;
  }
};

// Where a run's book keeps a component of a centroid: four components of all centroids follow each
// other (fewer, of shorter runs), so that they are compared with a query's four at once.
constexpr uint32_t book_offset(uint32_t centroid, uint32_t component, uint32_t sub) {
  const uint32_t together = sub < 4 ? sub : 4;
  return component / together * together * kCentroids + centroid * together + component % together;
}

// A row of one-bit codes: sign bits of the rotated, centred vector x (bits bytes), then this.
struct BitTail {
  float square;  // |x|^2
  // 2 |x|^2 / |x|_1: <x, q> is estimated by scale / 2 * <sign x, q>   (RaBitQ, arXiv 2405.12497)
  float scale;
  float ones;  // number of set bits
  float reserved;
};
// A query against one-bit codes: |q|^2, and its components in kQueryPlanes bits as planes of
// `bytes` bytes each: q[i] is about step * sum_p 2^p plane_p[i] + low.
struct BitQuery {
  const char* planes;
  float square, low, step, sum;  // sum: of the components, as they are rebuilt
};

struct Kernels {
  const char* name;
  // Of the links row[0..n) (n a multiple of 16) that are below `bound`, those whose bit in
  // `visited` is clear: sets it and writes them to `out` (room for n + 16). Every link is XORed
  // with `flip` first. Returns how many.
  uint32_t (*unvisited)(const uint32_t* row, uint32_t n, uint32_t flip, uint32_t bound,
                        uint32_t* visited, uint32_t* out);
  // out[i] = sum over components of the squared (absolute) difference between the query's code and
  // that of slot ids[i].
  void (*squared)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                  uint32_t* out);
  void (*absolute)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                   uint32_t* out);
  // The same where rows are 4-bit codes: their components are levels of the table. query: 2 * bytes
  // components, none above kCodeMax.
  void (*squared4)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                   uint32_t* out);
  void (*absolute4)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);
  // The same where rows are numbers of centroids. query: for each byte of a row, kCentroids 16-bit
  // numbers, of which the row takes one; then kTablePad bytes.
  void (*looked_up)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);
  // Such a query from a code of `width` components, in runs of `sub`: its distances to every run's
  // centroids, no more than 65535. book: the runs' books (book_offset), one after the other.
  void (*squared_to)(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                     uint16_t* out);
  void (*absolute_to)(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                      uint16_t* out);
  // out[i] = bits that differ between the query's code and that of slot ids[i].
  void (*differing)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);
  // out[i] = bits of the estimated squared distance (a float >= 0, whose bits order as it does).
  // query: a BitQuery.
  void (*bits)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
               uint32_t* out);
  // Walsh-Hadamard transform, not scaled, of each block of `block` floats (a power of two >= 64) of
  // x[0..n).
  void (*hadamard)(float* x, uint32_t n, uint32_t block);
  // x[i] *= signs[i]; then, if halves, (x[i], x[i + n/2]) = (a + b, a - b) / sqrt 2: a step of
  // Kac's walk. n a multiple of 64.
  void (*flip)(float* x, const float* signs, uint32_t n, uint32_t halves);
  // Fills a BitQuery for x[0..n), n a multiple of 64; planes: kQueryPlanes * bytes bytes, all zero
  // behind n / 8 of each.
  void (*planes)(const float* x, uint32_t n, uint32_t bytes, char* planes, BitQuery* out);
  // Sign bits of x[0..n) to out, n / 8 bytes, and what goes behind them.
  void (*signs)(const float* x, uint32_t n, char* out, BitTail* tail);
  // out[i] = clamp(round(x[i] * scale + 64), 0, kCodeMax); not-a-number becomes 0.
  void (*quantise)(const float* x, uint32_t n, float scale, uint8_t* out);
};

// The form that the SDK's kernels run in now; static data.
const Kernels& kernels_in_use();
// Those this machine can run, best first; nullptr past the last.
const Kernels* kernels_available(uint32_t i);

extern const Kernels kPortableKernels;
#if defined(RHUMB_KERNELS_X86)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kAvx512PopcntKernels;  // the same with VPOPCNTDQ
#endif
#if defined(RHUMB_KERNELS_NEON)
extern const Kernels kNeonKernels;
extern const Kernels kNeonDotKernels;  // the same with ARMv8.2's dot products
#endif

}  // namespace rhumb::coded
