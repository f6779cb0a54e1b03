#include "tests/sim/cluster.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace rhumb::sim {

namespace {

constexpr uint64_t kReplicasMax = 12;  // ids are never reused

}  // namespace

Cluster::Cluster(const RunConfig& config) : config_(config), random_(config.seed) {
  draw_plan();
  network_ =
      std::make_unique<Network>(agenda_, random_, network_plan_,
                                [this](uint64_t from, uint64_t to, const std::string& frame) {
                                  auto replica = replicas_.find(to);
                                  if (replica != replicas_.end())
                                    replica->second->receive(from, frame);
                                });
  bootstrap(random_.chance(500) ? 3 : 5);
}

// Every seed has its own rates of events, so that rare combinations occur and calm runs, too.
void Cluster::draw_plan() {
  plan_.plant = config_.plant;
  if (plan_.plant == Plant::kUnheldMessages)
    plan_.engine.config_json = R"({"plant":"unheld_messages"})";
  if (plan_.plant == Plant::kLeaseReads) plan_.engine.config_json = R"({"plant":"lease_reads"})";
  plan_.engine.max_message_bytes = random_.chance(500) ? 1024 : 8192;
  plan_.engine.max_inflight_messages = random_.between(2, 16);
  plan_.engine.cache_bytes = random_.chance(500) ? 1024 : 1 << 20;
  plan_.engine.max_uncommitted_bytes = 256 << 10;
  plan_.flush_max_us = random_.between(1, 40) * kMillisecond;
  plan_.stall_per_mille = random_.chance(500) ? 5 : 30;
  plan_.apply_max_us = random_.between(1, 100) * kMillisecond;
  plan_.slow_apply_per_mille = random_.chance(500) ? 0 : 50;
  plan_.checkpoint_entries = random_.between(10, 120);
  plan_.keep_entries_max = random_.between(0, 30);
  network_plan_.drop_per_mille =
      random_.chance(300) ? 0 : static_cast<uint32_t>(random_.below(100));
  network_plan_.duplicate_per_mille = static_cast<uint32_t>(random_.below(50));
  network_plan_.late_per_mille = static_cast<uint32_t>(random_.below(30));
  network_plan_.delay_max_us = random_.between(2, 60) * kMillisecond;
  lone_voter_per_mille_ = random_.chance(300) ? 400 : 50;
  change_per_mille_ = random_.chance(300) ? 0 : 600;
}

void Cluster::bootstrap(uint64_t count) {
  Stored first;
  first.term = first.commit = first.base_index = first.base_term = 1;
  first.checkpoint.index = first.checkpoint.term = 1;
  for (uint64_t id = 1; id <= count; ++id)
    first.checkpoint.membership.members.push_back({id, RHUMB_VOTER, 0});
  for (uint64_t i = 0; i < count; ++i) add_replica(first);
}

Replica& Cluster::add_replica(Stored initial) {
  const uint64_t id = ++ids_;
  Replica& replica =
      *replicas_.emplace(id, std::make_unique<Replica>(*this, id, std::move(initial)))
           .first->second;
  replica.start();
  return replica;
}

const Replica* Cluster::find(uint64_t id) const {
  auto replica = replicas_.find(id);
  return replica == replicas_.end() ? nullptr : replica->second.get();
}

void Cluster::say(const std::string& line) {
  if (config_.verbose)
    std::printf("%9.3f  %s\n", static_cast<double>(agenda_.now_us()) / 1e6, line.c_str());
}

Replica* Cluster::newest_leader() {
  Replica* newest = nullptr;
  for (auto& [id, replica] : replicas_) {
    if (replica->leads() && !replica->paused() &&
        (newest == nullptr || replica->state().term > newest->state().term)) {
      newest = replica.get();
    }
  }
  return newest;
}

Replica& Cluster::any_replica() {
  auto at = replicas_.begin();
  std::advance(at, random_.below(replicas_.size()));
  return *at->second;
}

