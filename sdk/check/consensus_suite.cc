// Conformance of consensus engines in the simplest setting: replicas in one thread, a network that
// loses nothing, and quick disks. This finds engines that do not follow rhumb/consensus.h. Failures
// are the subject of a simulator.
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rhumb/consensus.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/cpp/negotiate.h"
#include "sdk/check/check_host.h"
#include "sdk/check/report.h"
#include "sdk/check/suites.h"

namespace rhumb::check {
namespace {

constexpr uint64_t kTickNs = 100'000'000;
constexpr int kTicksMax = 400;  // by then a quiet cluster has elected a leader and committed

struct Entry {
  uint64_t index, term;
  uint32_t type;
  std::string data;
};
struct Packet {
  uint64_t from, to;
  std::string bytes;
};

struct ConsensusSubject {
  const rhumb_consensus_ops_t& ops;
  CheckHost& host;
  std::string config;
  uint64_t seed;
};

class Cluster;

// One replica and its disk in memory. It has the duties of the host that rhumb/consensus.h lists.
class Replica {
 public:
  Replica(Cluster& cluster, uint64_t id) : cluster_(cluster), id_(id) {}
  ~Replica() { stop(); }
  void start();
  void stop();
  rhumb_status_t propose(const std::string& data);
  rhumb_status_t read_index(uint64_t token);
  void campaign() { require_status(RHUMB_OK, step(event(RHUMB_EV_CAMPAIGN)), "campaign"); }
  void tick() { require_status(RHUMB_OK, step(event(RHUMB_EV_TICK)), "tick"); }
  void receive(const Packet& packet);
  bool persist_one();  // acknowledges one outstanding write, and returns false if there is none

  bool leads() const { return role_ == RHUMB_LEADER; }
  const std::vector<std::string>& applied() const { return applied_data_; }
  // Maps the token of each read to the applied index at which it was safe.
  const std::map<uint64_t, uint64_t>& reads() const { return reads_; }
  uint64_t term() const { return term_; }

 private:
  rhumb_event_t event(uint32_t type) const;
  rhumb_status_t step(const rhumb_event_t& event);
  void write(const rhumb_effects_t& fx);
  void apply(uint64_t to);

  Cluster& cluster_;
  const uint64_t id_;
  rhumb_consensus_t* self_ = nullptr;
  uint64_t incarnation_ = 0;
  // The disk:
  std::vector<Entry> log_;  // the entries from index 2 on
  uint64_t term_ = 1, voted_for_ = 0, commit_ = 1;
  // The state machine:
  uint64_t applied_ = 1;
  std::vector<std::string> applied_data_;
  // In memory:
  uint32_t role_ = RHUMB_FOLLOWER;
  std::deque<uint64_t> open_writes_;
  std::map<uint64_t, uint64_t> pending_reads_, reads_;
};

class Cluster {
 public:
  Cluster(const ConsensusSubject& s, uint64_t size) : subject(s) {
    for (uint64_t id = 1; id <= size; ++id) members.push_back({id, RHUMB_VOTER, 0});
    for (uint64_t id = 1; id <= size; ++id) {
      replicas.push_back(std::make_unique<Replica>(*this, id));
      replicas.back()->start();
    }
  }
  // Delivers messages and completes writes until there are no more.
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      while (!network.empty()) {
        const Packet packet = std::move(network.front());
        network.pop_front();
        trace += std::to_string(packet.from) + ">" + std::to_string(packet.to) + ":" +
                 std::to_string(packet.bytes.size()) + " ";
        replicas[packet.to - 1]->receive(packet);
        moved = true;
      }
      for (const auto& replica : replicas) moved = replica->persist_one() || moved;
    }
  }
  void run_until(const std::function<bool()>& done, const std::string& what) {
    for (int i = 0; i < kTicksMax; ++i) {
      settle();
      if (done()) return;
      now_ns += kTickNs;
      for (const auto& replica : replicas) replica->tick();
    }
    throw Failed(what + ": not within " + std::to_string(kTicksMax) + " ticks");
  }
  Replica* leader() {
    Replica* found = nullptr;
    for (const auto& replica : replicas) {
      if (!replica->leads()) continue;
      require(found == nullptr || found->term() != replica->term(), "two leaders in one term");
      if (found == nullptr || replica->term() > found->term()) found = replica.get();
    }
    return found;
  }

  const ConsensusSubject& subject;
  uint64_t now_ns = 1;
  std::vector<rhumb_member_t> members;
  std::vector<std::unique_ptr<Replica>> replicas;
  std::deque<Packet> network;
  std::string trace;  // sender, receiver and size of each message; equal seeds give equal traces
};

rhumb_event_t Replica::event(uint32_t type) const {
  rhumb_event_t ev{};
  ev.struct_size = sizeof ev;
  ev.type = type;
  ev.now_ns = cluster_.now_ns;
  return ev;
}

