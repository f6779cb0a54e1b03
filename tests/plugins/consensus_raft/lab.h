// A few replicas of the shipped consensus_raft.so on which nothing happens by itself. A test makes
// each write durable, applies each entry, and delivers, keeps, copies or drops each message by
// hand, which a directed test of one trap needs. Random histories are in tests/sim.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/places.h"
#include "tests/sim/disk.h"
#include "tests/sim/engine.h"

namespace rhumb::consensus_raft {

inline constexpr uint64_t kSeed = 42;
// A time-out lies in [kElectionTicks, 2 * kElectionTicks).
inline constexpr int kElectionTicks = 10;

struct Packet {
  uint64_t from = 0, to = 0;
  uint32_t flags = 0;
  std::string frame;
  uint64_t kind() const { return sim::glance(frame).type; }
};

class Lab;

class Replica {
 public:
  Replica(Lab& lab, uint64_t id, sim::Stored initial);

  // Starts from the durable state. `machine` is what the state machine still has; by default it is
  // the newest state.
  void start(std::optional<sim::Image> machine = std::nullopt);
  void crash();  // open writes are lost
  // Only while the replica is down.
  void replace_disk(sim::Stored stored) { disk_ = sim::Disk(std::move(stored), false); }
  bool running() const { return engine_ != nullptr; }

  rhumb_status_t step(const rhumb_event_t& event);
  rhumb_status_t tick(int n = 1);  // stops at the first refusal
  rhumb_status_t campaign() { return step(sim::make_event(RHUMB_EV_CAMPAIGN)); }
  rhumb_status_t propose(const std::string& data);
  rhumb_status_t change(const std::vector<rhumb_member_t>& changes, bool leader_may_leave = false);
  rhumb_status_t read(uint64_t token);
  rhumb_status_t transfer(uint64_t to);
  rhumb_status_t receive(uint64_t sender, const std::string& frame);
  rhumb_status_t snapshot();  // a snapshot of the applied state; the log before it is dropped
  rhumb_status_t fetched(const rhumb_fetch_t& wanted);  // answers from the durable log
  rhumb_status_t persist(size_t writes = SIZE_MAX);     // the oldest writes, acknowledged as one
  rhumb_status_t apply();

  uint64_t id = 0;
  bool auto_persist = true, auto_apply = true;
  // The state after the last step.
  uint32_t role = RHUMB_FOLLOWER;
  uint64_t term = 0, leader = 0, commit = 0, last = 0, apply_to = 0;
  std::string refusal;          // the text if the last step was refused
  std::deque<sim::Write> open;  // requested but not durable
  std::vector<rhumb_read_t> reads;
  std::vector<rhumb_fetch_t> fetches;
  uint64_t snapshots_asked = 0;
  sim::Image machine;
  const sim::Stored& durable() const { return disk_.durable(); }
  bool leads() const { return role == RHUMB_LEADER; }

 private:
  void carry_out(const rhumb_effects_t& fx);
  rhumb_status_t tell_snapshot(uint64_t gone);

  Lab& lab_;
  sim::Disk disk_;
  std::unique_ptr<sim::Engine> engine_;
  sim::Membership members_now_;  // the engine's members
};

class Lab {
 public:
  // `so` is the shipped engine or the one with a planted fault.
  explicit Lab(std::vector<rhumb_member_t> members,
               const std::string& so = places::plugin("consensus_raft"));
  Replica& operator[](uint64_t id) { return *replicas_.at(id); }
  Replica& join(uint64_t id);  // starts empty, as an added member does

  // Messages wait here until they are delivered.
  std::deque<Packet> network;
  std::vector<Packet> take(const std::function<bool(const Packet&)>& which);
  rhumb_status_t deliver(const Packet& packet);
  // Delivers and applies everything, and what follows from it, until nothing moves. Packets for
  // which `lost` returns true are dropped.
  void settle(const std::function<bool(const Packet&)>& lost = nullptr);
  void elect(uint64_t id);  // by CAMPAIGN, before there was a leader
  // By time, after a leader was lost, because the others stay loyal to it for a while.
  void succeed(uint64_t id);

  sim::EngineConfig config;
  const rhumb_consensus_ops_t* ops = nullptr;
  uint64_t incarnations = 0;

 private:
  std::map<uint64_t, std::unique_ptr<Replica>> replicas_;
};

std::vector<rhumb_member_t> voters(uint64_t n);
void begin(Lab& lab, uint64_t n = 3);  // starts members 1 to n and elects the first

// Writes a message as a peer could have written it: fields of raft's protobuf by number.
class FrameWriter {
 public:
  FrameWriter& number(uint32_t field, uint64_t value);
  FrameWriter& bytes(uint32_t field, const std::string& value);
  std::string body() const { return body_; }
  std::string frame() const { return std::string(1, '\1') + body_; }

 private:
  void varint(uint64_t value);
  std::string body_;
};
// Returns the bytes field with that number in a frame, or an empty text.
std::string bytes_field(const std::string& frame, uint32_t field);
uint64_t count_field(const std::string& frame, uint32_t field);
inline constexpr uint32_t kType = 1, kTo = 2, kFrom = 3, kTerm = 4, kLogTerm = 5, kIndex = 6,
                          kEntries = 7, kCommit = 8, kReject = 10, kRejectHint = 11, kContext = 12;

}  // namespace rhumb::consensus_raft
