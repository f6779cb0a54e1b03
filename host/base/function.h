// A callable that is moved and never copied. It may capture a value with a single owner (a reply, a
// unique_ptr), which std::function refuses.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "host/base/assert.h"

namespace rhumb::base {

template <typename Signature>
class UniqueFunction;

template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) {}  // NOLINT: implicit like std::function
  template <typename F>
  requires(!std::same_as<std::remove_cvref_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>)
      UniqueFunction(F&& f)  // NOLINT: implicit like std::function
      : target_(std::make_unique<Target<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}

  explicit operator bool() const { return target_ != nullptr; }
  R operator()(Args... args) {
    RHUMB_ASSERT(target_ != nullptr);
    return target_->call(std::forward<Args>(args)...);
  }

 private:
  struct Callable {
    virtual ~Callable() = default;
    virtual R call(Args... args) = 0;
  };
  template <typename F>
  struct Target final : Callable {
    explicit Target(F&& target) : f(std::move(target)) {}
    explicit Target(const F& target) : f(target) {}
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    R call(Args... args) override { return f(std::forward<Args>(args)...); }
    F f;
  };
  std::unique_ptr<Callable> target_;
};

}  // namespace rhumb::base
