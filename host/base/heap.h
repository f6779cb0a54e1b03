// malloc keeps what was freed: after a burst of writes that is more than what is used. It is given
// back when it is much.
#pragma once

#include <cstdint>

namespace rhumb::base {

// What malloc keeps at the end of each of its arenas is bounded: by itself it learns to keep twice
// the largest block it has seen, in every arena. Once, before there are threads.
void bound_heap_tops();

struct HeapUse {
  uint64_t used = 0, free = 0;  // bytes; free: kept by malloc for later
};
HeapUse heap_use();
// Gives pages back to the system if malloc keeps more than limits::kHeapFreeBytes and a quarter of
// what is used; when memory is short already a sixteenth of that. Any thread; takes some ms, in
// which other threads' allocations may wait. True if it did.
bool trim_heap(bool memory_is_short = false);

}  // namespace rhumb::base
