// One seeded run: a group of replicas, clients, an operator who changes the membership, and faults.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/sim/replica.h"
#include "tests/sim/world.h"

namespace rhumb::sim {

struct RunConfig {
  const rhumb_consensus_ops_t* ops = nullptr;
  uint64_t seed = 0;
  Plant plant = Plant::kNone;
  bool verbose = false;
};

struct RunResult {
  std::string violation;  // empty: none
  Tally tally;
  uint64_t trace_hash = 0;
};

// Faults happen during kTrouble. Then everything heals, and the group has kHeal to agree.
inline constexpr Microseconds kTrouble = 45 * kSecond, kHeal = 90 * kSecond;

class Cluster final : public World {
 public:
  explicit Cluster(const RunConfig& config);
  RunResult run();

  Agenda& agenda() override { return agenda_; }
  Random& random() override { return random_; }
  Network& network() override { return *network_; }
  Checker& checker() override { return checker_; }
  const HostPlan& plan() const override { return plan_; }
  const rhumb_consensus_ops_t* ops() const override { return config_.ops; }
  uint64_t next_incarnation() override { return ++incarnations_; }
  const Replica* find(uint64_t id) const override;
  void say(const std::string& line) override;

 private:
  void draw_plan();
  void bootstrap(uint64_t count);
  Replica& add_replica(Stored initial);
  Replica* newest_leader();
  Replica& any_replica();
  void repeat(Microseconds min_us, Microseconds max_us, std::function<void()> action);
  void clients();
  void operator_moves();
  std::vector<rhumb_member_t> draw_change(const Replica& leader, bool& leader_may_leave);
  void bad_luck();
  void cut_somewhere();
  void crash_some();
  void heal_all();
  bool agreed(std::string& why);

  RunConfig config_;
  Random random_;
  Agenda agenda_;
  Checker checker_;
  HostPlan plan_;
  NetworkPlan network_plan_;
  std::unique_ptr<Network> network_;
  std::map<uint64_t, std::unique_ptr<Replica>> replicas_;
  uint64_t ids_ = 0, incarnations_ = 0;
  uint32_t lone_voter_per_mille_ = 0, change_per_mille_ = 0;
  bool healing_ = false;
};

}  // namespace rhumb::sim
