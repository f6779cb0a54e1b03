// Counts the calls of plugins, on any thread and without waiting for another thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "rhumb/core.h"

namespace rhumb::plugin {

// `context` begins with the kind of the engine: "index hnsw: search". Errors count in
// rhumb_plugin_errors_total. An engine that is busy, finds nothing or stops early has not failed.
void count_call(rhumb_status_t status, std::string_view context);
// The calls so far, for rhumb_plugin_calls_total.
uint64_t calls();

}  // namespace rhumb::plugin
