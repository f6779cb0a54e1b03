// The environment of a simulated replica's host loop: time, random numbers, the network, and the
// checks.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/agenda.h"
#include "tests/sim/checker.h"
#include "tests/sim/engine.h"
#include "tests/sim/network.h"
#include "tests/sim/random.h"

namespace rhumb::sim {

// A planted fault. The host's side makes them, except kUnheldMessages and kLeaseReads, which are in
// the planted .so.
enum class Plant {
  kNone,
  kAckBeforeDurable,
  kVoteForgotten,
  kTruncationIgnored,
  kUnheldMessages,
  kLeaseReads
};

struct HostPlan {
  EngineConfig engine;
  Plant plant = Plant::kNone;
  Microseconds tick_us = 100 * kMillisecond;
  Microseconds flush_max_us = 10 * kMillisecond, stall_max_us = 3 * kSecond,
               apply_max_us = 20 * kMillisecond;
  uint32_t stall_per_mille = 0, slow_apply_per_mille = 0;
  uint64_t checkpoint_entries = 60, keep_entries_max = 20, apply_batch_max = 16;
};

class Replica;

class World {
 public:
  virtual ~World() = default;
  virtual Agenda& agenda() = 0;
  virtual Random& random() = 0;
  virtual Network& network() = 0;
  virtual Checker& checker() = 0;
  virtual const HostPlan& plan() const = 0;
  virtual const rhumb_consensus_ops_t* ops() const = 0;
  virtual uint64_t next_incarnation() = 0;
  virtual const Replica* find(uint64_t id) const = 0;
  virtual void say(const std::string& line) = 0;  // printed with --verbose
};

}  // namespace rhumb::sim
