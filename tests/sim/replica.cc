#include "tests/sim/replica.h"

#include <algorithm>
#include <utility>

namespace rhumb::sim {

Replica::Replica(World& world, uint64_t id, Stored initial)
    : world_(world),
      id_(id),
      disk_(initial, world.plan().plant == Plant::kTruncationIgnored),
      machine_(initial.checkpoint),
      tick_us_(world.plan().tick_us * world.random().between(90, 110) / 100) {}

bool Replica::holds_durably(uint64_t index, uint64_t term) const {
  const Stored& stored = disk_.durable();
  return stored.base_index >= index || stored.term_at(index) == term;
}

void Replica::later(Microseconds delay_us, std::function<void()> action) {
  world_.agenda().after(delay_us, [this, incarnation = incarnation_, action = std::move(action)] {
    when_awake(incarnation, action);
  });
}

void Replica::when_awake(uint64_t incarnation, std::function<void()> action) {
  if (incarnation != incarnation_ || !running()) return;
  if (paused_) {
    deferred_.push_back(std::move(action));
  } else {
    action();
  }
}

void Replica::start() {
  ++incarnation_;
  EngineConfig config = world_.plan().engine;
  config.id = id_;
  config.seed = world_.random().next();
  engine_ = std::make_unique<Engine>(world_.ops(), config);
  if (engine_->opened().status != RHUMB_OK) {
    world_.checker().fail("open: " + engine_->opened().text);
    return;
  }
  const Stored& stored = disk_.durable();
  const Image& image = machine_.now();
  std::vector<rhumb_entry_t> entries;
  for (const Entry& entry : stored.log) {
    // Payloads may be missing, but a membership change that is still to be applied needs its
    // payload.
    const bool given = entry.type == RHUMB_ENTRY_MEMBERS || world_.random().chance(300);
    entries.push_back({entry.index,
                       entry.term,
                       entry.type,
                       0,
                       {given ? entry.data->data() : nullptr, entry.data->size()}});
  }
  rhumb_start_t start{};
  start.struct_size = sizeof start;
  start.joint_auto_leave = image.membership.auto_leave ? 1 : 0;
  start.term = stored.term;
  start.voted_for = world_.plan().plant == Plant::kVoteForgotten ? 0 : stored.voted_for;
  start.commit = stored.commit;
  start.first_index = stored.base_index + 1;
  start.base_term = stored.base_term;
  start.applied = image.index;
  start.incarnation = world_.next_incarnation();
  rhumb_event_t event = make_event(RHUMB_EV_START);
  event.start = &start;
  event.entries = entries.data();
  event.entry_count = entries.size();
  event.members = image.membership.members.data();
  event.member_count = image.membership.members.size();
  engine_membership_ = image.membership;
  if (step(event, {}) != RHUMB_OK) return;
  if (stored.checkpoint.index > 0) tell_snapshot(stored.checkpoint, stored.base_index);
  tick_later();
}

void Replica::crash() {
  engine_.reset();
  world_.checker().tally().lost_writes += disk_.power_cut(world_.random());
  machine_.power_cut(disk_.durable().checkpoint, world_.random());
  state_ = {};
  apply_to_ = 0;
  paused_ = flushing_ = installing_ = apply_pending_ = checkpoint_pending_ = false;
  deferred_.clear();
  reads_.clear();
  proposed_.clear();
}

void Replica::pause() {
  if (running()) paused_ = true;
}

void Replica::resume(bool read_first) {
  if (!paused_) return;
  paused_ = false;
  if (read_first && leads()) read();
  std::deque<std::function<void()>> missed = std::exchange(deferred_, {});
  const uint64_t incarnation = incarnation_;
  for (auto& action : missed) when_awake(incarnation, std::move(action));
}

void Replica::tick_later() {
  later(tick_us_, [this] {
    tick_later();
    step(make_event(RHUMB_EV_TICK), {});
  });
}

rhumb_status_t Replica::step(const rhumb_event_t& event,
                             std::initializer_list<rhumb_status_t> allowed) {
  Checker& checker = world_.checker();
  if (checker.failed()) return RHUMB_BUG;
  ++checker.tally().steps;
  rhumb_event_t stamped = event;
  stamped.now_ns = world_.agenda().now_us() * 1000;
  const Outcome outcome = engine_->step(stamped);
  checker.trace(id_ << 8 | event.type, static_cast<uint64_t>(outcome.status),
                world_.agenda().now_us());
  if (outcome.status != RHUMB_OK) {
    if (std::find(allowed.begin(), allowed.end(), outcome.status) == allowed.end()) {
      checker.fail("replica " + std::to_string(id_) + ": event " + std::to_string(event.type) +
                   " returns " + std::to_string(outcome.status) + ": " + outcome.text);
    }
    return outcome.status;
  }
  carry_out(outcome.effects, event.type == RHUMB_EV_APPLIED);
  return RHUMB_OK;
}

void Replica::carry_out(const rhumb_effects_t& fx, bool by_applied) {
  world_.checker().trace(fx.term << 3 | fx.role, fx.commit_index,
                         fx.last_index << 20 ^ fx.message_count);
  if (fx.changed & RHUMB_FX_MEMBERS) {
    engine_membership_ = membership_of(fx);
    ++world_.checker().tally().membership_changes;
    // Stored together with the applied index that it belongs to. An installed image brings its own.
    if (by_applied) machine_.set_membership(engine_membership_);
  }
  if (fx.number != 0) write(fx);
  check(fx);
  send(fx);
  answer_reads(fx);
  for (uint64_t i = 0; i < fx.fetch_count; ++i) fetch(fx.fetches[i]);
  if (fx.changed & RHUMB_FX_NEED_SNAPSHOT) checkpoint_soon();
  apply_to_ = fx.apply_to;
  apply_soon();
}

// Checks what the engine says about itself, after the write is queued and before any message
// leaves.
void Replica::check(const rhumb_effects_t& fx) {
  Checker& checker = world_.checker();
  const Stored& view = disk_.view();
  auto term_at = [&view](uint64_t index) { return view.term_at(index); };
  const bool elected =
      fx.role == RHUMB_LEADER && (state_.role != RHUMB_LEADER || state_.term != fx.term);
  if (elected) {
    ++checker.tally().elections;
    checker.leads(id_, fx.term, view.base_index, view.last_index(), term_at);
    world_.say("replica " + std::to_string(id_) + " leads term " + std::to_string(fx.term));
  }
  if (fx.last_index != view.last_index()) {
    checker.fail("replica " + std::to_string(id_) + ": the engine's log ends at " +
                 std::to_string(fx.last_index) + ", the host's at " +
                 std::to_string(view.last_index()));
  }
  if (fx.commit_index < state_.commit)
    checker.fail("replica " + std::to_string(id_) + ": commit index moves back");
  if (fx.role == RHUMB_LEADER) {
    const Membership& members = engine_membership_;
    checker.committed_by_leader(
        id_, fx.term, fx.commit_index, term_at, [&](uint64_t index, uint64_t term) {
          return members.majority([&](uint64_t member) {
            const Replica* replica = world_.find(member);
            return replica != nullptr && replica->holds_durably(index, term);
          });
        });
  }
  state_ = {id_, fx.term, fx.commit_index, fx.leader, fx.last_index, fx.role};
}

void Replica::write(const rhumb_effects_t& fx) {
  Write write;
  write.number = fx.number;
  write.term = fx.term;
  write.voted_for = fx.voted_for;
  write.commit = fx.commit_index;
  write.truncate_from = fx.truncate_from;
  if (fx.changed & RHUMB_FX_INSTALL) {
    const auto& manifest = fx.install_manifest;
    write.install = Image::from_manifest({static_cast<const char*>(manifest.data), manifest.size});
    if (!write.install || write.install->index != fx.install_index ||
        write.install->term != fx.install_term) {
      world_.checker().fail("an installed manifest is not the one that was sent");
      return;
    }
    installing_ = true;
    world_.say("replica " + std::to_string(id_) + " installs " + std::to_string(fx.install_index));
  }
  for (uint64_t i = 0; i < fx.entry_count; ++i) {
    const rhumb_entry_t& entry = fx.entries[i];
    write.entries.push_back({entry.index, entry.term, entry.type,
                             std::make_shared<std::string>(
                                 static_cast<const char*>(entry.data.data), entry.data.size)});
  }
  const bool tears =
      fx.entry_count > 0 && fx.entries[0].index <= disk_.view().last_index() && !write.install;
  if (tears != (fx.truncate_from != 0))
    world_.checker().fail("truncate_from does not match the entries");
  disk_.enqueue(write);
  for (const Entry& entry : write.entries) {
    world_.checker().wrote(id_, entry, disk_.view().term_at(entry.index - 1));
  }
  if (world_.plan().plant == Plant::kAckBeforeDurable) {
    later(0, [this, number = fx.number] {
      rhumb_event_t event = make_event(RHUMB_EV_PERSISTED);
      event.number = number;
      step(event, {});
    });
  }
  flush();
}

void Replica::send(const rhumb_effects_t& fx) {
  for (uint64_t i = 0; i < fx.message_count; ++i) {
    const rhumb_message_t& message = fx.messages[i];
    std::string frame(static_cast<const char*>(message.bytes.data), message.bytes.size);
    world_.checker().sent(glance(frame));
    if (!(message.flags & RHUMB_MSG_SNAPSHOT)) {
      world_.network().send(id_, message.peer, std::move(frame));
      continue;
    }
    ++world_.checker().tally().snapshots_sent;
    // A sender always reports how the transfer went.
    world_.network().send_snapshot(
        id_, message.peer, std::move(frame),
        [this, incarnation = incarnation_, peer = message.peer](bool ok) {
          when_awake(incarnation, [this, peer, ok] {
            rhumb_event_t event = make_event(RHUMB_EV_SNAPSHOT_SENT);
            event.peer = peer;
            event.flags = ok ? 1 : 0;
            step(event, {});
          });
        });
  }
}

void Replica::answer_reads(const rhumb_effects_t& fx) {
  for (uint64_t i = 0; i < fx.read_count; ++i) {
    auto waiting = reads_.find(fx.reads[i].token);
    if (waiting == reads_.end()) {
      world_.checker().fail("a read was answered twice or never asked");
      return;
    }
    if (fx.reads[i].status != RHUMB_OK) {
      reads_.erase(waiting);
      continue;
    }
    waiting->second.index = fx.reads[i].index;
    waiting->second.confirmed = true;
  }
  finish_reads();
}

void Replica::finish_reads() {
  for (auto read = reads_.begin(); read != reads_.end();) {
    if (!read->second.confirmed || machine_.applied() < read->second.index) {
      ++read;
      continue;
    }
    world_.checker().read_done(id_, read->second.floor, read->second.index, machine_.applied());
    read = reads_.erase(read);
  }
}

void Replica::fetch(const rhumb_fetch_t& wanted) {
  ++world_.checker().tally().fetches;
  later(world_.random().between(kMillisecond, 50 * kMillisecond), [this, wanted] {
    std::vector<rhumb_entry_t> found;
    // Sometimes the disk returns nothing, and the engine asks again.
    const bool fails = !calm_ && world_.random().chance(50);
    for (uint64_t index = wanted.low; index < wanted.high && !fails; ++index) {
      const Entry* entry = disk_.view().find(index);
      if (entry == nullptr) break;
      found.push_back({entry->index, entry->term, entry->type, 0, slice_of(*entry->data)});
    }
    rhumb_event_t event = make_event(RHUMB_EV_FETCHED);
    event.peer = wanted.peer;
    event.number = wanted.ticket;
    event.entries = found.data();
    event.entry_count = found.size();
    step(event, {});
  });
}

}  // namespace rhumb::sim
