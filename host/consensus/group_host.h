// Drives all consensus groups of this node. One loop thread owns them: it feeds events to the
// engine (a plugin that does no I/O), carries out the effects in the safe order (log write,
// messages, application), and keeps no lock while it does. All public calls are [any thread];
// callbacks fire exactly once, on the loop thread, or inside the call when it is refused at once,
// and must not block. What survives a crash: the log's records. A failed log write fences the
// node's groups: nothing is acknowledged any more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/consensus/state_machine.h"
#include "host/plugin/registry.h"
#include "host/storage/log_store.h"

namespace rhumb::consensus {

struct GroupStatus {
  uint64_t group = 0, replica = 0, term = 0, leader = 0;  // leader: replica id, 0 = unknown
  uint64_t commit_index = 0, applied_index = 0, last_index = 0, first_index = 0;
  uint64_t log_bytes = 0;  // of live entries: what a checkpoint would free
  bool is_leader = false;
  std::string fenced;  // reason; empty = healthy
};

struct GroupHostOptions {
  std::string engine = "raft";
  uint32_t tick_ms = 100, election_ticks = 10, heartbeat_ticks = 1;
  uint64_t seed = 0;  // 0 = from the system
};

class GroupHost {
 public:
  using Committed = std::function<void(base::Result<uint64_t>)>;  // the entry's log index
  // Sends a message of `group` to another node's replica; nullptr-like when there are no other
  // nodes.
  using MessageSender = std::function<void(uint64_t group, uint64_t to_replica, std::string bytes)>;

  GroupHost(const plugin::PluginRegistry& plugins, storage::LogStore& log, GroupHostOptions options,
            MessageSender sender);
  ~GroupHost();  // stop()

  // Recovers the log (LogStore::recover) and starts the loop. Groups found there wait until they
  // are opened.
  base::Status start();
  // Groups with records in the log, after start().
  std::vector<uint64_t> recovered_groups() const;

  // A new group's first replica(s): writes the bootstrap record (a snapshot at index 1, term 1 that
  // names all voters), fsyncs, campaigns. Answers when the group is led (or, with several voters,
  // started). The machine is called until close_group or stop() has answered.
  void create_group(uint64_t group, uint64_t replica, std::vector<Member> voters,
                    StateMachine* machine, std::function<void(base::Status)> done);
  // A group found at recovery; replays what the state machine has not applied. `done` when
  // everything committed before is applied.
  void open_group(uint64_t group, uint64_t replica, StateMachine* machine,
                  std::function<void(base::Status)> done);
  // Stops driving it; machine is not called after done. It can be opened again after the next
  // start() only. drop: also forgets its log, for ever (a group that was not opened, too); a crash
  // right behind `done` may bring it back once, to be dropped again.
  void close_group(uint64_t group, bool drop, std::function<void(base::Status)> done);

  // Fires when the entry is committed (durable on a majority); its application is seen by the state
  // machine, in order. kUnavailable: not the leader, leadership lost or stopped (outcome unknown if
  // it had been accepted). kBusy: too much uncommitted.
  void propose(uint64_t group, std::string data, Committed done);
  // Fires with an index: once that is applied, a read sees every write acknowledged before this
  // call (linearizable).
  void read_index(uint64_t group, Committed done);
  // A message of another node's replica of the group, which the transport has authenticated as
  // `from_replica`.
  void receive(uint64_t group, uint64_t from_replica, std::string bytes);
  // Asks another voter to take over. OK: it was asked; StateMachine::on_role tells when it did.
  void transfer(uint64_t group, uint64_t to_replica, std::function<void(base::Status)> done);
  // The state machine's effects up to `index` are durable elsewhere: the log may forget entries <=
  // index.
  void release(uint64_t group, uint64_t index);

  base::Result<GroupStatus> status(uint64_t group) const;
  std::vector<GroupStatus> all() const;
  bool healthy(std::string* reason) const;

  // Proposals fail, the loop ends, the log is flushed. Idempotent.
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace rhumb::consensus
