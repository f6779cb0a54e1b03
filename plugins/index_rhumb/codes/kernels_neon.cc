#include "codes/kernels_neon.h"

namespace rhumb::coded {

constinit const Kernels kNeonKernels = make_kernels<Neon>("neon");

}  // namespace rhumb::coded
