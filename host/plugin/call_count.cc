#include "host/plugin/call_count.h"

#include <atomic>
#include <string>

#include "host/base/metrics.h"

namespace rhumb::plugin {
namespace {

// Threads count in places of their own, so that they do not wait for each other's cache line.
struct alignas(64) CallCount {
  std::atomic<uint64_t> calls{0};
};
constexpr size_t kCallCounts = 16;
CallCount g_counts[kCallCounts];
std::atomic<size_t> g_next_count{0};

bool is_failure(rhumb_status_t status) {
  return status != RHUMB_OK && status != RHUMB_NOT_FOUND && status != RHUMB_BUSY &&
         status != RHUMB_OVER_LIMIT && status != RHUMB_TIMEOUT && status != RHUMB_CANCELLED;
}

}  // namespace

void count_call(rhumb_status_t status, std::string_view context) {
  thread_local CallCount& mine =
      g_counts[g_next_count.fetch_add(1, std::memory_order_relaxed) % kCallCounts];
  mine.calls.fetch_add(1, std::memory_order_relaxed);
  if (!is_failure(status)) return;
  const std::string kind(context.substr(0, context.find_first_of(" :")));
  base::counter("rhumb_plugin_errors_total", {{"kind", kind}}).add();
}

uint64_t calls() {
  uint64_t sum = 0;
  for (const CallCount& count : g_counts) sum += count.calls.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace rhumb::plugin
