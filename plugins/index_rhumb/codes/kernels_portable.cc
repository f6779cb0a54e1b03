#include "codes/kernels_generic.h"

namespace rhumb::coded {
namespace {

struct Portable : Generic<Portable> {
  static constexpr int kRows = 1;
  template <int R>
  static void squared_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                            uint32_t* out) {
    const auto* row = reinterpret_cast<const uint8_t*>(rows[0]);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < bytes; ++i) {
      const int32_t d = int32_t{q[i]} - int32_t{row[i]};
      sum += static_cast<uint32_t>(d * d);
    }
    out[0] = sum;
  }
  template <int R>
  static void absolute_block(const uint8_t* q, const char* const* rows, uint32_t bytes,
                             uint32_t* out) {
    const auto* row = reinterpret_cast<const uint8_t*>(rows[0]);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < bytes; ++i)
      sum += static_cast<uint32_t>(q[i] < row[i] ? row[i] - q[i] : q[i] - row[i]);
    out[0] = sum;
  }
  // Calls add(query's component, row's level) for the whole 4-bit code.
  template <typename Add>
  static void each4(const uint8_t* q, const uint8_t* levels, const char* row, uint32_t bytes,
                    Add add) {
    for (uint32_t i = 0; i < bytes; i += kNibbleGroup, q += 2 * kNibbleGroup) {
      for (uint32_t j = 0; j < kNibbleGroup; ++j) {
        const auto two = static_cast<uint8_t>(row[i + j]);
        add(int32_t{q[j]}, int32_t{levels[two & 15]});
        add(int32_t{q[j + kNibbleGroup]}, int32_t{levels[two >> 4]});
      }
    }
  }
  template <int R>
  static void squared4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                             uint32_t bytes, uint32_t* out) {
    uint32_t sum = 0;
    each4(q, levels, rows[0], bytes,
          [&](int32_t a, int32_t b) { sum += static_cast<uint32_t>((a - b) * (a - b)); });
    out[0] = sum;
  }
  template <int R>
  static void absolute4_block(const uint8_t* q, const uint8_t* levels, const char* const* rows,
                              uint32_t bytes, uint32_t* out) {
    uint32_t sum = 0;
    each4(q, levels, rows[0], bytes,
          [&](int32_t a, int32_t b) { sum += static_cast<uint32_t>(a < b ? b - a : a - b); });
    out[0] = sum;
  }
  // Counts set bits without an instruction of the machine and without a call into libgcc.
  static uint32_t ones(uint64_t v) {
    v -= v >> 1 & 0x5555555555555555u;
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return static_cast<uint32_t>(v * 0x0101010101010101u >> 56);
  }
  template <int R>
  static void differing_block(const char* q, const char* const* rows, uint32_t bytes,
                              uint32_t* out) {
    out[0] = 0;
    for (uint32_t i = 0; i < bytes; i += 8) {
      uint64_t a, b;
      memcpy(&a, q + i, 8);
      memcpy(&b, rows[0] + i, 8);
      out[0] += ones(a ^ b);
    }
  }
  template <int R>
  static void matches_block(const char* planes, const char* const* rows, uint32_t bytes,
                            uint32_t* out) {
    uint32_t sum = 0;
    for (uint32_t p = 0; p < kQueryPlanes; ++p) {
      uint32_t in_plane = 0;
      for (uint32_t i = 0; i < bytes; i += 8) {
        uint64_t a, b;
        memcpy(&a, planes + p * bytes + i, 8);
        memcpy(&b, rows[0] + i, 8);
        in_plane += ones(a & b);
      }
      sum += in_plane << p;
    }
    out[0] = sum;
  }
};

}  // namespace

constinit const Kernels kPortableKernels = make_kernels<Portable>("portable");

}  // namespace rhumb::coded
