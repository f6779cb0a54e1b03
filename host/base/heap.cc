#include "host/base/heap.h"

#include <malloc.h>

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

bool trim_heap() {
  const HeapUse use = heap_use();
  if (use.free < limits::kHeapFreeBytes || use.free < use.used / 4) return false;
  return malloc_trim(limits::kHeapFreeBytes / 16) != 0;
}

}  // namespace rhumb::base
