#include "host/http/rest/latency/search_latency.h"

#include <sys/resource.h>

#include "host/base/clock.h"

namespace rhumb::http::rest {
namespace {

struct Usage {
  uint64_t cpu_ns = 0, waits = 0;
};

uint64_t nanoseconds(const timeval& t) {
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_usec) * 1'000;
}

Usage usage() {
  rusage r{};
  getrusage(RUSAGE_THREAD, &r);
  return {nanoseconds(r.ru_utime) + nanoseconds(r.ru_stime), static_cast<uint64_t>(r.ru_nvcsw)};
}

}  // namespace

Stopwatch::Stopwatch() : wall_ns_(base::monotonic_ns()) {
  const Usage now = usage();
  cpu_ns_ = now.cpu_ns;
  waits_ = now.waits;
}

uint64_t Stopwatch::held_ns() const {
  const Usage now = usage();
  return now.waits != waits_ ? base::monotonic_ns() - wall_ns_ : now.cpu_ns - cpu_ns_;
}

}  // namespace rhumb::http::rest
