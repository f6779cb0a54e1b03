// The network between replicas: delays, losses, copies, and cuts in one direction or both.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "tests/sim/agenda.h"
#include "tests/sim/random.h"

namespace rhumb::sim {

struct NetworkPlan {
  uint32_t drop_per_mille = 0, duplicate_per_mille = 0, late_per_mille = 0;
  Microseconds delay_min_us = 200, delay_max_us = 20 * kMillisecond, late_max_us = 3 * kSecond;
};

class Network {
 public:
  using Arrive = std::function<void(uint64_t from, uint64_t to, const std::string& frame)>;
  Network(Agenda& agenda, Random& random, NetworkPlan plan, Arrive arrive)
      : agenda_(agenda), random_(random), plan_(plan), arrive_(std::move(arrive)) {}

  void send(uint64_t from, uint64_t to, std::string frame);
  // Sends the files of a snapshot, then its message. done(ok) is always called on the sender,
  // sometimes before the receiver is done, as in a real transfer.
  void send_snapshot(uint64_t from, uint64_t to, std::string frame,
                     std::function<void(bool ok)> done);

  void cut(uint64_t from, uint64_t to) { cuts_.emplace(from, to); }
  void heal() { cuts_.clear(); }
  void calm() { plan_.drop_per_mille = plan_.duplicate_per_mille = plan_.late_per_mille = 0; }

 private:
  bool is_cut(uint64_t from, uint64_t to) const { return cuts_.contains({from, to}); }
  Microseconds delay_us();

  Agenda& agenda_;
  Random& random_;
  NetworkPlan plan_;
  Arrive arrive_;
  std::set<std::pair<uint64_t, uint64_t>> cuts_;
};

}  // namespace rhumb::sim
