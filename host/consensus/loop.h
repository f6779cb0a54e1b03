// The loop behind GroupHost: one thread that owns all groups. Other threads hand it events. It runs
// the events that have gathered and then settles the groups that they touched, so that events which
// arrived together go out together. It sleeps when nothing is pending: a group that this node
// decides alone costs nothing while it is idle.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "host/base/executor.h"
#include "host/base/mutex.h"
#include "host/consensus/group.h"
#include "host/consensus/group_host.h"
#include "host/consensus/log_writer.h"
#include "host/consensus/recovered.h"

namespace rhumb::consensus {

class GroupHost::Loop {
 public:
  using Event = std::function<void()>;
  using Done = std::function<void(base::Status)>;
  Loop(const plugin::PluginRegistry& plugins, storage::LogStore& log, GroupHostOptions options,
       MessageSender sender);
  ~Loop();

  base::Status start();  // control thread
  void stop();           // control thread
  const std::vector<uint64_t>& recovered_ids() const { return recovered_ids_; }

  // Any thread. Queues the event that make() returns. Refuses, without calling make(), when the
  // loop is stopping or too many events wait.
  template <typename Make>
  base::Status admit(Make make) {
    const base::MutexLock lock(mutex_);
    RHUMB_TRY(admissible());
    queue_.push_back(make());
    wake_.notify_one();
    return base::ok();
  }
  base::Result<GroupStatus> status(uint64_t group) const;
  std::vector<GroupStatus> all() const;
  bool healthy(std::string* reason) const;

  // Loop thread.
  Group* find(uint64_t group);  // an open group that is not being closed; counts as touched
  base::Status missing(uint64_t group) const;
  void create(uint64_t group, uint64_t replica, std::vector<Member> voters, StateMachine* machine,
              uint64_t begins_at, Done done);
  void open(uint64_t group, uint64_t replica, StateMachine* machine, Done done);
  void close(uint64_t group, bool drop, Done done);

 private:
  using Clock = std::chrono::steady_clock;
  struct Slot {
    std::unique_ptr<Group> group;
    bool touched = false, closing = false, drop = false;
    Done closed;
  };

  base::Status admissible() const RHUMB_REQUIRES(mutex_);
  // Any thread. Never refused, because the number of these events is bounded by what the loop
  // itself has under way.
  void post(Event event);
  void run();
  bool wait(std::vector<Event>& events);
  Clock::time_point next_wake() const;
  void tick_if_due();
  void retry_log();
  void settle_touched();
  void finish_closing();
  void begin_stop();
  bool may_exit() const;
  Slot& add(uint64_t group, uint64_t replica, StateMachine* machine);
  void touch(uint64_t incarnation);
  void durable(uint64_t group, uint64_t incarnation, uint64_t number, const base::Status& status);
  void fail_all(const base::Status& reason);

  const plugin::PluginRegistry& plugins_;
  storage::LogStore& log_;
  const GroupHostOptions options_;
  const MessageSender sender_;
  std::vector<uint64_t> recovered_ids_;

  mutable base::Mutex mutex_;
  base::CondVar wake_;
  std::deque<Event> queue_ RHUMB_GUARDED_BY(mutex_);
  bool stopping_ RHUMB_GUARDED_BY(mutex_) = false;
  bool running_ RHUMB_GUARDED_BY(mutex_) = false;

  mutable base::Mutex status_mutex_;
  std::unordered_map<uint64_t, GroupStatus> statuses_ RHUMB_GUARDED_BY(status_mutex_);
  base::Status failure_ RHUMB_GUARDED_BY(status_mutex_);  // why no group works any more

  // Loop thread.
  std::unique_ptr<base::Executor> log_reader_;
  std::unique_ptr<LogWriter> writer_;
  std::unique_ptr<GroupServices> services_;
  std::unordered_map<uint64_t, RecoveredGroup> recovered_;  // groups that were not opened yet
  std::unordered_map<uint64_t, Slot> slots_;                // by incarnation
  std::unordered_map<uint64_t, uint64_t> incarnations_;     // of the open groups, by group
  std::vector<uint64_t> touched_;
  std::set<uint64_t> ticking_, closing_;  // by incarnation
  Clock::time_point next_tick_{}, next_retry_{};
  uint64_t next_incarnation_ = 1;
  bool stop_seen_ = false;
  std::thread thread_;
};

}  // namespace rhumb::consensus
