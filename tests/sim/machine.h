// The replicated state machine of one replica, and the states that it may have after a crash.
#pragma once

#include <cstdint>
#include <deque>

#include "tests/sim/model.h"
#include "tests/sim/random.h"

namespace rhumb::sim {

// Applied batches are visible at once and become durable later, in order, as in the host's
// key-value store without fsync. After a crash the machine has any state from the last checkpoint
// to the newest one. Invariant: states_ is never empty, and its front is the last checkpoint.
class Machine {
 public:
  explicit Machine(Image image) : states_{std::move(image)} {}

  const Image& now() const { return states_.back(); }
  uint64_t applied() const { return states_.back().index; }
  void apply(const Entry& entry) {
    const Image& before = states_.back();
    states_.push_back({entry.index, entry.term, chain_hash(before.hash, entry), before.membership});
  }
  // Belongs to the newest state and is stored with its applied index.
  void set_membership(Membership membership) { states_.back().membership = std::move(membership); }
  void install(Image image) { states_.assign(1, std::move(image)); }
  void checkpointed(uint64_t index) {
    while (states_.size() > 1 && states_.front().index < index) states_.pop_front();
  }
  void power_cut(const Image& checkpoint, Random& random) {
    if (checkpoint.index > applied()) {
      install(checkpoint);
      return;
    }
    checkpointed(checkpoint.index);
    const uint64_t kept = random.between(1, states_.size());
    while (states_.size() > kept) states_.pop_back();
  }

 private:
  std::deque<Image> states_;
};

}  // namespace rhumb::sim
