// One group's replica on this node: feeds its engine, carries out the effects, hands committed
// entries to the state machine. Loop thread only, no locks: what comes from elsewhere is posted to
// the loop. Every public call is followed by settle() once the loop has taken what was waiting, so
// that what arrived together shares a proposal, a log write and an apply batch.
//
// Indexes: base <= engine_applied_, machine_done_ <= handed_ <= apply_to_ (and apply_to_ <= what is
// durable here and committed). machine_done_ may be ahead of engine_applied_ after a restart: then
// the engine catches up, entry of members by entry.
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

// Terms and sizes of the entries in the log, without their data.
class EntryTable {
 public:
  void reset(uint64_t base_index, uint64_t base_term);
  // an index that is there cuts the table first
  void append(uint64_t index, uint64_t term, uint64_t bytes);
  void release(uint64_t index);
  uint64_t base() const { return base_; }
  uint64_t last() const { return base_ + sizes_.size(); }
  uint64_t bytes() const { return bytes_; }
  uint64_t term_at(uint64_t index) const;  // base <= index <= last

 private:
  uint64_t base_ = 0, bytes_ = 0;
  std::deque<uint32_t> sizes_;
  // first index of a term -> term; begins at or before base
  std::map<uint64_t, uint64_t> term_starts_;
};

// What groups share. All of it outlives them.
struct GroupServices {
  plugin::Engine<rhumb_consensus_ops_t> engine;
  GroupHostOptions options;
  uint64_t seed;
  storage::LogStore& log;  // for reading
  LogWriter& writer;
  base::Executor& log_reader;
  GroupHost::MessageSender sender;
  // Runs the function on the loop with the group, unless it was closed (or opened anew) meanwhile.
  // Any thread.
  std::function<void(uint64_t group, uint64_t incarnation, std::function<void(class Group&)>)> post;
  std::function<void(const base::Status&)> log_failed;  // fences every group. Loop thread
  // what status() tells from now on. Loop thread
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

  // `done` when it may be used: as GroupHost::create_group and open_group tell.
  void create(std::vector<Member> voters, Done done);
  void open(RecoveredGroup recovered, Done done);

  void propose(std::string data, GroupHost::Committed done);
  void read_index(GroupHost::Committed done);
  void transfer(uint64_t to, Done done);
  void receive(uint64_t from, const std::string& bytes);
  void release(uint64_t index);
  void tick();
  void durable(uint64_t number);  // what was given to LogWriter::append
  // No proposals or reads are taken any more, those under way fail.
  void fence(const base::Status& reason);
  // The same on request, so nothing to report.
  void close(const base::Status& reason);
  // True once the state machine is not called any more.
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
  std::unique_ptr<Engine> engine_;  // none until the bootstrap record is durable
  base::Status fenced_;             // not OK: why
  Done opened_;                     // until the group may be used
  uint64_t opened_at_ = 0;          // that far the state machine has to be; 0: not known yet

  // Of the newest effects.
  uint64_t term_ = 0, leader_ = 0, commit_ = 0, last_ = 0, apply_to_ = 0;
  uint32_t role_ = RHUMB_FOLLOWER;
  bool told_leader_ = false;
  uint64_t told_term_ = 0;
  uint64_t persisted_ = 0, persisted_told_ = 0;
  bool campaign_due_ = false;

  HardState hard_;                  // as of the newest write
  uint64_t membership_stored_ = 0;  // hard_.membership of this index is durable
  uint64_t engine_applied_ = 0, machine_done_ = 0, handed_ = 0;
  // written and not yet handed over, without gaps; a prefix of what is to come
  std::deque<Entry> recent_;
  uint64_t recent_bytes_ = 0;
  EntryTable table_;  // of (base, last]
  bool applying_ = false, reading_ = false;

  std::vector<Proposal> proposals_;  // until settle()
  std::deque<Accepted> accepted_;    // by index
  // until settle(), or until this leader has committed something of its term
  std::vector<GroupHost::Committed> reads_;
  std::map<uint64_t, std::vector<GroupHost::Committed>> confirming_;  // by token
  uint64_t next_token_ = 1;
};

}  // namespace rhumb::consensus
