// The kernels of one instruction set. Only this library uses the table.
#pragma once

#include <stdint.h>

#include "rhumb/kernels.h"

namespace rhumb::kernels {

inline constexpr uint32_t kMetricCount = 4;  // COSINE, DOT, EUCLID, MANHATTAN
inline constexpr uint32_t kScalarCount = 4;  // F32, F16, U8, CODE8
inline constexpr uint32_t kCodeHeadBytes = sizeof(rhumb_code_head_t);

struct Table {
  const char* name;
  rhumb_kernel_t kernels[kScalarCount][kMetricCount];
  rhumb_kernel_t hamming;
  void (*f32_to_f16)(const float*, uint16_t*, uint64_t);
  void (*f16_to_f32)(const uint16_t*, float*, uint64_t);
};

extern const Table kPortable;
#if defined(RHUMB_KERNELS_X86)
extern const Table kAvx2;
extern const Table kAvx512;
#endif
#if defined(RHUMB_KERNELS_NEON)
extern const Table kNeon;
#endif

}  // namespace rhumb::kernels
