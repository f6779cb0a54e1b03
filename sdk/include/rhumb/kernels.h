/* Rhumb plugin SDK: distance kernels. They are a static library (RhumbSDK::kernels) that the host
 * and plugins link. They are not part of the plugin ABI.
 *
 * Every kernel exists in several forms, one for each instruction set. The first use takes the best
 * form that the machine can run:
 *   "avx512"    AVX-512 F, BW, DQ, VL and VNNI
 *   "avx2"      AVX2, FMA, F16C and POPCNT
 *   "neon"      64-bit ARM
 *   "portable"  any machine
 * The environment variable RHUMB_KERNELS or rhumb_kernels_select() chooses a form by its name. All
 * functions are [any-thread] and keep no other state than this choice. Vectors may start at any
 * address and have any dimension from 1 to 65536. Of each vector the kernels read exactly
 * rhumb_vector_bytes().
 *
 * Distances are those of rhumb/index.h. A smaller distance is closer:
 *   COSINE     1 - <a, b> of normalised f32 and f16 vectors. A u8 vector cannot be normalised, so
 *              its distance is 1 - <a, b> / (|a| |b|).
 *   DOT        -<a, b>
 *   EUCLID     |a - b|^2, as rhumb_square_encode() writes it
 *   MANHATTAN  the sum of |a[i] - b[i]|
 *   HAMMING    the number of bits that differ, for RHUMB_BIT only
 * Every answer is a finite number, whatever bits the vectors have. A sum that float32 cannot hold
 * is computed again in double. A distance beyond float32 becomes the largest finite number with its
 * sign. A distance that is not a number becomes the farthest one. d(a, b) == d(b, a), bit for bit.
 * Sums over f32 and f16 are computed in f32. Sums over u8 and codes are computed in integers and do
 * not overflow. Two forms may differ in the last bits of f32 sums, but not in those of integers. */
#ifndef RHUMB_KERNELS_H
#define RHUMB_KERNELS_H

#include "core.h"
#include "index.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A scalar type that only the kernels have: rows that rhumb_code_encode() wrote. */
enum { RHUMB_CODE8 = 64 };

/* The head of a code row. After it come `dim` signed bytes in [-127, 127], the codes, and then
 * zeros up to rhumb_vector_bytes(RHUMB_CODE8, dim). Component x[i] is about scale * code[i]; the
 * error is at most scale / 2. `square` is |x|^2 of the vector itself. `sum` is the sum of the
 * codes. */
typedef struct rhumb_code_head {
  float scale, square;
  int32_t sum;
  uint32_t reserved;
} rhumb_code_head_t;

/* The kernels of one metric and scalar type. A caller looks them up once and then calls them. All
 * pointers are set.
 *   one    returns the distance of two vectors.
 *   rows   sets out[i] to the distance to row i, for i < n. Row i starts at
 *          (const char *)rows + i * stride.
 *   slots  sets out[i] to the distance to slot slots[i] of the column, for i < n. It reads the
 *          table of chunks of rhumb/index.h and ignores the present bits. It fetches vectors ahead,
 *          so it is the way to score a list of neighbours or the slots that pass a filter.
 * The three give the same bits for the same pair. For RHUMB_CODE8 both sides are code rows, and the
 * answer approximates the distance of the vectors that they were made from. */
typedef struct rhumb_kernel {
  uint32_t metric, scalar;
  float(RHUMB_CALL* one)(const void* a, const void* b, uint32_t dim);
  void(RHUMB_CALL* rows)(const void* query, const void* rows, uint64_t stride, uint64_t n,
                         uint32_t dim, float* out);
  void(RHUMB_CALL* slots)(const void* query, const rhumb_vectors_t* column, const uint32_t* slots,
                          uint64_t n, float* out);
} rhumb_kernel_t;

/* Returns static data of the form that is chosen now. The answer is NULL if the metric and the
 * scalar type do not go together. HAMMING goes with RHUMB_BIT alone. */
const rhumb_kernel_t* RHUMB_CALL rhumb_kernel_for(uint32_t metric, uint32_t scalar);

/* Returns the bytes of one vector: 4 * dim for f32, 2 * dim for f16, dim for u8, dim / 8 rounded up
 * for bits (surplus bits are zero), and 16 + dim rounded up to a multiple of 16 for codes. The
 * answer is 0 for an unknown scalar type. */
uint64_t RHUMB_CALL rhumb_vector_bytes(uint32_t scalar, uint32_t dim);

/* Scales the vector to length 1 in place and returns its former length. Each component is rounded
 * once. A zero vector stays as it is, and the answer is 0. All components must be finite. The
 * result is the same on every machine, bit for bit. */
float RHUMB_CALL rhumb_normalise_f32(float* vector, uint32_t dim);

/* Converts between f32 and f16. It rounds to the nearest f16, and ties to even, as the hardware
 * does. From 65520 on the result is infinite: see rhumb_all_finite(). */
void RHUMB_CALL rhumb_f32_to_f16(const float* in, uint16_t* out, uint64_t n);
void RHUMB_CALL rhumb_f16_to_f32(const uint16_t* in, float* out, uint64_t n);

/* Returns the nearest float32. A value beyond its range becomes the largest finite one, with its
 * sign. A NaN becomes the largest, which ranks last among distances. */
float RHUMB_CALL rhumb_finite_f32(double value);

/* The square of a distance may be beyond float32 although the distance itself is not. encode()
 * writes any square as a float32 and keeps the order. It writes squares from 2^-102 up to 2^106 as
 * they are, and others in the exponents that are left, with a relative error of at most 5e-7. A NaN
 * becomes the farthest. decode() reads the values that encode() wrote. */
float RHUMB_CALL rhumb_square_encode(double square);
double RHUMB_CALL rhumb_square_decode(float distance);

/* Returns 1 if none of the n components is a NaN or infinite, and 0 otherwise. `scalar` is
 * RHUMB_F32 or RHUMB_F16. Components of other types are always finite. */
uint32_t RHUMB_CALL rhumb_all_finite(const void* components, uint32_t scalar, uint64_t n);

/* Writes rhumb_vector_bytes(RHUMB_CODE8, dim) bytes to code_out, which may be any address. `scalar`
 * is RHUMB_F32, RHUMB_F16 or RHUMB_U8. All components must be finite. The result is the same on
 * every machine, bit for bit. */
rhumb_status_t RHUMB_CALL rhumb_code_encode(const void* vector, uint32_t scalar, uint32_t dim,
                                            void* code_out);

/* Chooses a form by its name. NULL or "" chooses the best one. The answer is RHUMB_NOT_FOUND if
 * there is no such form, and RHUMB_UNSUPPORTED if this machine cannot run it. Pointers that were
 * looked up before keep their form. */
rhumb_status_t RHUMB_CALL rhumb_kernels_select(const char* name);
/* Chooses the form that the environment variable RHUMB_KERNELS names, with the answers of
 * rhumb_kernels_select(). The first lookup does so by itself, but it falls back to the best form if
 * it cannot have the named one. A program that wants to report this calls the function at its
 * start. */
rhumb_status_t RHUMB_CALL rhumb_kernels_select_from_environment(void);
/* Returns the name of the form in use. */
const char* RHUMB_CALL rhumb_kernels_name(void);
/* Returns the name of the i-th form that this machine can run. The best form comes first. The
 * answer after the last one is NULL. */
const char* RHUMB_CALL rhumb_kernels_available(uint32_t i);

#ifdef __cplusplus
}
#endif
#endif
