#include "tests/plugins/consensus_raft/lab.h"

#include <algorithm>

namespace rhumb::consensus_raft {

using sim::make_event;
using sim::slice_of;

Replica::Replica(Lab& lab, uint64_t number, sim::Stored initial)
    : id(number), machine(initial.checkpoint), lab_(lab), disk_(initial, false) {}

void Replica::start(std::optional<sim::Image> kept) {
  if (kept) machine = *kept;
  sim::EngineConfig config = lab_.config;
  config.id = id;
  config.seed = kSeed + id;
  engine_ = std::make_unique<sim::Engine>(lab_.ops, config);
  ASSERT_EQ(engine_->opened().status, RHUMB_OK) << engine_->opened().text;
  const sim::Stored& stored = disk_.durable();
  std::vector<rhumb_entry_t> entries;
  for (const sim::Entry& e : stored.log)
    entries.push_back({e.index, e.term, e.type, 0, slice_of(*e.data)});
  rhumb_start_t start{};
  start.struct_size = sizeof start;
  start.joint_auto_leave = machine.membership.auto_leave ? 1 : 0;
  start.term = stored.term;
  start.voted_for = stored.voted_for;
  start.commit = stored.commit;
  start.first_index = stored.base_index + 1;
  start.base_term = stored.base_term;
  start.applied = machine.index;
  start.incarnation = ++lab_.incarnations;
  rhumb_event_t event = make_event(RHUMB_EV_START);
  event.start = &start;
  event.entries = entries.data();
  event.entry_count = entries.size();
  event.members = machine.membership.members.data();
  event.member_count = machine.membership.members.size();
  members_now_ = machine.membership;
  ASSERT_EQ(step(event), RHUMB_OK) << refusal;
  if (machine.index > 0) {
    ASSERT_EQ(tell_snapshot(stored.base_index), RHUMB_OK) << refusal;
  }
}

void Replica::crash() {
  engine_.reset();
  open.clear();
  reads.clear();
  fetches.clear();
  role = RHUMB_FOLLOWER;
}

rhumb_status_t Replica::step(const rhumb_event_t& event) {
  const sim::Outcome outcome = engine_->step(event);
  refusal = outcome.text;
  if (outcome.status != RHUMB_OK) return outcome.status;
  carry_out(outcome.effects);
  if (auto_persist && !open.empty()) return persist();
  if (auto_apply && apply_to > machine.index) return apply();
  return RHUMB_OK;
}

void Replica::carry_out(const rhumb_effects_t& fx) {
  role = fx.role;
  term = fx.term;
  leader = fx.leader;
  commit = fx.commit_index;
  last = fx.last_index;
  apply_to = fx.apply_to;
  if ((fx.changed & RHUMB_FX_MEMBERS) != 0) members_now_ = sim::membership_of(fx);
  if ((fx.changed & RHUMB_FX_NEED_SNAPSHOT) != 0) ++snapshots_asked;
  if (fx.number != 0) {
    sim::Write write{fx.number,        fx.term, fx.voted_for, fx.commit_index, std::nullopt,
                     fx.truncate_from, {}};
    if ((fx.changed & RHUMB_FX_INSTALL) != 0)
      write.install = sim::Image::from_manifest(
          {static_cast<const char*>(fx.install_manifest.data), fx.install_manifest.size});
    for (uint64_t i = 0; i < fx.entry_count; ++i) {
      const rhumb_entry_t& e = fx.entries[i];
      write.entries.push_back(
          {e.index, e.term, e.type,
           std::make_shared<std::string>(static_cast<const char*>(e.data.data), e.data.size)});
    }
    open.push_back(std::move(write));
  }
  for (uint64_t i = 0; i < fx.message_count; ++i) {
    const rhumb_message_t& m = fx.messages[i];
    lab_.network.push_back(
        {id, m.peer, m.flags, std::string(static_cast<const char*>(m.bytes.data), m.bytes.size)});
  }
  reads.insert(reads.end(), fx.reads, fx.reads + fx.read_count);
  fetches.insert(fetches.end(), fx.fetches, fx.fetches + fx.fetch_count);
}

rhumb_status_t Replica::persist(size_t writes) {
  rhumb_event_t event = make_event(RHUMB_EV_PERSISTED);
  std::optional<sim::Image> installed;
  for (; writes > 0 && !open.empty(); --writes) {
    event.number = open.front().number;
    if (open.front().install) installed = open.front().install;
    disk_.enqueue(std::move(open.front()));
    open.pop_front();
  }
  disk_.begin_flush();
  disk_.end_flush();
  if (installed) machine = *installed;
  const rhumb_status_t status = step(event);
  return status == RHUMB_OK && installed ? tell_snapshot(machine.index) : status;
}

rhumb_status_t Replica::apply() {
  const uint64_t to = apply_to;
  rhumb_event_t event = make_event(RHUMB_EV_APPLIED);
  event.index = to;
  machine.index = to;
  machine.term = disk_.view().term_at(to);
  // The membership belongs to the state that comes with it, so it is taken before the effects of
  // the step are applied.
  const sim::Outcome outcome = engine_->step(event);
  refusal = outcome.text;
  if (outcome.status != RHUMB_OK) return outcome.status;
  carry_out(outcome.effects);
  machine.membership = members_now_;
  if (auto_persist && !open.empty()) return persist();
  return auto_apply && apply_to > machine.index ? apply() : RHUMB_OK;
}

rhumb_status_t Replica::tell_snapshot(uint64_t gone) {
  const std::string manifest = machine.to_manifest();
  rhumb_event_t event = make_event(RHUMB_EV_SNAPSHOT);
  event.index = machine.index;
  event.term = machine.term;
  event.number = gone;
  event.flags = machine.membership.auto_leave ? 1 : 0;
  event.bytes = slice_of(manifest);
  event.members = machine.membership.members.data();
  event.member_count = machine.membership.members.size();
  return step(event);
}

rhumb_status_t Replica::snapshot() {
  disk_.save_checkpoint(machine);
  disk_.release(machine.index);
  return tell_snapshot(machine.index);
}

rhumb_status_t Replica::tick(int n) {
  rhumb_status_t status = RHUMB_OK;
  for (int i = 0; i < n && status == RHUMB_OK; ++i) status = step(make_event(RHUMB_EV_TICK));
  return status;
}

rhumb_status_t Replica::propose(const std::string& data) {
  const rhumb_entry_t entry{0, 0, RHUMB_ENTRY_DATA, 0, slice_of(data)};
  rhumb_event_t event = make_event(RHUMB_EV_PROPOSE);
  event.entries = &entry;
  event.entry_count = 1;
  return step(event);
}

rhumb_status_t Replica::change(const std::vector<rhumb_member_t>& changes, bool leader_may_leave) {
  rhumb_event_t event = make_event(RHUMB_EV_PROPOSE_MEMBERS);
  event.members = changes.data();
  event.member_count = changes.size();
  event.flags = leader_may_leave ? 1 : 0;
  return step(event);
}

rhumb_status_t Replica::read(uint64_t token) {
  rhumb_event_t event = make_event(RHUMB_EV_READ_INDEX);
  event.number = token;
  return step(event);
}

rhumb_status_t Replica::transfer(uint64_t to) {
  rhumb_event_t event = make_event(RHUMB_EV_TRANSFER);
  event.peer = to;
  return step(event);
}

rhumb_status_t Replica::receive(uint64_t sender, const std::string& frame) {
  rhumb_event_t event = make_event(RHUMB_EV_RECEIVE);
  event.peer = sender;
  event.bytes = slice_of(frame);
  return step(event);
}

rhumb_status_t Replica::fetched(const rhumb_fetch_t& wanted) {
  std::vector<rhumb_entry_t> entries;
  for (uint64_t index = wanted.low; index < wanted.high; ++index) {
    const sim::Entry* e = disk_.durable().find(index);
    if (e != nullptr) entries.push_back({e->index, e->term, e->type, 0, slice_of(*e->data)});
  }
  rhumb_event_t event = make_event(RHUMB_EV_FETCHED);
  event.number = wanted.ticket;
  event.peer = wanted.peer;
  event.entries = entries.data();
  event.entry_count = entries.size();
  return step(event);
}

Lab::Lab(std::vector<rhumb_member_t> members, const std::string& so) {
  config.max_message_bytes = 1 << 20;
  config.cache_bytes = 1 << 20;
  const auto loaded = sim::load_engine(so);
  EXPECT_TRUE(loaded.ok()) << loaded.status().to_string();
  ops = *loaded;
  sim::Stored first;
  first.term = first.base_term = first.base_index = first.commit = 1;
  first.checkpoint = {1, 1, 0, {members, false}};
  for (const rhumb_member_t& member : members)
    replicas_[member.id] = std::make_unique<Replica>(*this, member.id, first);
}

Replica& Lab::join(uint64_t id) {
  replicas_[id] = std::make_unique<Replica>(*this, id, sim::Stored{});
  replicas_[id]->start();
  return *replicas_[id];
}

std::vector<Packet> Lab::take(const std::function<bool(const Packet&)>& which) {
  std::vector<Packet> taken;
  std::deque<Packet> left;
  for (Packet& packet : network) {
    if (which(packet))
      taken.push_back(std::move(packet));
    else
      left.push_back(std::move(packet));
  }
  network = std::move(left);
  return taken;
}

rhumb_status_t Lab::deliver(const Packet& packet) {
  const auto to = replicas_.find(packet.to);
  if (to == replicas_.end() || !to->second->running()) return RHUMB_OK;
  const rhumb_status_t status = to->second->receive(packet.from, packet.frame);
  if ((packet.flags & RHUMB_MSG_SNAPSHOT) != 0) {
    rhumb_event_t event = make_event(RHUMB_EV_SNAPSHOT_SENT);
    event.peer = packet.to;
    event.flags = status == RHUMB_OK ? 1 : 0;
    replicas_.at(packet.from)->step(event);
  }
  return status;
}

void Lab::settle(const std::function<bool(const Packet&)>& lost) {
  constexpr int kPacketsMax = 100'000;  // more packets mean that the group does not come to rest
  for (int i = 0; !network.empty(); ++i) {
    ASSERT_LT(i, kPacketsMax);
    const Packet packet = std::move(network.front());
    network.pop_front();
    if (lost && lost(packet)) continue;
    ASSERT_EQ(deliver(packet), RHUMB_OK) << (*this)[packet.to].refusal;
  }
}

void Lab::elect(uint64_t id) {
  ASSERT_EQ((*this)[id].campaign(), RHUMB_OK) << (*this)[id].refusal;
  settle();
  ASSERT_TRUE((*this)[id].leads());
}

void Lab::succeed(uint64_t id) {
  constexpr int kTicksMax = 20 * kElectionTicks;
  for (int i = 0; i < kTicksMax && !(*this)[id].leads(); ++i) {
    for (auto& [other, replica] : replicas_) {
      if (!replica->running()) continue;
      ASSERT_EQ(replica->tick(), RHUMB_OK) << replica->refusal;
      if (other != id && replica->leads()) replica->transfer(id);
    }
    settle();
  }
  ASSERT_TRUE((*this)[id].leads());
}

void begin(Lab& lab, uint64_t n) {
  for (uint64_t id = 1; id <= n; ++id) lab[id].start();
  lab.elect(1);
}

std::vector<rhumb_member_t> voters(uint64_t n) {
  std::vector<rhumb_member_t> members;
  for (uint64_t id = 1; id <= n; ++id) members.push_back({id, RHUMB_VOTER, 0});
  return members;
}

void FrameWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) body_ += static_cast<char>(value | 0x80);
  body_ += static_cast<char>(value);
}

