#include "host/shard/image/strand_hold.h"

#include <utility>

#include "host/base/mutex.h"

namespace rhumb::shard {

struct StrandHold::State {
  base::Mutex mutex;
  base::CondVar changed;
  bool held RHUMB_GUARDED_BY(mutex) = false;
  bool released RHUMB_GUARDED_BY(mutex) = false;
};

StrandHold::StrandHold(base::Strand& strand, std::function<void()> first)
    : state_(std::make_shared<State>()) {
  strand.post([state = state_, first = std::move(first)] {
    if (first) first();
    const base::MutexLock lock(state->mutex);
    state->held = true;
    state->changed.notify_all();
    while (!state->released) state->changed.wait(state->mutex);
  });
  const base::MutexLock lock(state_->mutex);
  while (!state_->held) state_->changed.wait(state_->mutex);
}

void StrandHold::release() {
  const base::MutexLock lock(state_->mutex);
  state_->released = true;
  state_->changed.notify_all();
}

}  // namespace rhumb::shard
