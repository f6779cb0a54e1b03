#include "kernels.h"

#include <cstring>

#include "rhumb/kernels.h"

namespace rhumb::coded {

const Kernels* kernels_named(const char* name) {
  if (std::strcmp(name, "portable") == 0) return &kPortableKernels;
#if defined(RHUMB_KERNELS_X86)
  for (uint32_t i = 0; const char* runs = rhumb_kernels_available(i); ++i) {
    if (std::strcmp(runs, name) != 0) continue;
    if (std::strcmp(name, "avx2") == 0) return &kAvx2Kernels;
    if (std::strcmp(name, "avx512") == 0) return __builtin_cpu_supports("avx512vpopcntdq") ? &kAvx512PopcntKernels : &kAvx512Kernels;
  }
#endif
  return nullptr;
}

const Kernels& kernels_in_use() {
  const Kernels* named = kernels_named(rhumb_kernels_name());
  return named != nullptr ? *named : kPortableKernels;
}

}  // namespace rhumb::coded
