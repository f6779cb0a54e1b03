#include "tests/sim/checker.h"

namespace rhumb::sim {

namespace {

std::string entry_name(uint64_t index, uint64_t term) {
  return "entry " + std::to_string(index) + " of term " + std::to_string(term);
}

std::string replica_name(uint64_t replica) { return "replica " + std::to_string(replica); }

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  steps += other.steps;
  elections += other.elections;
  installs += other.installs;
  membership_changes += other.membership_changes;
  lost_writes += other.lost_writes;
  reads += other.reads;
  entries += other.entries;
  crashes += other.crashes;
  fetches += other.fetches;
  transfers += other.transfers;
  snapshots_sent += other.snapshots_sent;
  acknowledged += other.acknowledged;
  pauses += other.pauses;
  return *this;
}

std::string Tally::to_string() const {
  auto item = [](const char* name, uint64_t value) {
    return std::string(name) + " " + std::to_string(value) + ", ";
  };
  return item("steps", steps) + item("elections", elections) + item("installs", installs) +
         item("membership changes", membership_changes) + item("lost writes", lost_writes) +
         item("reads", reads) + item("entries", entries) + item("acknowledged", acknowledged) +
         item("crashes", crashes) + item("pauses", pauses) + item("fetches", fetches) +
         item("snapshots sent", snapshots_sent) + "transfers " + std::to_string(transfers);
}

void Checker::fail(std::string what) {
  if (violation_.empty()) violation_ = std::move(what);
}

void Checker::trace(uint64_t a, uint64_t b, uint64_t c) {
  const uint64_t words[3] = {a, b, c};
  trace_hash_ = hash_bytes({reinterpret_cast<const char*>(words), sizeof words}, trace_hash_);
}

void Checker::sent(const Glance& message) {
  uint64_t candidate = 0;
  if (message.type == kRequestVote) candidate = message.from;
  if (message.type == kRequestVoteResponse && !message.reject) candidate = message.to;
  if (candidate == 0) return;
  auto [vote, first] = votes_.emplace(std::pair{message.from, message.term}, candidate);
  if (!first && vote->second != candidate) {
    fail(replica_name(message.from) + " votes in term " + std::to_string(message.term) + " for " +
         std::to_string(candidate) + " after " + std::to_string(vote->second));
  }
}

void Checker::wrote(uint64_t replica, const Entry& entry, uint64_t previous_term) {
  const Fact fact{previous_term, hash_bytes(*entry.data, entry.type)};
  auto [known, first] = facts_.emplace(std::pair{entry.index, entry.term}, fact);
  if (!first && known->second != fact) {
    fail("log matching: " + replica_name(replica) + " writes another " +
         entry_name(entry.index, entry.term));
  }
}

void Checker::leads(uint64_t replica, uint64_t term, uint64_t base_index, uint64_t last_index,
                    const std::function<uint64_t(uint64_t)>& term_at) {
  auto [leader, first] = leaders_.emplace(term, replica);
  if (!first && leader->second != replica) {
    fail("two leaders in term " + std::to_string(term) + ": " + std::to_string(leader->second) +
         " and " + std::to_string(replica));
    return;
  }
  for (auto commit = commits_.upper_bound(base_index); commit != commits_.end(); ++commit) {
    if (commit->second.leader_term >= term) continue;
    if (commit->first > last_index || term_at(commit->first) != commit->second.term) {
      fail("leader completeness: " + replica_name(replica) + " leads term " + std::to_string(term) +
           " without " + entry_name(commit->first, commit->second.term));
      return;
    }
  }
}

void Checker::committed_by_leader(
    uint64_t replica, uint64_t term, uint64_t commit,
    const std::function<uint64_t(uint64_t)>& term_at,
    const std::function<bool(uint64_t index, uint64_t term)>& durable_on_majority) {
  const uint64_t before = commits_.empty() ? 0 : commits_.rbegin()->first;
  if (commit <= before) return;
  const uint64_t commit_term = term_at(commit);
  if (!durable_on_majority(commit, commit_term)) {
    fail("commit: " + replica_name(replica) + " commits " + entry_name(commit, commit_term) +
         " in term " + std::to_string(term) + ", but it is not durable on a majority");
    return;
  }
  for (uint64_t index = before + 1; index <= commit; ++index) {
    const uint64_t entry_term = term_at(index);
    if (entry_term != 0) commits_.emplace(index, Commit{entry_term, term});
  }
}

void Checker::applied(uint64_t replica, const Entry& entry, uint64_t hash) {
  auto [known, first] = applied_.emplace(entry.index, Applied{entry.term, hash});
  if (first) {
    ++tally_.entries;
  } else if (known->second.term != entry.term || known->second.hash != hash) {
    fail("divergence: " + replica_name(replica) + " applies " +
         entry_name(entry.index, entry.term) + " where term " + std::to_string(known->second.term) +
         " was applied");
  }
}

void Checker::installed(uint64_t replica, const Image& image) {
  ++tally_.installs;
  auto known = applied_.find(image.index);
  if (known != applied_.end() &&
      (known->second.term != image.term || known->second.hash != image.hash)) {
    fail("divergence: " + replica_name(replica) + " installs another image at " +
         std::to_string(image.index));
  }
}

void Checker::acknowledged(uint64_t index) {
  ++tally_.acknowledged;
  if (index > read_floor_) read_floor_ = index;
}

void Checker::read_done(uint64_t replica, uint64_t floor, uint64_t read_index, uint64_t applied) {
  ++tally_.reads;
  if (read_index < floor || applied < read_index) {
    fail("stale read: " + replica_name(replica) + " reads at " + std::to_string(read_index) +
         " (applied " + std::to_string(applied) + "), but " + std::to_string(floor) +
         " was acknowledged or read before");
  }
  if (applied > read_floor_) read_floor_ = applied;
}

}  // namespace rhumb::sim
