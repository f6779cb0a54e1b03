// Crossing the plugin boundary: what a plugin answered as base::Status, and the call context a
// plugin is given.
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
  // OK for RHUMB_OK; else the mapped code and "<context>: <text>", with errno's text where there is
  // one.
  base::Status status(rhumb_status_t rc, std::string_view context) const;

 private:
  rhumb_error_t raw_;
};

// As ErrorSlot::status, for completions (rhumb_done_t). error may be NULL.
base::Status to_status(rhumb_status_t rc, const rhumb_error_t* error, std::string_view context);
base::Code to_code(rhumb_status_t rc);
// True if the instance that answered this is not to be trusted any more.
inline bool fences(rhumb_status_t rc) { return rc < 0 || rc >= 128; }
// The way back, for answers of the host's services and tests' own plugins.
rhumb_status_t from_code(base::Code code);

// Deadline, cancellation and trace id of a data-path call. Lives on the caller's stack for the
// length of the call.
class CallContext {
 public:
  // cancelled: polled by the plugin from any of its threads; may be NULL.
  explicit CallContext(base::Deadline deadline, const std::atomic<bool>* cancelled = nullptr,
                       uint64_t trace_hi = 0, uint64_t trace_lo = 0);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;
  const rhumb_call_t* raw() const { return &raw_; }

 private:
  rhumb_call_t raw_;
};

}  // namespace rhumb::plugin