FrameWriter& FrameWriter::number(uint32_t field, uint64_t value) {
  varint(field << 3);
  varint(value);
  return *this;
}

FrameWriter& FrameWriter::bytes(uint32_t field, const std::string& value) {
  varint(field << 3 | 2);
  varint(value.size());
  body_ += value;
  return *this;
}

namespace {

// Calls `see(field, bytes)` for each length-delimited field.
void each_bytes_field(const std::string& frame,
                      const std::function<void(uint32_t, std::string_view)>& see) {
  size_t at = 1;
  const auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0; at < frame.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(frame[at++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < frame.size()) {
    const uint64_t key = varint(), value = varint();
    if ((key & 7) != 2) continue;
    see(static_cast<uint32_t>(key >> 3), std::string_view(frame).substr(at, value));
    at += value;
  }
}

}  // namespace

std::string bytes_field(const std::string& frame, uint32_t field) {
  std::string found;
  each_bytes_field(frame, [&](uint32_t f, std::string_view bytes) {
    if (f == field) found = bytes;
  });
  return found;
}

uint64_t count_field(const std::string& frame, uint32_t field) {
  uint64_t count = 0;
  each_bytes_field(frame, [&](uint32_t f, std::string_view) { count += f == field ? 1 : 0; });
  return count;
}

}  // namespace rhumb::consensus_raft
