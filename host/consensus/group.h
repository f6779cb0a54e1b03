// One group's replica on this node. It feeds events to the engine, carries out the effects, and
// hands committed entries to the state machine. Loop thread only, without locks: other threads post
// to the loop. After the loop has taken in what was waiting, it calls settle() on every group that
// was called, so that events which arrived together share a proposal, a log write and an apply
// batch.
//
// Indexes: base <= engine_applied_, machine_done_ <= handed_ <= apply_to_, and apply_to_ is at most
// what is durable here and committed. After a restart machine_done_ may be ahead of
// engine_applied_. The engine then catches up from one membership entry to the next.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/consensus/engine.h"
#include "host/consensus/group_host.h"
#include "host/consensus/log_writer.h"
#include "host/consensus/recovered.h"

namespace rhumb::consensus {

// The terms and sizes of the entries in the log, without their data.
class EntryTable {
 public:
  void reset(uint64_t base_index, uint64_t base_term);
  // Appending at an index that is in the table cuts the table off there first.
  void append(uint64_t index, uint64_t term, uint64_t bytes);
  void release(uint64_t index);
  uint64_t base() const { return base_; }
  uint64_t last() const { return base_ + sizes_.size(); }
  uint64_t bytes() const { return bytes_; }
  uint64_t term_at(uint64_t index) const;  // requires base <= index <= last

 private:
  uint64_t base_ = 0, bytes_ = 0;
  std::deque<uint32_t> sizes_;
  // Maps the first index of a term to the term. The first key is at most the base.
  std::map<uint64_t, uint64_t> term_starts_;
};

// The services that all groups share. They outlive the groups.
struct GroupServices {
  plugin::Engine<rhumb_consensus_ops_t> engine;
  GroupHostOptions options;
  uint64_t seed;
  storage::LogStore& log;  // for reading
  LogWriter& writer;
  base::Executor& log_reader;
  GroupHost::MessageSender sender;
  // Runs the function on the loop with the group, unless the group was closed or opened again in
  // the meantime. Any thread.
  std::function<void(uint64_t group, uint64_t incarnation, std::function<void(class Group&)>)> post;
  std::function<void(const base::Status&)> log_failed;  // fences every group; loop thread
  // Sets what status() reports from now on. Loop thread.
  std::function<void(const GroupStatus&)> publish;
};

class Group {
 public:
  using Done = std::function<void(base::Status)>;
  Group(GroupServices& services, uint64_t id, uint64_t replica, uint64_t incarnation,
        StateMachine* machine);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // `done` fires when the group may be used, as GroupHost::create_group and open_group say.
  void create(std::vector<Member> voters, uint64_t begins_at, Done done);
  void open(const RecoveredGroup& recovered, Done done);

  void propose(std::string data, GroupHost::Committed done);
  void read_index(GroupHost::Committed done);
  void transfer(uint64_t to, const Done& done);
  void receive(uint64_t from, const std::string& bytes);
  void release(uint64_t index);
  void tick();
  void durable(uint64_t number);  // `number` was given to LogWriter::append
  // Takes no more proposals and reads, and fails those that are under way.
  void fence(const base::Status& reason);
  // Does the same on request, so there is no failure to report.
  void close(const base::Status& reason);
  // True once the state machine will not be called any more.
  bool quiet() const { return !applying_ && !reading_; }

  void settle();

  bool needs_ticks() const;
  GroupStatus status() const;
  uint64_t id() const { return id_; }
  uint64_t incarnation() const { return incarnation_; }

 private:
  struct Proposal {
    std::string data;
    GroupHost::Committed done;
  };
  struct Accepted {
    uint64_t index;
    GroupHost::Committed done;
  };
  // group.cc
  RecoveredGroup fresh(uint64_t base) const;
  base::Status begin(const RecoveredGroup& recovered, const StartPoint& start);
  void campaign();
  Engine::Outcome step(const rhumb_event_t& event);
  void carry_out(const rhumb_effects_t& fx);
  void take_members(const rhumb_effects_t& fx);
  void write(const rhumb_effects_t& fx);
  void store_membership();
  void keep_for_apply(const rhumb_effects_t& fx);
  void send(const rhumb_effects_t& fx);
  void fetch(const rhumb_fetch_t& wanted);
  void role_changed(const rhumb_effects_t& fx);
  void tell_snapshot(uint64_t gone);
  void log_result(const base::Status& status);

  // group_requests.cc
  void flush_proposals();
  bool propose_batch(std::vector<Proposal>& batch);
  void flush_reads();
  void answer_reads(const rhumb_effects_t& fx);
  void complete_committed();
  void fail_requests(const base::Status& reason);
  base::Status not_leader() const;

  // group_apply.cc
  void advance();
  void tell_applied();
  void apply_next();
  void read_for_apply(uint64_t first, uint64_t last);
  void hand_over(std::vector<Entry> entries);
  void applied(uint64_t index, const base::Status& status);
  void check_opened();

  GroupServices& services_;
  const uint64_t id_, replica_, incarnation_;
  StateMachine* const machine_;
  std::unique_ptr<Engine> engine_;  // null until the bootstrap record is durable
  base::Status fenced_;             // the reason, if the group is fenced
  Done opened_;                     // is set until the group may be used
  // The group may be used once the state machine has applied this index. 0 means that it is not
  // known yet.
  uint64_t opened_at_ = 0;

  // The newest effects set term_, leader_, commit_, last_, apply_to_ and role_.
  uint64_t term_ = 0, leader_ = 0, commit_ = 0, last_ = 0, apply_to_ = 0;
  uint32_t role_ = RHUMB_FOLLOWER;
  bool told_leader_ = false;
  uint64_t told_term_ = 0;
  uint64_t persisted_ = 0, persisted_told_ = 0;
  bool campaign_due_ = false;

  HardState hard_;         // as of the newest write
  bool restored_ = false;  // the group was created for a state that came from elsewhere
  // hard_.membership of this index is durable.
  uint64_t membership_stored_ = 0;
  uint64_t engine_applied_ = 0, machine_done_ = 0, handed_ = 0;
  // Entries that are written and not yet handed over, without gaps. They are a prefix of the
  // entries to come.
  std::deque<Entry> recent_;
  uint64_t recent_bytes_ = 0;
  EntryTable table_;  // covers (base, last]
  bool applying_ = false, reading_ = false;

  std::vector<Proposal> proposals_;  // wait for settle()
  std::deque<Accepted> accepted_;    // by index
  // Reads wait for settle(), or until this leader has committed something in its term.
  std::vector<GroupHost::Committed> reads_;
  std::map<uint64_t, std::vector<GroupHost::Committed>> confirming_;  // by token
  uint64_t next_token_ = 1;
};

}  // namespace rhumb::consensus
