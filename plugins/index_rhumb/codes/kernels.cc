#include "codes/kernels.h"

#include <cstring>

#include "rhumb/kernels.h"

#if defined(RHUMB_KERNELS_NEON)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace rhumb::coded {
namespace {

struct Form {
  const char* of;  // name of the SDK's form that it goes with
  const Kernels* kernels;
  bool (*runs)();  // whether it runs on a machine that runs the SDK's form
};

bool always() { return true; }
#if defined(RHUMB_KERNELS_X86)
bool has_popcnt512() { return __builtin_cpu_supports("avx512vpopcntdq"); }
#endif
#if defined(RHUMB_KERNELS_NEON)
bool has_dotprod() { return (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
#endif

constexpr Form kForms[] = {
// Best first.
#if defined(RHUMB_KERNELS_X86)
    {"avx512", &kAvx512PopcntKernels, has_popcnt512},
    {"avx512", &kAvx512Kernels, always},
    {"avx2", &kAvx2Kernels, always},
#endif
#if defined(RHUMB_KERNELS_NEON)
    {"neon", &kNeonDotKernels, has_dotprod},
    {"neon", &kNeonKernels, always},
#endif
    {"portable", &kPortableKernels, always},
};

bool runs(const Form& form) {
  for (uint32_t i = 0; const char* name = rhumb_kernels_available(i); ++i) {
    if (std::strcmp(name, form.of) == 0) return form.runs();
  }
  return false;
}

}  // namespace

const Kernels* kernels_available(uint32_t i) {
  for (const Form& form : kForms) {
    if (runs(form) && i-- == 0) return form.kernels;
  }
  return nullptr;
}

const Kernels& kernels_in_use() {
  for (const Form& form : kForms) {
    if (std::strcmp(form.of, rhumb_kernels_name()) == 0 && runs(form)) return *form.kernels;
  }
  return kPortableKernels;
}

}  // namespace rhumb::coded