void Cluster::repeat(Microseconds min_us, Microseconds max_us, std::function<void()> action) {
  agenda_.after(random_.between(min_us, max_us),
                [this, min_us, max_us, action = std::move(action)] {
                  action();
                  repeat(min_us, max_us, action);
                });
}

// Every replica that believes it is the leader gets requests, also a deposed one, because stale
// reads and lost writes come from those.
void Cluster::clients() {
  repeat(5 * kMillisecond, 120 * kMillisecond, [this] {
    for (auto& [id, replica] : replicas_) {
      if (!replica->leads() || replica->paused()) continue;
      if (random_.chance(700))
        replica->propose(random_.between(1, 6), random_.chance(30) ? 6000 : 300);
      if (random_.chance(500)) replica->read();
    }
    // A client that asks a follower is refused and disturbs nothing.
    Replica& anyone = any_replica();
    if (anyone.running() && !anyone.leads() && !anyone.paused() &&
        anyone.propose(1, 100) == RHUMB_OK) {
      checker_.fail("a follower took a proposal");
    }
  });
}

void Cluster::operator_moves() {
  repeat(200 * kMillisecond, 4 * kSecond, [this] {
    Replica* leader = newest_leader();
    if (leader == nullptr || healing_) return;
    if (random_.chance(150)) {
      leader->transfer(any_replica().id());
      return;
    }
    if (!random_.chance(change_per_mille_)) return;
    bool leader_may_leave = false;
    const std::vector<rhumb_member_t> change = draw_change(*leader, leader_may_leave);
    if (change.empty()) return;
    const rhumb_status_t status = leader->propose_members(change, leader_may_leave);
    say("replica " + std::to_string(leader->id()) + " proposes " + std::to_string(change.size()) +
        " membership changes: status " + std::to_string(status));
  });
}

std::vector<rhumb_member_t> Cluster::draw_change(const Replica& leader, bool& leader_may_leave) {
  const Membership& now = leader.membership();
  const std::vector<uint64_t> voters = now.with_role(RHUMB_VOTER),
                              learners = now.with_role(RHUMB_LEARNER);
  std::vector<rhumb_member_t> change;
  auto joiner = [&](uint32_t operation) {
    if (replicas_.size() < kReplicasMax) change.push_back({add_replica({}).id(), operation, 0});
  };
  auto pick = [&](const std::vector<uint64_t>& ids) { return ids[random_.below(ids.size())]; };
  const bool shrink = voters.size() > (random_.chance(lone_voter_per_mille_) ? 1u : 2u);
  switch (random_.below(8)) {
    case 0:
      joiner(RHUMB_ADD_LEARNER);
      break;
    case 1:
      joiner(RHUMB_ADD_VOTER);
      break;
    case 2:
      if (!learners.empty()) change.push_back({pick(learners), RHUMB_ADD_VOTER, 0});
      break;
    case 3:
    case 4:
      if (shrink) change.push_back({pick(voters), RHUMB_REMOVE, 0});
      break;
    case 5:
      if (shrink) change.push_back({pick(voters), RHUMB_ADD_LEARNER, 0});
      break;
    case 6:  // adds one and removes one in one step
      joiner(RHUMB_ADD_VOTER);
      if (voters.size() > 1) change.push_back({pick(voters), RHUMB_REMOVE, 0});
      break;
    default:  // swaps a learner and a voter
      if (!learners.empty() && voters.size() > 1) {
        change.push_back({pick(learners), RHUMB_ADD_VOTER, 0});
        change.push_back({pick(voters), RHUMB_ADD_LEARNER, 0});
      }
      break;
  }
  leader_may_leave = random_.chance(300);
  return change;
}

