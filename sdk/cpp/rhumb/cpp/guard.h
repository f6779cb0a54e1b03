// Rhumb plugin SDK, C++ face: exceptions stop here. If a plugin has a C++ runtime of its own, an
// exception that leaves it aborts the host, even under the host's catch (...). So every function of
// a table runs inside guard(), which turns an exception into a status and a text.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "rhumb/core.h"

namespace rhumb {

// A plugin throws an Error to answer with its status, text and errno.
class Error : public std::runtime_error {
 public:
  Error(rhumb_status_t status, const std::string& text, int os_errno = 0)
      : std::runtime_error(text), status_(status), os_errno_(os_errno) {}
  rhumb_status_t status() const noexcept { return status_; }
  int os_errno() const noexcept { return os_errno_; }

 private:
  rhumb_status_t status_;
  int os_errno_;
};

// Fills *error, unless `error` is NULL, and returns the status.
inline rhumb_status_t fail(rhumb_error_t* error, rhumb_status_t status, std::string_view text,
                           int os_errno = 0) noexcept {
  if (error != nullptr) {
    error->os_errno = os_errno;
    const size_t n = std::min(text.size(), sizeof(error->text) - 1);
    std::memcpy(error->text, text.data(), n);
    error->text[n] = '\0';
  }
  return status;
}

// Runs body() and returns its rhumb_status_t. If body() returns void, the answer is RHUMB_OK. An
// exception becomes a status.
template <typename Body>
rhumb_status_t guard(rhumb_error_t* error, Body&& body) noexcept {
  try {
    if constexpr (std::is_same_v<decltype(body()), void>) {
      std::forward<Body>(body)();
      return RHUMB_OK;
    } else {
      return std::forward<Body>(body)();
    }
  } catch (const Error& e) {
    return fail(error, e.status(), e.what(), e.os_errno());
  } catch (const std::bad_alloc&) {
    return fail(error, RHUMB_NO_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return fail(error, RHUMB_BUG, e.what());
  } catch (...) {
    return fail(error, RHUMB_BUG, "unknown exception");
  }
}

inline std::string_view view(rhumb_slice_t s) noexcept {
  return {static_cast<const char*>(s.data), static_cast<size_t>(s.size)};
}
inline rhumb_slice_t slice(std::string_view s) noexcept { return {s.data(), s.size()}; }

// Returns a buffer that owns the bytes and frees them on release.
inline rhumb_buffer_t buffer(std::string bytes) {
  if (bytes.empty()) return {nullptr, 0, nullptr, nullptr};
  auto* owner = new std::string(std::move(bytes));
  return {owner->data(), owner->size(), owner, [](rhumb_buffer_t* b) {
            delete static_cast<std::string*>(b->owner);
            *b = {nullptr, 0, nullptr, nullptr};
          }};
}

// Owns a rhumb_buffer_t that the other side filled, and releases it. One thread uses it.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { reset(); }
  void reset() noexcept {
    if (raw_.release != nullptr) raw_.release(&raw_);
    raw_ = {nullptr, 0, nullptr, nullptr};
  }
  rhumb_buffer_t* out() noexcept {
    reset();
    return &raw_;
  }
  std::string_view view() const noexcept {
    return {static_cast<const char*>(raw_.data), static_cast<size_t>(raw_.size)};
  }

 private:
  rhumb_buffer_t raw_{nullptr, 0, nullptr, nullptr};
};

}  // namespace rhumb
