#include "host/base/status.h"

#include <cstdio>
#include <cstdlib>

#include "host/base/log.h"
#include "host/base/metrics.h"

namespace rhumb::base {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kInvalid:
      return "invalid";
    case Code::kUnprocessable:
      return "unprocessable";
    case Code::kNotFound:
      return "not found";
    case Code::kExists:
      return "exists";
    case Code::kUnauthenticated:
      return "unauthenticated";
    case Code::kForbidden:
      return "forbidden";
    case Code::kTooLarge:
      return "too large";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kBusy:
      return "busy";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kTimeout:
      return "timeout";
    case Code::kCancelled:
      return "cancelled";
    case Code::kNoSpace:
      return "no space";
    case Code::kIo:
      return "io";
    case Code::kCorrupt:
      return "corrupt";
    case Code::kInternal:
      return "internal";
    case Code::kMalformedBody:
      return "malformed body";
    case Code::kMalformedQuery:
      return "malformed query";
    case Code::kMemoryFull:
      return "memory full";
  }
  return "unknown";
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  return std::string(code_name(code_)) + ": " + message_;
}

Status Status::within(std::string_view context) const {
  if (ok()) return *this;
  Status status(code_, std::string(context) + ": " + message_);
  status.detail_ = detail_;
  return status;
}

Status Status::with(ErrorDetail detail) const {
  RHUMB_ASSERT(!ok());
  Status status(*this);
  status.detail_ = std::make_shared<const ErrorDetail>(std::move(detail));
  return status;
}

const ErrorDetail& Status::detail() const {
  static const ErrorDetail none;
  return detail_ == nullptr ? none : *detail_;
}

void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "rhumb: assertion failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

void unexpected(const char* expression, const char* file, int line) {
  static Counter& total = counter("rhumb_unexpected_total");
  total.add();
  log_error("base", "unexpected", {{"expression", expression}, {"file", file}, {"line", line}});
}

}  // namespace rhumb::base
