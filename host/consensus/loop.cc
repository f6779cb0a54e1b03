#include "host/consensus/loop.h"

#include <pthread.h>

#include <algorithm>
#include <random>

#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::consensus {

GroupHost::Loop::Loop(const plugin::PluginRegistry& plugins, storage::LogStore& log,
                      GroupHostOptions options, MessageSender sender)
    : plugins_(plugins), log_(log), options_(std::move(options)), sender_(std::move(sender)) {}

GroupHost::Loop::~Loop() { stop(); }

base::Status GroupHost::Loop::start() {
  RHUMB_ASSIGN(const auto engine, plugins_.find<rhumb_consensus_ops_t>(options_.engine));
  RHUMB_ASSIGN(recovered_, recover_groups(log_));
  for (const auto& [id, group] : recovered_) recovered_ids_.push_back(id);
  std::sort(recovered_ids_.begin(), recovered_ids_.end());
  log_reader_ = std::make_unique<base::Executor>("log-reader", 1, base::limits::kMaxLogReads);
  writer_ = std::make_unique<LogWriter>(
      log_, [this](uint64_t group, uint64_t incarnation, uint64_t number, base::Status status) {
        post([this, group, incarnation, number, status = std::move(status)] {
          durable(group, incarnation, number, status);
        });
      });
  const auto post_to_group = [this](uint64_t, uint64_t incarnation,
                                    std::function<void(Group&)> what) {
    post([this, incarnation, what = std::move(what)] {
      const auto it = slots_.find(incarnation);
      if (it == slots_.end()) return;
      touch(incarnation);
      what(*it->second.group);
    });
  };
  const auto publish = [this](const GroupStatus& status) {
    const base::MutexLock lock(status_mutex_);
    statuses_[status.group] = status;
  };
  std::random_device device;
  const uint64_t seed = options_.seed != 0 ? options_.seed : uint64_t{device()} << 32 | device();
  services_ = std::make_unique<GroupServices>(
      GroupServices{engine, options_, seed, log_, *writer_, *log_reader_, sender_, post_to_group,
                    [this](const base::Status& reason) { fail_all(reason); }, publish});
  const base::MutexLock lock(mutex_);
  running_ = true;
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "consensus");
    run();
  });
  return base::ok();
}

void GroupHost::Loop::stop() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (log_reader_ != nullptr) log_reader_->stop();
  slots_.clear();
}

base::Status GroupHost::Loop::admissible() const {
  if (stopping_ || !running_)
    return {base::Code::kUnavailable, "the consensus loop is not running"};
  if (queue_.size() >= base::limits::kMaxConsensusEvents)
    return {base::Code::kBusy, "too many events wait for the consensus loop"};
  return base::ok();
}

void GroupHost::Loop::post(Event event) {
  const base::MutexLock lock(mutex_);
  queue_.push_back(std::move(event));
  wake_.notify_one();
}

void GroupHost::Loop::run() {
  std::vector<Event> events;
  for (;;) {
    const bool stopping = wait(events);
    for (const Event& event : events) event();
    events.clear();
    if (stopping && !stop_seen_) begin_stop();
    tick_if_due();
    retry_log();
    settle_touched();
    finish_closing();
    if (stop_seen_ && may_exit()) return;
  }
}

// Takes the events in the queue. Waits for one, or for the next tick or retry. Returns true when
// the loop must stop.
bool GroupHost::Loop::wait(std::vector<Event>& events) {
  const Clock::time_point deadline = next_wake();
  const base::MutexLock lock(mutex_);
  while (queue_.empty() && (!stopping_ || stop_seen_)) {
    if (deadline == Clock::time_point::max()) {
      wake_.wait(mutex_);
    } else if (wake_.wait_until(mutex_, deadline) == std::cv_status::timeout) {
      break;
    }
  }
  events.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
  queue_.clear();
  return stopping_;
}

GroupHost::Loop::Clock::time_point GroupHost::Loop::next_wake() const {
  Clock::time_point at = Clock::time_point::max();
  if (!ticking_.empty()) at = std::min(at, next_tick_);
  if (writer_->stalled()) at = std::min(at, next_retry_);
  return at;
}

void GroupHost::Loop::tick_if_due() {
  if (ticking_.empty() || Clock::now() < next_tick_) return;
  next_tick_ = Clock::now() + std::chrono::milliseconds(options_.tick_ms);
  for (const uint64_t incarnation : ticking_) {
    touch(incarnation);
    slots_.at(incarnation).group->tick();
  }
}

void GroupHost::Loop::retry_log() {
  if (!writer_->stalled() || Clock::now() < next_retry_) return;
  next_retry_ = Clock::now() + std::chrono::milliseconds(base::limits::kLogRetryMs);
  if (const base::Status status = writer_->retry(); !status.ok()) fail_all(status);
}

void GroupHost::Loop::touch(uint64_t incarnation) {
  Slot& slot = slots_.at(incarnation);
  if (std::exchange(slot.touched, true)) return;
  touched_.push_back(incarnation);
}

void GroupHost::Loop::settle_touched() {
  for (size_t i = 0; i < touched_.size(); ++i) {
    const uint64_t incarnation = touched_[i];
    Slot& slot = slots_.at(incarnation);
    slot.touched = false;
    slot.group->settle();
    if (!slot.group->needs_ticks() || slot.closing) {
      ticking_.erase(incarnation);
    } else if (ticking_.insert(incarnation).second && ticking_.size() == 1) {
      next_tick_ = Clock::now() + std::chrono::milliseconds(options_.tick_ms);
    }
  }
  touched_.clear();
}

void GroupHost::Loop::finish_closing() {
  for (auto it = closing_.begin(); it != closing_.end();) {
    Slot& slot = slots_.at(*it);
    if (!slot.group->quiet()) {
      ++it;
      continue;
    }
    const uint64_t id = slot.group->id();
    base::Status status;
    if (slot.drop) status = writer_->drop(id);
    const Done closed = std::move(slot.closed);
    slots_.erase(*it);
    it = closing_.erase(it);
    {
      const base::MutexLock lock(status_mutex_);
      statuses_.erase(id);
    }
    closed(status);
  }
}

void GroupHost::Loop::begin_stop() {
  stop_seen_ = true;
  for (auto& [incarnation, slot] : slots_)
    slot.group->close({base::Code::kUnavailable, "the node is stopping"});
  ticking_.clear();
}

bool GroupHost::Loop::may_exit() const {
  if (writer_->in_flight() > 0 || !closing_.empty()) return false;
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const auto& slot) { return slot.second.group->quiet(); });
}

void GroupHost::Loop::durable(uint64_t, uint64_t incarnation, uint64_t number,
                              const base::Status& status) {
  writer_->completed();
  if (!status.ok()) {
    fail_all(status);
    return;
  }
  next_retry_ = {};  // the log has room again
  const auto it = slots_.find(incarnation);
  if (it == slots_.end()) return;
  touch(incarnation);
  it->second.group->durable(number);
}

// A log that has failed once is not trusted again: no group acknowledges anything any more.
void GroupHost::Loop::fail_all(const base::Status& reason) {
  {
    const base::MutexLock lock(status_mutex_);
    if (!failure_.ok()) return;
    failure_ = reason;
  }
  base::log_error("consensus", "the log has failed: no group takes any more requests",
                  {{"reason", reason.to_string()}});
  for (auto& [incarnation, slot] : slots_) slot.group->fence(reason);
}

}  // namespace rhumb::consensus
