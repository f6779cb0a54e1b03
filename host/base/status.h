// The outcome of a function. The data path uses no exceptions: a function that can fail returns
// Status or Result<T>, and the caller must check both.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/assert.h"

namespace rhumb::base {

enum class Code : uint8_t {
  kOk = 0,
  kInvalid,          // invalid request: 400
  kUnprocessable,    // well-formed body whose values are out of range: 422
  kNotFound,         // 404
  kExists,           // 409
  kUnauthenticated,  // 401
  kForbidden,        // 403
  kTooLarge,         // 413
  kUnsupported,      // not implemented yet, and ignoring it would change the answer: 501
  kBusy,             // a named limit is reached, try again later: 429
  kUnavailable,      // no leader, stopping or not ready yet: 503
  kTimeout,          // 408; the outcome of a write is unknown
  kCancelled,
  kNoSpace,   // 507
  kIo,        // 500, and the instance is fenced
  kCorrupt,   // 500, and the instance is fenced
  kInternal,  // 500
  // A body or a query string that cannot be read: 400. The protocol has a wording of its own for
  // each, which host/http puts in front.
  kMalformedBody,
  kMalformedQuery,
  kMemoryFull,  // memory.limit_bytes is reached: 507
};
inline constexpr Code kLastCode = Code::kMemoryFull;

std::string_view code_name(Code code);

// What an error says as data, beside its text for people. Absent members are unknown.
struct ErrorDetail {
  std::string field = {};  // "vectors.size", "timeout"; empty: the error is about no field
  std::optional<uint64_t> limit = {};   // that the value of the field has to keep
  std::optional<uint64_t> leader = {};  // replica id of the leader that could answer
  std::optional<uint32_t> retry_after_ms = {};
  bool operator==(const ErrorDetail&) const = default;
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {
    RHUMB_ASSERT(code != Code::kOk);
  }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  std::string to_string() const;
  // The same failure with the place where it occurred in front: "<context>: <message>".
  Status within(std::string_view context) const;
  // The same failure with details. Empty details if none were given.
  Status with(ErrorDetail detail) const;
  const ErrorDetail& detail() const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
  std::shared_ptr<const ErrorDetail> detail_;  // null: none
};

inline Status ok() { return {}; }
inline Status invalid(std::string message) { return {Code::kInvalid, std::move(message)}; }
inline Status unprocessable(std::string message) {
  return {Code::kUnprocessable, std::move(message)};
}
inline Status malformed_body(std::string message) {
  return {Code::kMalformedBody, std::move(message)};
}
inline Status malformed_query(std::string parameter, std::string message) {
  Status status(Code::kMalformedQuery, parameter + ": " + std::move(message));
  return status.with({.field = std::move(parameter)});
}
inline Status not_found(std::string message) { return {Code::kNotFound, std::move(message)}; }
inline Status unsupported(std::string message) { return {Code::kUnsupported, std::move(message)}; }
inline Status internal(std::string message) { return {Code::kInternal, std::move(message)}; }
inline Status corrupt(std::string message) { return {Code::kCorrupt, std::move(message)}; }
// A reader of bytes reached their end before it had read the whole of `what`.
inline Status cut_short(std::string_view what) {
  return corrupt(std::string(what) + ": the bytes are cut short");
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(Status status) : status_(std::move(status)) {
    RHUMB_ASSERT(!status_.ok());
  }                                              // NOLINT: implicit by design
  Result(T value) : value_(std::move(value)) {}  // NOLINT

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }
  T& value() & {
    RHUMB_ASSERT(ok());
    return *value_;
  }
  const T& value() const& {
    RHUMB_ASSERT(ok());
    return *value_;
  }
  T&& value() && {
    RHUMB_ASSERT(ok());
    return std::move(*value_);
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace rhumb::base

#define RHUMB_CONCAT_(a, b) a##b
#define RHUMB_CONCAT(a, b) RHUMB_CONCAT_(a, b)
// Returns from the function if the expression failed.
#define RHUMB_TRY(expr)                                         \
  do {                                                          \
    if (::rhumb::base::Status s_ = (expr); !s_.ok()) return s_; \
  } while (0)
// RHUMB_ASSIGN(auto x, parse(...)) binds the value, or returns the failure.
#define RHUMB_ASSIGN(decl, expr) RHUMB_ASSIGN_(RHUMB_CONCAT(result_, __LINE__), decl, expr)
#define RHUMB_ASSIGN_(tmp, decl, expr) \
  auto tmp = (expr);                   \
  if (!tmp.ok()) return tmp.status();  \
  decl = std::move(*tmp)
