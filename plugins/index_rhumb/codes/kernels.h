// The engine's inner loops, in one form for each instruction set. The SDK's kernels decide which
// form runs (RHUMB_KERNELS or rhumb_kernels_select() forces one by name), so that exact and coded
// distances use the same instruction set.
//
// Every form returns the same integers for codes. One-bit estimates and rotations are sums of
// floats and may differ in their last bits.
#pragma once

#include <stdint.h>

namespace rhumb::coded {

// The shift gives the number of slots in one chunk of a ChunkedArray. Chunks are large so that a
// segment has few of them and their table stays in the L1 cache.
inline constexpr uint32_t kChunkShift = 18;
inline constexpr uint32_t kChunkMask = (1u << kChunkShift) - 1;
inline constexpr uint32_t kNoLink = ~uint32_t{0};
inline constexpr uint32_t kLineBytes = 64;
// Largest component of a code; the difference of two components fits a signed byte.
inline constexpr uint32_t kCodeMax = 127;
// Number of levels that a component of a 4-bit code may have.
inline constexpr uint32_t kLevels4 = 16;
// Bytes of a 4-bit code that hold 64 components: byte j holds the components j and j + 32.
inline constexpr uint32_t kNibbleGroup = 32;
// Centroids of a run of components, in product quantization.
inline constexpr uint32_t kCentroids = 256;
inline constexpr uint32_t kTablePad = 64;    // bytes after a query's table that may be read
inline constexpr uint32_t kQueryPlanes = 4;  // bits of a query's component against one-bit codes

// Rows of codes by slot. `bytes` is the part of a row that carries the code, a multiple of
// kLineBytes (for 4-bit codes, of kNibbleGroup); `stride` is the distance from row to row.
struct CodeTable {
  const char* const* chunks;
  uint32_t stride, bytes;
  const uint8_t* levels = nullptr;  // for 4-bit codes: kLevels4 of them
  const char* row(uint32_t slot) const {
    return chunks[slot >> kChunkShift] + uint64_t{slot & kChunkMask} * stride;
  }
};

// The place of a centroid's component in the book of a run. The same four components of all
// centroids follow each other (fewer in shorter runs), so that they can be compared with four
// components of a query at once.
constexpr uint32_t book_offset(uint32_t centroid, uint32_t component, uint32_t sub) {
  const uint32_t together = sub < 4 ? sub : 4;
  return component / together * together * kCentroids + centroid * together + component % together;
}

// The end of a row of one-bit codes. Before it come the sign bits of the rotated, centred vector x.
struct BitTail {
  float square;  // |x|^2
  // 2 |x|^2 / |x|_1. The estimate of <x, q> is scale / 2 * <sign x, q> (RaBitQ, arXiv 2405.12497).
  float scale;
  float ones;  // number of set bits
  float reserved;
};
// A query against one-bit codes: |q|^2, and the components in kQueryPlanes bits as planes of
// `bytes` bytes each. q[i] is about step * sum_p 2^p plane_p[i] + low.
struct BitQuery {
  const char* planes;
  float square, low, step, sum;  // sum of the components, as rebuilt from the planes
};

struct Kernels {
  const char* name;
  // Looks at the links row[0..n) (n is a multiple of 16) that are below `bound`. For those whose
  // bit in `visited` is clear, it sets the bit and writes the link to `out` (room for n + 16).
  // Every link is XORed with `flip` first. Returns the number of links written.
  uint32_t (*unvisited)(const uint32_t* row, uint32_t n, uint32_t flip, uint32_t bound,
                        uint32_t* visited, uint32_t* out);
  // out[i] = sum over components of the squared (absolute) difference between the query's code and
  // the code of slot ids[i].
  void (*squared)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                  uint32_t* out);
  void (*absolute)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                   uint32_t* out);
  // The same for rows of 4-bit codes, whose components are levels of the table. `query` has 2 *
  // bytes components, none above kCodeMax.
  void (*squared4)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                   uint32_t* out);
  void (*absolute4)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);
  // The same for rows of numbers of centroids. `query` has kCentroids 16-bit numbers for each byte
  // of a row, of which the row selects one, and then kTablePad bytes.
  void (*looked_up)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);
  // Makes such a query from a code of `width` components in runs of `sub`: the distances to every
  // run's centroids, at most 65535 each. `book` holds the runs' books (book_offset), one after the
  // other.
  void (*squared_to)(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                     uint16_t* out);
  void (*absolute_to)(const uint8_t* code, const uint8_t* book, uint32_t width, uint32_t sub,
                      uint16_t* out);
  // out[i] = number of bits that differ between the query's code and the code of slot ids[i].
  void (*differing)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
                    uint32_t* out);
  // out[i] = bits of the estimated squared distance, a float >= 0 whose bits order as it does.
  // `query` is a BitQuery.
  void (*bits)(const void* query, const CodeTable* table, const uint32_t* ids, uint32_t n,
               uint32_t* out);
  // Walsh-Hadamard transform, not scaled, of each block of `block` floats (a power of two >= 64) of
  // x[0..n).
  void (*hadamard)(float* x, uint32_t n, uint32_t block);
  // x[i] *= signs[i]. Then, if `halves` is set, (x[i], x[i + n/2]) = (a + b, a - b) / sqrt 2, which
  // is a step of Kac's walk. n is a multiple of 64.
  void (*flip)(float* x, const float* signs, uint32_t n, uint32_t halves);
  // Fills a BitQuery for x[0..n), where n is a multiple of 64. `planes` has kQueryPlanes * bytes
  // bytes, all zero after the first n / 8 of each plane.
  void (*planes)(const float* x, uint32_t n, uint32_t bytes, char* planes, BitQuery* out);
  // Writes the sign bits of x[0..n) to `out`, n / 8 bytes, and the tail that follows them to
  // `tail`.
  void (*signs)(const float* x, uint32_t n, char* out, BitTail* tail);
  // out[i] = clamp(round(x[i] * scale + 64), 0, kCodeMax); not-a-number becomes 0.
  void (*quantise)(const float* x, uint32_t n, float scale, uint8_t* out);
};

// The form that the SDK's kernels use now; static data.
const Kernels& kernels_in_use();
// Returns the forms that this machine can run, best first, and nullptr after the last.
const Kernels* kernels_available(uint32_t i);

extern const Kernels kPortableKernels;
#if defined(RHUMB_KERNELS_X86)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kAvx512PopcntKernels;  // with VPOPCNTDQ
#endif
#if defined(RHUMB_KERNELS_NEON)
extern const Kernels kNeonKernels;
extern const Kernels kNeonDotKernels;  // with the dot products of ARMv8.2
#endif

}  // namespace rhumb::coded