void Replica::start() {
  const rhumb_open_t base{sizeof base, 0, slice(cluster_.subject.config), {nullptr, 0}, nullptr};
  rhumb_consensus_open_t open{};
  open.struct_size = sizeof open;
  open.id = id_;
  open.seed = cluster_.subject.seed + id_;
  open.election_ticks = 10;
  open.heartbeat_ticks = 2;
  open.max_message_bytes = 1 << 20;
  open.max_inflight_messages = 64;
  open.max_uncommitted_bytes = 1 << 20;
  open.cache_bytes = 1 << 20;
  open.base = &base;
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  require_status(RHUMB_OK,
                 cluster_.subject.ops.open(cluster_.subject.host.raw(), &open, &self_, &error),
                 "open", &error);
  std::vector<rhumb_entry_t> entries;
  for (const Entry& e : log_) entries.push_back({e.index, e.term, e.type, 0, slice(e.data)});
  rhumb_start_t start{};
  start.struct_size = sizeof start;
  start.term = term_;
  start.voted_for = voted_for_;
  start.commit = commit_;
  start.first_index = 2;
  start.base_term = 1;
  start.applied = applied_;
  start.incarnation = ++incarnation_ * 1000 + id_;
  rhumb_event_t ev = event(RHUMB_EV_START);
  ev.start = &start;
  ev.entries = entries.data();
  ev.entry_count = entries.size();
  ev.members = cluster_.members.data();
  ev.member_count = cluster_.members.size();
  require_status(RHUMB_OK, step(ev), "start");
  ev = event(RHUMB_EV_SNAPSHOT);
  ev.index = 1;
  ev.term = 1;
  ev.number = 1;
  ev.bytes = slice("manifest");
  ev.members = cluster_.members.data();
  ev.member_count = cluster_.members.size();
  require_status(RHUMB_OK, step(ev), "snapshot");
}

void Replica::stop() {
  if (self_ != nullptr) cluster_.subject.ops.close(self_);
  self_ = nullptr;
  role_ = RHUMB_FOLLOWER;
  open_writes_.clear();
  pending_reads_.clear();
}

rhumb_status_t Replica::propose(const std::string& data) {
  const rhumb_entry_t entry{0, 0, RHUMB_ENTRY_DATA, 0, slice(data)};
  rhumb_event_t ev = event(RHUMB_EV_PROPOSE);
  ev.entries = &entry;
  ev.entry_count = 1;
  return step(ev);
}

rhumb_status_t Replica::read_index(uint64_t token) {
  rhumb_event_t ev = event(RHUMB_EV_READ_INDEX);
  ev.number = token;
  return step(ev);
}

void Replica::receive(const Packet& packet) {
  rhumb_event_t ev = event(RHUMB_EV_RECEIVE);
  ev.peer = packet.from;
  ev.bytes = slice(packet.bytes);
  require_status(RHUMB_OK, step(ev), "receive");
}

bool Replica::persist_one() {
  if (open_writes_.empty()) return false;
  rhumb_event_t ev = event(RHUMB_EV_PERSISTED);
  ev.number = open_writes_.front();
  open_writes_.pop_front();
  require_status(RHUMB_OK, step(ev), "persisted");
  return true;
}

rhumb_status_t Replica::step(const rhumb_event_t& ev) {
  rhumb_effects_t fx{};
  fx.struct_size = sizeof fx;
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  const rhumb_status_t status = cluster_.subject.ops.step(self_, &ev, &fx, &error);
  if (status == RHUMB_NOT_LEADER || status == RHUMB_BUSY || status == RHUMB_INVALID) return status;
  require_status(RHUMB_OK, status, "step(" + std::to_string(ev.type) + ")", &error);
  role_ = fx.role;
  if (fx.number != 0) write(fx);
  for (uint64_t i = 0; i < fx.message_count; ++i) {
    const rhumb_message_t& m = fx.messages[i];
    require(m.peer >= 1 && m.peer <= cluster_.replicas.size() && m.peer != id_,
            "a message to nobody");
    require((m.flags & RHUMB_MSG_SNAPSHOT) == 0, "a snapshot is sent where the whole log is there");
    cluster_.network.push_back({id_, m.peer, std::string(view(m.bytes))});
  }
  for (uint64_t i = 0; i < fx.read_count; ++i) {
    require_status(RHUMB_OK, fx.reads[i].status, "a read");
    pending_reads_[fx.reads[i].token] = fx.reads[i].index;
  }
  require_equal(uint64_t{0}, fx.fetch_count, "entries asked for that fit the cache");
  const uint64_t to = fx.apply_to;  // the effects are borrowed until the next step
  if (to > applied_) apply(to);
  for (auto at = pending_reads_.begin(); at != pending_reads_.end();) {
    if (at->second > applied_) {
      ++at;
      continue;
    }
    reads_[at->first] = applied_;
    at = pending_reads_.erase(at);
  }
  return RHUMB_OK;
}

