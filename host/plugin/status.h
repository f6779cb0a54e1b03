// Crossing the plugin boundary: turns a plugin's answers into base::Status, and makes the call
// context that a plugin gets.
#pragma once

#include <atomic>
#include <string_view>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "rhumb/core.h"

namespace rhumb::plugin {

// Owns the rhumb_error_t of one call, on the caller's stack.
//   ErrorSlot error;
//   const rhumb_status_t rc = ops.search(self, call.raw(), &query, &hits, error.out());
//   RHUMB_TRY(error.status(rc, "index hnsw: search"));
class ErrorSlot {
 public:
  ErrorSlot();
  rhumb_error_t* out() { return &raw_; }
  // Returns OK for RHUMB_OK. Otherwise returns the mapped code and "<context>: <text>", followed by
  // errno's text if there is one.
  base::Status status(rhumb_status_t rc, std::string_view context) const;

 private:
  rhumb_error_t raw_;
};

// Like ErrorSlot::status(), for completions (rhumb_done_t). `error` may be NULL.
base::Status to_status(rhumb_status_t rc, const rhumb_error_t* error, std::string_view context);
base::Code to_code(rhumb_status_t rc);
// True if the instance that returned this status must no longer be trusted.
inline bool fences(rhumb_status_t rc) { return rc < 0 || rc >= 128; }
// The reverse mapping, for answers of the host's services and of plugins in tests.
rhumb_status_t from_code(base::Code code);

// Deadline, cancellation and trace id of a data-path call. Lives on the caller's stack for the
// length of the call.
class CallContext {
 public:
  // The plugin polls `cancelled` from any of its threads. It may be NULL.
  explicit CallContext(base::Deadline deadline, const std::atomic<bool>* cancelled = nullptr,
                       uint64_t trace_hi = 0, uint64_t trace_lo = 0);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;
  const rhumb_call_t* raw() const { return &raw_; }

 private:
  rhumb_call_t raw_;
};

}  // namespace rhumb::plugin
