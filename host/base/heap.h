// malloc keeps freed memory, which after a burst of writes can be more than the memory in use.
// These functions give it back to the system.
#pragma once

#include <cstdint>

namespace rhumb::base {

// Bounds the free memory that malloc keeps at the end of each arena. Without this bound malloc
// adapts and keeps twice the largest block it has seen, in every arena. Called once, before there
// are other threads.
void bound_heap_tops();

struct HeapUse {
  uint64_t used = 0, free = 0;  // Both are bytes; malloc keeps `free` for later allocations.
};
HeapUse heap_use();
// Gives pages back to the system if malloc keeps more than limits::kHeapFreeBytes and more than a
// quarter of the used memory. When memory is short, a sixteenth of kHeapFreeBytes is enough. Any
// thread may call it. It takes some milliseconds, during which other threads' allocations may wait.
// Returns true if pages were given back.
bool trim_heap(bool memory_is_short = false);

}  // namespace rhumb::base
