// One replica and its host loop. The order in which events and effects are handled here is the
// reference for host/consensus.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/disk.h"
#include "tests/sim/machine.h"
#include "tests/sim/world.h"

namespace rhumb::sim {

// Owned by the cluster. A crash destroys the engine and everything in memory; `disk_` survives, and
// the part of `machine_` that a power cut leaves. `incarnation_` counts starts: actions that were
// scheduled for an earlier incarnation are not run.
class Replica {
 public:
  Replica(World& world, uint64_t id, Stored initial);

  uint64_t id() const { return id_; }
  bool running() const { return engine_ != nullptr; }
  bool leads() const { return running() && state_.role == RHUMB_LEADER; }
  const Seen& state() const { return state_; }
  const Membership& membership() const { return machine_.now().membership; }
  uint64_t applied() const { return machine_.applied(); }
  uint64_t hash() const { return machine_.now().hash; }
  bool holds_durably(uint64_t index, uint64_t term) const;

  void start();
  void crash();
  void pause();
  void resume(bool read_first);
  bool paused() const { return paused_; }

  void receive(uint64_t from, const std::string& frame);
  rhumb_status_t propose(uint64_t count, uint64_t bytes_max);
  rhumb_status_t propose_members(const std::vector<rhumb_member_t>& changes, bool leader_may_leave);
  rhumb_status_t transfer(uint64_t to);
  void read();
  void unreachable(uint64_t peer);
  // Turns off random faults of the disk from now on.
  void calm() { calm_ = true; }

 private:
  struct Waiting {
    uint64_t floor = 0, index = 0;
    bool confirmed = false;
  };

  void later(Microseconds delay_us, std::function<void()> action);
  void when_awake(uint64_t incarnation, std::function<void()> action);
  rhumb_status_t step(const rhumb_event_t& event, std::initializer_list<rhumb_status_t> allowed);
  void carry_out(const rhumb_effects_t& fx, bool by_applied);
  void check(const rhumb_effects_t& fx);
  void write(const rhumb_effects_t& fx);
  void send(const rhumb_effects_t& fx);
  void answer_reads(const rhumb_effects_t& fx);
  void fetch(const rhumb_fetch_t& wanted);
  void flush();
  void flushed(Disk::Flushed flushed);
  void apply_soon();
  void apply();
  void finish_reads();
  void checkpoint_soon();
  void checkpoint();
  void tell_snapshot(const Image& image, uint64_t gone);
  void tick_later();
  Microseconds flush_delay_us();

  World& world_;
  const uint64_t id_;
  Disk disk_;
  Machine machine_;
  std::unique_ptr<Engine> engine_;
  uint64_t incarnation_ = 0;
  Seen state_;
  // The engine's membership, which is ahead of the machine's during an installation.
  Membership engine_membership_;
  uint64_t apply_to_ = 0, tokens_ = 0;
  bool calm_ = false, paused_ = false, flushing_ = false, installing_ = false,
       apply_pending_ = false, checkpoint_pending_ = false;
  Microseconds tick_us_;
  std::deque<std::function<void()>> deferred_;
  std::map<uint64_t, Waiting> reads_;      // by token
  std::map<uint64_t, uint64_t> proposed_;  // index -> term, for the proposals of this incarnation
};

}  // namespace rhumb::sim
