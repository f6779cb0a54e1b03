// Collects the answers of several shards and fires once every answer has arrived: with all of them,
// or with the first failure.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"

namespace rhumb::gateway {

template <typename T>
class Gather : public std::enable_shared_from_this<Gather<T>> {
 public:
  using Done = std::function<void(base::Result<std::vector<T>>)>;
  static std::shared_ptr<Gather> of(size_t parts, Done done) {
    return std::shared_ptr<Gather>(new Gather(parts, std::move(done)));
  }

  // Returns the callback for part i. Each is called exactly once, on any thread.
  std::function<void(base::Result<T>)> part(size_t i) {
    return [self = this->shared_from_this(), i](base::Result<T> value) {
      self->arrive(i, std::move(value));
    };
  }

 private:
  Gather(size_t parts, Done done) : left_(parts), values_(parts), done_(std::move(done)) {}

  void arrive(size_t i, base::Result<T> value) {
    base::Status failure;
    std::vector<T> values;
    {
      base::MutexLock lock(mutex_);
      if (value.ok())
        values_[i] = std::move(*value);
      else if (failure_.ok())
        failure_ = value.status();
      if (--left_ > 0) return;
      failure = failure_;
      values = std::move(values_);
    }
    if (failure.ok())
      done_(std::move(values));
    else
      done_(failure);
  }

  base::Mutex mutex_;
  size_t left_ RHUMB_GUARDED_BY(mutex_);
  std::vector<T> values_ RHUMB_GUARDED_BY(mutex_);
  base::Status failure_ RHUMB_GUARDED_BY(mutex_);
  const Done done_;
};

}  // namespace rhumb::gateway
