#include "host/base/heap.h"

#include <malloc.h>

#include <algorithm>

#include "host/base/limits.h"

namespace rhumb::base {

void bound_heap_tops() {
  mallopt(M_MMAP_THRESHOLD, limits::kHeapBlockBytes);
  mallopt(M_TRIM_THRESHOLD, limits::kHeapTopBytes);
}

HeapUse heap_use() {
  const struct mallinfo2 info = mallinfo2();
  return {info.uordblks + info.hblkhd, info.fordblks};
}

bool trim_heap(bool memory_is_short) {
  const HeapUse use = heap_use();
  const uint64_t much = memory_is_short ? limits::kHeapFreeBytes / 16
                                        : std::max(limits::kHeapFreeBytes, use.used / 4);
  if (use.free < much) return false;
  return malloc_trim(memory_is_short ? 0 : limits::kHeapFreeBytes / 16) != 0;
}

}  // namespace rhumb::base
