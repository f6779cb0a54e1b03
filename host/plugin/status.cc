#include "host/plugin/status.h"

#include <cstring>
#include <string>
#include <system_error>

#include "host/plugin/call_count.h"

namespace rhumb::plugin {
namespace {

using base::Code;

// A plugin's text ends up in logs and JSON replies, so it is bounded and printable, and bytes that
// are not UTF-8 are replaced.
std::string clean(const char* text, size_t size) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  std::string out;
  const size_t n = strnlen(text, size);
  for (size_t i = 0; i < n;) {
    const unsigned char c = byte(i);
    const size_t length = c < 0x80                ? 1
                          : c >= 0xC2 && c < 0xE0 ? 2
                          : c >= 0xE0 && c < 0xF0 ? 3
                          : c >= 0xF0 && c < 0xF5 ? 4
                                                  : 0;
    bool whole = length > 0 && i + length <= n && !(c < 0x20 || c == 0x7F);
    for (size_t k = 1; whole && k < length; ++k) whole = (byte(i + k) & 0xC0) == 0x80;
    if (whole && length == 3)
      whole = !(c == 0xE0 && byte(i + 1) < 0xA0) && !(c == 0xED && byte(i + 1) >= 0xA0);
    if (whole && length == 4)
      whole = !(c == 0xF0 && byte(i + 1) < 0x90) && !(c == 0xF4 && byte(i + 1) >= 0x90);
    if (whole)
      out.append(text + i, length);
    else
      out += '?';
    i += whole ? length : 1;
  }
  return out;
}

uint32_t is_cancelled(void* ctx) {
  return static_cast<const std::atomic<bool>*>(ctx)->load(std::memory_order_relaxed) ? 1 : 0;
}

}  // namespace

ErrorSlot::ErrorSlot() : raw_{} { raw_.struct_size = sizeof(raw_); }

base::Status ErrorSlot::status(rhumb_status_t rc, std::string_view context) const {
  return to_status(rc, &raw_, context);
}

base::Code to_code(rhumb_status_t rc) {
  switch (rc) {
    case RHUMB_OK:
      return Code::kOk;
    case RHUMB_INVALID:
      return Code::kInvalid;
    case RHUMB_NOT_FOUND:
      return Code::kNotFound;
    case RHUMB_UNSUPPORTED:
      return Code::kUnsupported;
    case RHUMB_DENIED:
      return Code::kForbidden;
    case RHUMB_BUSY:
    case RHUMB_OVER_LIMIT:
      return Code::kBusy;
    case RHUMB_TIMEOUT:
      return Code::kTimeout;
    case RHUMB_CANCELLED:
      return Code::kCancelled;
    case RHUMB_NOT_LEADER:
    case RHUMB_NO_MEMORY:
      return Code::kUnavailable;
    case RHUMB_NO_SPACE:
      return Code::kNoSpace;
    case RHUMB_IO:
      return Code::kIo;
    case RHUMB_CORRUPT:
      return Code::kCorrupt;
    default:
      break;
  }
  // The status comes from a later minor version. Its range still tells the host how to react.
  if (rc > 0 && rc < 64) return Code::kInvalid;
  if (rc >= 64 && rc < 128) return Code::kUnavailable;
  return Code::kInternal;
}

rhumb_status_t from_code(base::Code code) {
  switch (code) {
    case Code::kOk:
      return RHUMB_OK;
    case Code::kInvalid:
    case Code::kUnprocessable:
    case Code::kExists:
    case Code::kTooLarge:
    case Code::kMalformedBody:
    case Code::kMalformedQuery:
      return RHUMB_INVALID;
    case Code::kNotFound:
      return RHUMB_NOT_FOUND;
    case Code::kUnauthenticated:
    case Code::kForbidden:
      return RHUMB_DENIED;
    case Code::kUnsupported:
      return RHUMB_UNSUPPORTED;
    case Code::kBusy:
    case Code::kUnavailable:
      return RHUMB_BUSY;
    case Code::kTimeout:
      return RHUMB_TIMEOUT;
    case Code::kCancelled:
      return RHUMB_CANCELLED;
    case Code::kNoSpace:
    case Code::kMemoryFull:
      return RHUMB_NO_SPACE;
    case Code::kIo:
      return RHUMB_IO;
    case Code::kCorrupt:
      return RHUMB_CORRUPT;
    case Code::kInternal:
      return RHUMB_BUG;
  }
  return RHUMB_BUG;
}

base::Status to_status(rhumb_status_t rc, const rhumb_error_t* error, std::string_view context) {
  count_call(rc, context);
  if (rc == RHUMB_OK) return base::ok();
  std::string message(context);
  message += ": ";
  const std::string text =
      error != nullptr ? clean(error->text, sizeof error->text) : std::string();
  message += text.empty() ? "status " + std::to_string(rc) : text;
  if (error != nullptr && error->os_errno != 0) {
    message += " (" + std::error_code(error->os_errno, std::generic_category()).message() + ")";
  }
  return {to_code(rc), std::move(message)};
}

CallContext::CallContext(base::Deadline deadline, const std::atomic<bool>* cancelled,
                         uint64_t trace_hi, uint64_t trace_lo)
    : raw_{} {
  raw_.struct_size = sizeof(raw_);
  raw_.deadline_ns = deadline.at_ns;
  raw_.trace_hi = trace_hi;
  raw_.trace_lo = trace_lo;
  if (cancelled != nullptr) {
    raw_.cancel_ctx = const_cast<std::atomic<bool>*>(cancelled);
    raw_.cancelled = is_cancelled;
  }
}

}  // namespace rhumb::plugin
