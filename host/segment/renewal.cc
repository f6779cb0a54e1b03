#include "host/segment/renewal.h"

#include <utility>

namespace rhumb::segment {

using base::Status;

Renewal::Renewal(std::shared_ptr<const void> keep, Open open, Rows rows, uint32_t threads)
    : keep_(std::move(keep)),
      open_(std::move(open)),
      rows_(std::move(rows)),
      threads_(threads),
      reached_(rows_.end) {}

void Renewal::when_ended(std::function<void()> told) {
  const base::MutexLock lock(mutex_);
  told_ = std::move(told);
}

void Renewal::run() {
  outcome_ = build();
  ended_.store(true, std::memory_order_release);
  const base::MutexLock lock(mutex_);
  if (told_) told_();
}

Status Renewal::build() {
  Status cancelled(base::Code::kCancelled, "the renewed graph is not needed any more");
  if (cancelled_.load()) return cancelled;
  RHUMB_ASSIGN(instance_, open_());
  index::BuildRequest request;
  request.slot_end = rows_.end;
  request.live = rows_.live;
  request.threads = threads_;
  request.cancelled = &cancelled_;
  RHUMB_TRY(instance_->build(request));
  return cancelled_.load() ? cancelled : base::ok();
}

void Renewal::cancel() {
  cancelled_.store(true);
  const base::MutexLock lock(mutex_);
  told_ = nullptr;
}

}  // namespace rhumb::segment