void Replica::write(const rhumb_effects_t& fx) {
  require((fx.changed & RHUMB_FX_INSTALL) == 0, "an install where nobody sent a snapshot");
  require(fx.term >= term_, "a term went back");
  term_ = fx.term;
  voted_for_ = fx.voted_for;
  commit_ = fx.commit_index;
  if (fx.truncate_from != 0) {
    require(fx.truncate_from > applied_, "applied entries are truncated");
    std::erase_if(log_, [&](const Entry& e) { return e.index >= fx.truncate_from; });
  }
  for (uint64_t i = 0; i < fx.entry_count; ++i) {
    const rhumb_entry_t& e = fx.entries[i];
    require_equal(log_.size() + 2, e.index, "the next index to write");
    log_.push_back({e.index, e.term, e.type, std::string(view(e.data))});
  }
  require(open_writes_.empty() || open_writes_.back() < fx.number, "numbers of writes rise");
  open_writes_.push_back(fx.number);
}

void Replica::apply(uint64_t to) {
  require(to <= log_.size() + 1, "apply_to is beyond the log");
  for (; applied_ < to; ++applied_) {
    const Entry& e = log_[applied_ - 1];  // index applied_ + 1
    if (e.type == RHUMB_ENTRY_DATA) applied_data_.push_back(e.data);
  }
  rhumb_event_t ev = event(RHUMB_EV_APPLIED);
  ev.index = to;
  require_status(RHUMB_OK, step(ev), "applied");
}

std::vector<std::string> propose_some(Cluster& cluster, int first, int count) {
  std::vector<std::string> out;
  for (int i = first; i < first + count; ++i) {
    out.push_back("entry " + std::to_string(i));
    Replica* leader = cluster.leader();
    require(leader != nullptr, "no leader to propose to");
    require_status(RHUMB_OK, leader->propose(out.back()), "propose");
    cluster.settle();
  }
  return out;
}

bool all_applied(const Cluster& cluster, size_t count) {
  for (const auto& replica : cluster.replicas) {
    if (replica->applied().size() != count) return false;
  }
  return true;
}

void alone(const ConsensusSubject& s) {
  Cluster cluster(s, 1);
  Replica& only = *cluster.replicas[0];
  only.campaign();
  cluster.settle();
  require(only.leads(), "a sole voter leads once it has campaigned");
  const auto expected = propose_some(cluster, 0, 20);
  require(only.applied() == expected, "what was proposed is applied, in order");
  require_status(RHUMB_OK, only.read_index(77), "read_index");
  cluster.settle();
  require(only.reads().contains(77), "a read completes");
}

void three(const ConsensusSubject& s) {
  Cluster cluster(s, 3);
  cluster.run_until([&] { return cluster.leader() != nullptr; }, "an election");
  auto expected = propose_some(cluster, 0, 30);
  cluster.run_until([&] { return all_applied(cluster, expected.size()); },
                    "entries on all replicas");
  for (const auto& replica : cluster.replicas) {
    require(replica->applied() == expected, "replicas apply the same in the same order");
    if (!replica->leads())
      require_status(RHUMB_NOT_LEADER, replica->propose("refused"), "a follower's proposal");
  }
  require_status(RHUMB_OK, cluster.leader()->read_index(5), "read_index");
  Replica& leader = *cluster.leader();
  cluster.run_until([&] { return leader.reads().contains(5); }, "a linearizable read");
}

void restart(const ConsensusSubject& s) {
  Cluster cluster(s, 3);
  cluster.run_until([&] { return cluster.leader() != nullptr; }, "an election");
  auto expected = propose_some(cluster, 0, 10);
  cluster.run_until([&] { return all_applied(cluster, expected.size()); },
                    "entries on all replicas");
  cluster.network.clear();
  for (const auto& replica : cluster.replicas) {  // all stop at once, so only the disks remain
    replica->stop();
    replica->start();
  }
  cluster.run_until([&] { return cluster.leader() != nullptr; }, "an election after a restart");
  for (const std::string& more : propose_some(cluster, 10, 10)) expected.push_back(more);
  cluster.run_until([&] { return all_applied(cluster, expected.size()); },
                    "entries on all replicas after a restart");
  for (const auto& replica : cluster.replicas)
    require(replica->applied() == expected, "nothing is lost or applied twice");
}

void deterministic(const ConsensusSubject& s) {
  std::string traces[2];
  for (std::string& trace : traces) {
    Cluster cluster(s, 3);
    cluster.run_until([&] { return cluster.leader() != nullptr; }, "an election");
    propose_some(cluster, 0, 20);
    trace = cluster.trace;
  }
  require(!traces[0].empty() && traces[0] == traces[1],
          "two runs of one seed and the same events differ");
}

}  // namespace

int check_consensus(const Subject& subject) {
  const auto ops = normalise<rhumb_consensus_ops_t>(subject.factory->ops);
  CheckHost host;
  const ConsensusSubject s{ops, host, subject.config_json, subject.seed};
  Report report(std::string("consensus/") + subject.factory->id);
  report.run("one replica alone", [&] { alone(s); });
  report.run("three replicas elect, replicate and read", [&] { three(s); });
  report.run("three replicas go on after a restart", [&] { restart(s); });
  report.run("gives the same history for the same seed", [&] { deterministic(s); });
  return report.failures();
}

}  // namespace rhumb::check
