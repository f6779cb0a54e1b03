// Chooses the form that runs: the best one of the machine, unless a caller named another one.
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "sdk/kernels/table.h"

#if defined(RHUMB_KERNELS_X86)
#include <cpuid.h>
#endif

namespace rhumb::kernels {
namespace {

#if defined(RHUMB_KERNELS_X86)
// __builtin_cpu_supports does not know f16c in every compiler.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
// __builtin_cpu_supports also checks by XGETBV that the system saves the registers.
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("popcnt") && has_f16c();
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}
#endif
bool always() { return true; }

struct Form {
  const Table* table;
  bool (*runs)();
};
constexpr Form kForms[] = {
// the best form comes first
#if defined(RHUMB_KERNELS_X86)
    {&kAvx512, has_avx512},
    {&kAvx2, has_avx2},
#endif
#if defined(RHUMB_KERNELS_NEON)
    {&kNeon, always},  // every 64-bit ARM has it
#endif
    {&kPortable, always},
};

const Table& best() {
  for (const Form& form : kForms) {
    if (form.runs()) return *form.table;
  }
  return kPortable;
}

std::atomic<const Table*> g_chosen{nullptr};

const Table& chosen() {
  const Table* table = g_chosen.load(std::memory_order_acquire);
  if (table != nullptr) [[likely]]
    return *table;
  if (rhumb_kernels_select_from_environment() != RHUMB_OK) {
    const Table* none = nullptr;  // another thread may choose at the same time
    g_chosen.compare_exchange_strong(none, &best(), std::memory_order_acq_rel);
  }
  return *g_chosen.load(std::memory_order_acquire);
}

}  // namespace
}  // namespace rhumb::kernels

using namespace rhumb::kernels;

const rhumb_kernel_t* rhumb_kernel_for(uint32_t metric, uint32_t scalar) {
  const Table& table = chosen();
  if (scalar == RHUMB_BIT) return metric == RHUMB_HAMMING ? &table.hamming : nullptr;
  if (metric < RHUMB_COSINE || metric > RHUMB_MANHATTAN) return nullptr;
  switch (scalar) {
    case RHUMB_F32:
      return &table.kernels[0][metric - RHUMB_COSINE];
    case RHUMB_F16:
      return &table.kernels[1][metric - RHUMB_COSINE];
    case RHUMB_U8:
      return &table.kernels[2][metric - RHUMB_COSINE];
    case RHUMB_CODE8:
      return &table.kernels[3][metric - RHUMB_COSINE];
    default:
      return nullptr;
  }
}

void rhumb_f32_to_f16(const float* in, uint16_t* out, uint64_t n) {
  chosen().f32_to_f16(in, out, n);
}
void rhumb_f16_to_f32(const uint16_t* in, float* out, uint64_t n) {
  chosen().f16_to_f32(in, out, n);
}

rhumb_status_t rhumb_kernels_select(const char* name) {
  if (name == nullptr || *name == '\0') {
    g_chosen.store(&best(), std::memory_order_release);
    return RHUMB_OK;
  }
  for (const Form& form : kForms) {
    if (std::strcmp(form.table->name, name) != 0) continue;
    if (!form.runs()) return RHUMB_UNSUPPORTED;
    g_chosen.store(form.table, std::memory_order_release);
    return RHUMB_OK;
  }
  return RHUMB_NOT_FOUND;
}

rhumb_status_t rhumb_kernels_select_from_environment(void) {
  return rhumb_kernels_select(std::getenv("RHUMB_KERNELS"));
}

const char* rhumb_kernels_name(void) { return chosen().name; }

const char* rhumb_kernels_available(uint32_t i) {
  for (const Form& form : kForms) {
    if (form.runs() && i-- == 0) return form.table->name;
  }
  return nullptr;
}
