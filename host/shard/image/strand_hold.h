// Stops a strand between two of its tasks for as long as this object lives.
#pragma once

#include <functional>
#include <memory>

#include "host/base/executor.h"

namespace rhumb::shard {

class StrandHold {
 public:
  // Blocks until the strand has come to it and `first` has run there. The caller is not on the
  // strand's executor, whose threads may all be busy with what the caller waits for.
  explicit StrandHold(base::Strand& strand, std::function<void()> first = {});
  ~StrandHold() { release(); }
  StrandHold(const StrandHold&) = delete;
  StrandHold& operator=(const StrandHold&) = delete;

  void release();  // idempotent

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace rhumb::shard
