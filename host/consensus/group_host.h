// Drives all consensus groups of this node. One loop thread owns them. It feeds events to the
// engine (a plugin that does no I/O), carries out the effects in the safe order (log write,
// messages, application), and keeps no lock while it does so. All public calls may come from any
// thread. A callback fires exactly once and must not block. It runs on the loop thread, or inside
// the call if the call is refused at once. The log's records survive a crash. A failed log write
// fences all groups of the node, after which nothing is acknowledged any more.
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
  // Bytes of the live entries, which a checkpoint would free.
  uint64_t log_bytes = 0;
  bool is_leader = false;
  // Whether the engine hears of the time. A leader that is alone in its group does not need to.
  bool ticks = false;
  std::string fenced;  // the reason, empty if the group is healthy
};

struct GroupHostOptions {
  std::string engine = "raft";
  uint32_t tick_ms = 100, election_ticks = 10, heartbeat_ticks = 1;
  uint64_t seed = 0;  // 0 = taken from the system
};

class GroupHost {
 public:
  using Committed = std::function<void(base::Result<uint64_t>)>;  // the entry's log index
  // Sends a message of `group` to the replica on another node. It may be empty when there are no
  // other nodes.
  using MessageSender = std::function<void(uint64_t group, uint64_t to_replica, std::string bytes)>;

  GroupHost(const plugin::PluginRegistry& plugins, storage::LogStore& log, GroupHostOptions options,
            MessageSender sender);
  ~GroupHost();  // stop()

  // Recovers the log (LogStore::recover) and starts the loop. Groups that were found in the log
  // wait until they are opened.
  base::Status start();
  // The groups with records in the log, valid after start().
  std::vector<uint64_t> recovered_groups() const;

  // Creates the first replica or replicas of a new group: writes the bootstrap record (a snapshot
  // at index 1, term 1 that names all voters), syncs it, and campaigns. `done` fires when the group
  // has a leader, or, with several voters, when it has started. The machine may be called until
  // close_group or stop() has answered. With `begins_at` the machines of all voters hold the same
  // state as of that index, which came from elsewhere: the record is a snapshot at that index, and
  // the first entry follows it.
  void create_group(uint64_t group, uint64_t replica, std::vector<Member> voters,
                    StateMachine* machine, std::function<void(base::Status)> done,
                    uint64_t begins_at = 0);
  // Opens a group that was found at recovery, and replays what the state machine has not applied.
  // `done` fires when everything that was committed before is applied.
  void open_group(uint64_t group, uint64_t replica, StateMachine* machine,
                  std::function<void(base::Status)> done);
  // Stops driving the group. The machine is not called after `done`. The group can be opened again
  // only after the next start(). With `drop` the log forgets the group for good, even if it was
  // never opened. A crash right after `done` may bring the group back once, and it must then be
  // dropped again.
  void close_group(uint64_t group, bool drop, std::function<void(base::Status)> done);

  // Fires when the entry is committed, that is, durable on a majority. The state machine sees the
  // application of entries in order. kUnavailable means that this replica is not the leader, or
  // that it lost the leadership or was stopped; if the entry had been accepted, its outcome is
  // unknown. kBusy means that too much is uncommitted.
  void propose(uint64_t group, std::string data, Committed done);
  // Fires with an index. Once that index is applied, a read sees every write that was acknowledged
  // before this call (linearizable).
  void read_index(uint64_t group, Committed done);
  // Takes in a message of the group from a replica on another node. The transport has authenticated
  // the sender as `from_replica`.
  void receive(uint64_t group, uint64_t from_replica, std::string bytes);
  // Asks another voter to take over. OK means that it was asked; StateMachine::on_role reports when
  // it has taken over.
  void transfer(uint64_t group, uint64_t to_replica, std::function<void(base::Status)> done);
  // The state machine's effects up to `index` are durable elsewhere, so the log may forget entries
  // up to and including `index`.
  void release(uint64_t group, uint64_t index);

  base::Result<GroupStatus> status(uint64_t group) const;
  std::vector<GroupStatus> all() const;
  bool healthy(std::string* reason) const;

  // Fails the proposals, ends the loop and flushes the log. Idempotent.
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace rhumb::consensus