void Cluster::bad_luck() {
  repeat(300 * kMillisecond, 5 * kSecond, [this] {
    if (healing_) return;
    switch (random_.below(8)) {
      case 0:
      case 1:
        cut_somewhere();
        break;
      case 2:
        network_->heal();
        break;
      case 3:
      case 4:
        crash_some();
        break;
      case 5: {
        Replica& victim =
            random_.chance(500) && newest_leader() != nullptr ? *newest_leader() : any_replica();
        victim.pause();
        ++checker_.tally().pauses;
        agenda_.after(random_.between(100 * kMillisecond, 6 * kSecond),
                      [this, &victim] { victim.resume(random_.chance(500)); });
        break;
      }
      default: {
        Replica& one = any_replica();
        if (one.running() && !one.paused()) one.unreachable(any_replica().id());
        break;
      }
    }
  });
}

void Cluster::cut_somewhere() {
  network_->heal();
  if (random_.chance(400)) {  // cuts single directions
    for (uint64_t i = random_.between(1, 3); i > 0; --i)
      network_->cut(any_replica().id(), any_replica().id());
    return;
  }
  std::vector<uint64_t> here, there;
  for (auto& [id, replica] : replicas_) (random_.chance(500) ? here : there).push_back(id);
  const bool one_way = random_.chance(300);
  for (uint64_t a : here) {
    for (uint64_t b : there) {
      network_->cut(a, b);
      if (!one_way) network_->cut(b, a);
    }
  }
}

void Cluster::crash_some() {
  const bool everyone = random_.chance(200);
  for (auto& [id, replica] : replicas_) {
    const bool hit = everyone || random_.chance(1000 / static_cast<uint32_t>(replicas_.size()));
    if (!hit || !replica->running()) continue;
    say("replica " + std::to_string(id) + " crashes");
    replica->crash();
    ++checker_.tally().crashes;
    agenda_.after(random_.between(10 * kMillisecond, 5 * kSecond), [&replica = *replica] {
      if (!replica.running()) replica.start();
    });
  }
}

void Cluster::heal_all() {
  healing_ = true;
  network_->heal();
  network_->calm();
  for (auto& [id, replica] : replicas_) {
    replica->calm();
    if (replica->running()) {
      replica->resume(false);
    } else {
      replica->start();
    }
  }
  say("healed");
}

// Whether there is one leader, no joint state is left, and all members have the leader's state.
bool Cluster::agreed(std::string& why) {
  const Replica* leader = newest_leader();
  if (leader == nullptr) {
    why = "no leader";
    return false;
  }
  if (leader->membership().joint()) {
    why = "still joint";
    return false;
  }
  if (leader->applied() < checker_.read_floor() ||
      leader->applied() != leader->state().last_index) {
    why = "the leader has applied " + std::to_string(leader->applied()) + " of " +
          std::to_string(leader->state().last_index);
    return false;
  }
  for (const rhumb_member_t& member : leader->membership().members) {
    const Replica* replica = find(member.id);
    if (replica->applied() != leader->applied() || replica->hash() != leader->hash() ||
        replica->state().term != leader->state().term) {
      why = "replica " + std::to_string(member.id) + " has applied " +
            std::to_string(replica->applied()) + " of " + std::to_string(leader->applied());
      return false;
    }
  }
  return true;
}

RunResult Cluster::run() {
  clients();
  operator_moves();
  bad_luck();
  while (!checker_.failed() && agenda_.run_one(kTrouble)) {}
  if (!checker_.failed()) heal_all();
  std::string why = "nothing happened";
  bool agreement = false;
  // Clients go on for a while, so that the healed group is used.
  const Microseconds settle_us = 5 * kSecond;
  Microseconds until_us = kTrouble + settle_us;
  while (!checker_.failed() && !agreement && until_us <= kTrouble + kHeal) {
    while (!checker_.failed() && agenda_.run_one(until_us)) {}
    agreement = agreed(why);
    until_us += kSecond / 50;
  }
  if (!agreement) checker_.fail("not converged: " + why);
  return {checker_.violation(), checker_.tally(), checker_.trace_hash()};
}

}  // namespace rhumb::sim
