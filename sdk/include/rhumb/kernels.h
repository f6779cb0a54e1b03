/* Rhumb plugin SDK: distance kernels. A static library (RhumbSDK::kernels) that host and plugins link; it is not part
 * of the plugin ABI.
 *
 * Every kernel is there in several forms, one per instruction set, and the best one that the machine can run is taken
 * at first use:
 *   "avx512"  AVX-512 F, BW, DQ, VL and VNNI      "avx2"  AVX2, FMA, F16C, POPCNT
 *   "neon"    64-bit ARM                          "portable"  anything
 * The environment variable RHUMB_KERNELS or rhumb_kernels_select() forces one by name. All functions are [any-thread]
 * and keep no state but that choice. Vectors may start at any address and have any dimension from 1 to 65536. What the
 * kernels read of two rows is exactly rhumb_vector_bytes() of each.
 *
 * Distances are those of rhumb/index.h, "smaller is closer":
 *   COSINE     1 - <a,b> on normalised f32 and f16 vectors; u8 vectors cannot be normalised: 1 - <a,b> / (|a| |b|)
 *   DOT        -<a,b>
 *   EUCLID     squared L2, as rhumb_square_encode() writes it
 *   MANHATTAN  L1
 *   HAMMING    differing bits (RHUMB_BIT only)
 * Every answer is a finite number, whatever the bits of the vectors: a sum that float32 cannot hold is taken once more in
 * double; a distance beyond float32 is the largest finite one, with its sign; one that is not a number is the farthest.
 * d(a, b) == d(b, a), bit for bit. Sums are taken in f32, of u8 and codes in integers without overflow; forms may
 * differ in the last bits of f32 sums, never in those of integers. */
#ifndef RHUMB_KERNELS_H
#define RHUMB_KERNELS_H

#include "core.h"
#include "index.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A scalar type of its own for kernels: rows written by rhumb_code_encode(). */
enum { RHUMB_CODE8 = 64 };

/* Head of a code row; dim signed bytes in [-127, 127] follow, then zeros up to rhumb_vector_bytes(RHUMB_CODE8, dim).
 * x[i] is about scale * code[i], off by scale / 2 at most. square: |x|^2 of the vector itself. sum: of the codes. */
typedef struct rhumb_code_head {
  float scale, square;
  int32_t sum;
  uint32_t reserved;
} rhumb_code_head_t;

/* The kernels of one metric and scalar type, looked up once and then called. All pointers are set.
 *   one    distance of two vectors
 *   rows   out[i] = distance to row i, for i < n; row i starts at (const char *)rows + i * stride
 *   slots  out[i] = distance to slot slots[i] of the column (chunk table of rhumb/index.h; its present bits are not
 *          looked at), fetching ahead: the way to score a neighbour list or the slots that pass a filter
 * The three answer the same bits for the same pair.
 * Codes: both sides are code rows; the answer approximates the distance of the vectors they were made of. */
typedef struct rhumb_kernel {
  uint32_t metric, scalar;
  float(RHUMB_CALL *one)(const void *a, const void *b, uint32_t dim);
  void(RHUMB_CALL *rows)(const void *query, const void *rows, uint64_t stride, uint64_t n, uint32_t dim, float *out);
  void(RHUMB_CALL *slots)(const void *query, const rhumb_vectors_t *column, const uint32_t *slots, uint64_t n,
                          float *out);
} rhumb_kernel_t;

/* NULL if the two do not go together (HAMMING goes with RHUMB_BIT alone). Static data of the form chosen now. */
const rhumb_kernel_t *RHUMB_CALL rhumb_kernel_for(uint32_t metric, uint32_t scalar);

/* Bytes of one vector: f32 4 * dim, f16 2 * dim, u8 dim, bit dim / 8 rounded up (surplus bits are zero), code 16 + dim
 * rounded up to 16; 0 for an unknown scalar type. */
uint64_t RHUMB_CALL rhumb_vector_bytes(uint32_t scalar, uint32_t dim);

/* Scales to length 1 in place, in one rounding per component; returns the former length. A zero vector stays as it is
 * (0 is returned). All components must be finite. Bit for bit the same on every machine. */
float RHUMB_CALL rhumb_normalise_f32(float *vector, uint32_t dim);

/* Rounds to nearest, ties to even, as the hardware does; from 65520 on the result is infinite (see
 * rhumb_all_finite). */
void RHUMB_CALL rhumb_f32_to_f16(const float *in, uint16_t *out, uint64_t n);
void RHUMB_CALL rhumb_f16_to_f32(const uint16_t *in, float *out, uint64_t n);

/* The nearest float32; beyond its range the largest finite one, with its sign. A NaN becomes the largest, which ranks last
 * among distances. */
float RHUMB_CALL rhumb_finite_f32(double value);

/* A squared distance may be beyond float32 where the distance itself is not. encode() writes any square in an order-keeping
 * float32: squares from 2^-102 up to 2^106 as they are, others in the exponents that are left, off by 5e-7 of themselves at
 * most. A NaN becomes the farthest. decode() reads what encode() wrote. */
float RHUMB_CALL rhumb_square_encode(double square);
double RHUMB_CALL rhumb_square_decode(float distance);

/* 1 if none of the n components is a NaN or infinite. scalar: RHUMB_F32 or RHUMB_F16; others are always finite. */
uint32_t RHUMB_CALL rhumb_all_finite(const void *components, uint32_t scalar, uint64_t n);

/* Writes rhumb_vector_bytes(RHUMB_CODE8, dim) bytes to code_out (any address). scalar: RHUMB_F32, RHUMB_F16 or
 * RHUMB_U8; components must be finite. Bit for bit the same on every machine. */
rhumb_status_t RHUMB_CALL rhumb_code_encode(const void *vector, uint32_t scalar, uint32_t dim, void *code_out);

/* Takes a form by name; NULL or "" = the best. RHUMB_NOT_FOUND: no such form; RHUMB_UNSUPPORTED: this machine
 * cannot run it. Pointers looked up before keep their form. */
rhumb_status_t RHUMB_CALL rhumb_kernels_select(const char *name);
/* Takes what RHUMB_KERNELS names, with select()'s answers. Lookups do so by themselves at first use, but fall back
 * to the best form when it cannot be had: a program that wants to say so calls this at its start. */
rhumb_status_t RHUMB_CALL rhumb_kernels_select_from_environment(void);
/* The form in use. */
const char *RHUMB_CALL rhumb_kernels_name(void);
/* Names of the forms this machine can run, best first; NULL past the last. */
const char *RHUMB_CALL rhumb_kernels_available(uint32_t i);

#ifdef __cplusplus
}
#endif
#endif
