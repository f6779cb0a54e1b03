// The invariants that must hold at every step of every run. The first violation is kept, and the
// run stops there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/engine.h"
#include "tests/sim/model.h"

namespace rhumb::sim {

// A replica's state as the checks see it.
struct Seen {
  uint64_t id = 0, term = 0, commit = 0, leader = 0, last_index = 0;
  uint32_t role = RHUMB_FOLLOWER;
};

struct Tally {
  uint64_t steps = 0, elections = 0, installs = 0, membership_changes = 0, lost_writes = 0,
           reads = 0, entries = 0;
  uint64_t crashes = 0, fetches = 0, transfers = 0, snapshots_sent = 0, acknowledged = 0,
           pauses = 0;

  Tally& operator+=(const Tally& other);
  std::string to_string() const;
};

class Checker {
 public:
  void fail(std::string what);
  bool failed() const { return !violation_.empty(); }
  const std::string& violation() const { return violation_; }
  Tally& tally() { return tally_; }
  uint64_t trace_hash() const { return trace_hash_; }
  void trace(uint64_t a, uint64_t b, uint64_t c);

  // One vote per term, as sent to others.
  void sent(const Glance& message);
  // Log matching: an (index, term) names one entry with one predecessor on every replica.
  void wrote(uint64_t replica, const Entry& entry, uint64_t previous_term);
  // One leader per term. A new leader holds every entry that was committed in earlier terms.
  void leads(uint64_t replica, uint64_t term, uint64_t base_index, uint64_t last_index,
             const std::function<uint64_t(uint64_t)>& term_at);
  // A leader's commit index: the entries up to it are durable on a majority.
  void committed_by_leader(
      uint64_t replica, uint64_t term, uint64_t commit,
      const std::function<uint64_t(uint64_t)>& term_at,
      const std::function<bool(uint64_t index, uint64_t term)>& durable_on_majority);
  // All replicas apply the same entries in the same order.
  void applied(uint64_t replica, const Entry& entry, uint64_t hash);
  void installed(uint64_t replica, const Image& image);
  // A client was told that its write is safe.
  void acknowledged(uint64_t index);
  // The index that a read which begins now must at least see.
  uint64_t read_floor() const { return read_floor_; }
  void read_done(uint64_t replica, uint64_t floor, uint64_t read_index, uint64_t applied);

 private:
  struct Fact {
    uint64_t previous_term = 0, content = 0;
    bool operator==(const Fact&) const = default;
  };
  struct Commit {
    uint64_t term = 0, leader_term = 0;
  };
  struct Applied {
    uint64_t term = 0, hash = 0;
  };

  std::string violation_;
  Tally tally_;
  uint64_t trace_hash_ = 0;
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> votes_;  // (voter, term) -> candidate
  std::map<uint64_t, uint64_t> leaders_;                     // term -> replica
  std::map<std::pair<uint64_t, uint64_t>, Fact> facts_;      // by (index, term)
  std::map<uint64_t, Commit> commits_;                       // by index
  std::map<uint64_t, Applied> applied_;                      // by index
  uint64_t read_floor_ = 0;
};

}  // namespace rhumb::sim
