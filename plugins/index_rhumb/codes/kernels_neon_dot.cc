#include "codes/kernels_neon.h"

#if !defined(__ARM_FEATURE_DOTPROD)
#error "to be compiled for ARMv8.2 with dot products"
#endif

namespace rhumb::coded {

constinit const Kernels kNeonDotKernels = make_kernels<Neon>("neon+dotprod");

}  // namespace rhumb::coded
