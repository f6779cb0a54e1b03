// Proposals and reads: they go from the queue to the engine, and their answers come back.
#include "host/base/limits.h"
#include "host/base/metrics.h"
#include "host/consensus/group.h"
#include "host/plugin/status.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::consensus {
namespace {

base::Counter& proposed_entries() {
  static base::Counter& counter = base::counter("rhumb_consensus_entries_proposed_total");
  return counter;
}

}  // namespace

base::Status Group::not_leader() const {
  const std::string who =
      leader_ == 0 ? "no leader is known" : "replica " + std::to_string(leader_) + " leads";
  const base::Status status(base::Code::kUnavailable,
                            "this replica does not lead group " + std::to_string(id_) + ", " + who);
  return leader_ == 0 ? status : status.with({.leader = leader_});
}

void Group::propose(std::string data, GroupHost::Committed done) {
  if (!fenced_.ok()) return done(fenced_);
  if (engine_ == nullptr)
    return done(base::Status(base::Code::kUnavailable, "the group is being created"));
  proposals_.push_back({std::move(data), std::move(done)});
}

void Group::flush_proposals() {
  std::vector<Proposal> waiting = std::exchange(proposals_, {});
  if (services_.writer.stalled() && services_.writer.stall().code() == base::Code::kNoSpace) {
    for (Proposal& proposal : waiting) proposal.done(services_.writer.stall());
    return;
  }
  std::vector<Proposal> batch;
  uint64_t bytes = 0;
  bool room = true;
  const auto flush = [&] {
    room = propose_batch(batch);
    batch.clear();
    bytes = 0;
  };
  for (Proposal& proposal : waiting) {
    if (!room) {
      proposal.done(base::Status(
          base::Code::kBusy, "group " + std::to_string(id_) + " has too much uncommitted data"));
      continue;
    }
    bytes += proposal.data.size();
    batch.push_back(std::move(proposal));
    if (batch.size() >= base::limits::kProposeBatchEntries ||
        bytes >= base::limits::kProposeBatchBytes)
      flush();
  }
  if (!batch.empty()) flush();
}

// Returns false when the engine has no room for more.
bool Group::propose_batch(std::vector<Proposal>& batch) {
  std::vector<rhumb_entry_t> entries;
  entries.reserve(batch.size());
  for (const Proposal& proposal : batch)
    entries.push_back({0, 0, RHUMB_ENTRY_DATA, 0, slice(proposal.data)});
  rhumb_event_t event = make_event(RHUMB_EV_PROPOSE);
  event.entries = entries.data();
  event.entry_count = entries.size();
  const Engine::Outcome outcome =
      fenced_.ok() ? step(event) : Engine::Outcome{RHUMB_BUG, fenced_, {}};
  if (outcome.code == RHUMB_OK && fenced_.ok()) {
    uint64_t index = last_ - batch.size();
    for (Proposal& proposal : batch) accepted_.push_back({++index, std::move(proposal.done)});
    proposed_entries().add(static_cast<double>(batch.size()));
    return true;
  }
  if (outcome.code == RHUMB_BUSY && batch.size() > 1) {
    // The proposals are too large together, but the first ones may fit.
    const auto middle = batch.begin() + static_cast<ptrdiff_t>(batch.size() / 2);
    std::vector<Proposal> first(std::make_move_iterator(batch.begin()),
                                std::make_move_iterator(middle));
    std::vector<Proposal> second(std::make_move_iterator(middle),
                                 std::make_move_iterator(batch.end()));
    const bool room = propose_batch(first);
    return propose_batch(second) && room;
  }
  base::Status reason = outcome.code == RHUMB_NOT_LEADER ? not_leader() : outcome.status;
  if (!fenced_.ok()) reason = fenced_;
  for (Proposal& proposal : batch) proposal.done(reason);
  return outcome.code != RHUMB_BUSY;
}

void Group::read_index(GroupHost::Committed done) {
  if (!fenced_.ok()) return done(fenced_);
  if (engine_ == nullptr)
    return done(base::Status(base::Code::kUnavailable, "the group is being created"));
  if (reads_.size() >= base::limits::kMaxPendingReads ||
      confirming_.size() >= base::limits::kMaxPendingReads) {
    return done(base::Status(base::Code::kBusy, "too many reads of group " + std::to_string(id_) +
                                                    " wait for confirmation"));
  }
  reads_.push_back(std::move(done));
}

// All waiting reads share one confirmation.
void Group::flush_reads() {
  if (reads_.empty()) return;
  const uint64_t token = next_token_++;
  confirming_.emplace(token, std::exchange(reads_, {}));
  rhumb_event_t event = make_event(RHUMB_EV_READ_INDEX);
  event.number = token;
  const Engine::Outcome outcome = step(event);
  if (outcome.code == RHUMB_OK || !fenced_.ok()) return;
  const auto it = confirming_.find(token);
  std::vector<GroupHost::Committed> refused = std::move(it->second);
  confirming_.erase(it);
  if (outcome.code == RHUMB_BUSY && role_ == RHUMB_LEADER) {
    // A new leader: the reads wait until the first entry of its term is committed.
    reads_ = std::move(refused);
    return;
  }
  const base::Status reason = outcome.code == RHUMB_NOT_LEADER ? not_leader() : outcome.status;
  for (const auto& done : refused) done(reason);
}

void Group::answer_reads(const rhumb_effects_t& fx) {
  for (uint64_t i = 0; i < fx.read_count; ++i) {
    const rhumb_read_t& read = fx.reads[i];
    const auto it = confirming_.find(read.token);
    if (it == confirming_.end()) continue;  // failed in the meantime
    const std::vector<GroupHost::Committed> waiting = std::move(it->second);
    confirming_.erase(it);
    for (const auto& done : waiting) {
      if (read.status == RHUMB_OK) {
        done(read.index);
      } else {
        done(plugin::to_status(read.status, nullptr, "a read was not confirmed"));
      }
    }
  }
}

void Group::complete_committed() {
  while (!accepted_.empty() && accepted_.front().index <= commit_) {
    Accepted accepted = std::move(accepted_.front());
    accepted_.pop_front();
    accepted.done(accepted.index);
  }
}

void Group::fail_requests(const base::Status& reason) {
  for (Proposal& proposal : std::exchange(proposals_, {})) proposal.done(reason);
  for (Accepted& accepted : std::exchange(accepted_, {})) accepted.done(reason);
  for (const auto& done : std::exchange(reads_, {})) done(reason);
  for (const auto& [token, waiting] : std::exchange(confirming_, {})) {
    for (const auto& done : waiting) done(reason);
  }
}

void Group::transfer(uint64_t to, const Done& done) {
  if (!fenced_.ok()) return done(fenced_);
  if (engine_ == nullptr) return done({base::Code::kUnavailable, "the group is being created"});
  rhumb_event_t event = make_event(RHUMB_EV_TRANSFER);
  event.peer = to;
  done(step(event).status);
}

}  // namespace rhumb::consensus
