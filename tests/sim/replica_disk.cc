// The part of the host loop that handles the disk and the state machine.
#include <algorithm>
#include <utility>

#include "tests/sim/replica.h"

namespace rhumb::sim {

Microseconds Replica::flush_delay_us() {
  const HostPlan& plan = world_.plan();
  if (!calm_ && world_.random().chance(plan.stall_per_mille)) {
    return world_.random().between(plan.flush_max_us, plan.stall_max_us);
  }
  return world_.random().between(kMillisecond / 10, plan.flush_max_us);
}

// There is one group commit at a time. All writes that are queued when it begins are part of it.
void Replica::flush() {
  if (flushing_ || disk_.idle()) return;
  flushing_ = true;
  disk_.begin_flush();
  // The disk works while the process is paused; only the completion waits.
  world_.agenda().after(flush_delay_us(), [this, incarnation = incarnation_] {
    if (incarnation != incarnation_ || !running()) return;
    when_awake(incarnation, [this, flushed = disk_.end_flush()] { this->flushed(flushed); });
  });
}

void Replica::flushed(Disk::Flushed flushed) {
  flushing_ = false;
  if (flushed.installed) {
    // State, log and members are replaced. If the same flush has a later image, that one counts.
    machine_.install(*flushed.installed);
    world_.checker().installed(id_, *flushed.installed);
    installing_ = false;
  }
  if (world_.plan().plant != Plant::kAckBeforeDurable) {
    rhumb_event_t event = make_event(RHUMB_EV_PERSISTED);
    event.number = flushed.number;
    if (step(event, {}) != RHUMB_OK) return;
  }
  if (flushed.installed) tell_snapshot(*flushed.installed, flushed.installed->index);
  flush();
}

void Replica::apply_soon() {
  if (apply_pending_ || installing_ || machine_.applied() >= apply_to_) return;
  apply_pending_ = true;
  const HostPlan& plan = world_.plan();
  const bool slow = !calm_ && world_.random().chance(plan.slow_apply_per_mille);
  later(world_.random().between(0, slow ? kSecond : plan.apply_max_us), [this] {
    apply_pending_ = false;
    apply();
  });
}

void Replica::apply() {
  if (installing_ || machine_.applied() >= apply_to_) return;
  const uint64_t to = std::min(
      apply_to_, machine_.applied() + world_.random().between(1, world_.plan().apply_batch_max));
  while (machine_.applied() < to) {
    const Entry* entry = disk_.durable().find(machine_.applied() + 1);
    if (entry == nullptr) {
      world_.checker().fail("replica " + std::to_string(id_) + " is to apply entry " +
                            std::to_string(machine_.applied() + 1) + ", which is not durable");
      return;
    }
    machine_.apply(*entry);
    world_.checker().applied(id_, *entry, machine_.now().hash);
    auto proposal = proposed_.find(entry->index);
    if (proposal != proposed_.end() && proposal->second == entry->term)
      world_.checker().acknowledged(entry->index);
  }
  proposed_.erase(proposed_.begin(), proposed_.upper_bound(to));
  rhumb_event_t event = make_event(RHUMB_EV_APPLIED);
  event.index = to;
  if (step(event, {}) != RHUMB_OK) return;
  finish_reads();
  if (machine_.applied() - disk_.view().base_index > world_.plan().checkpoint_entries)
    checkpoint_soon();
  apply_soon();
}

void Replica::checkpoint_soon() {
  if (checkpoint_pending_) return;
  checkpoint_pending_ = true;
  later(world_.random().between(kMillisecond, 200 * kMillisecond), [this] {
    checkpoint_pending_ = false;
    checkpoint();
  });
}

void Replica::checkpoint() {
  if (installing_) return;
  const Image image = machine_.now();
  if (image.index == 0) return;
  disk_.save_checkpoint(image);
  machine_.checkpointed(image.index);
  const uint64_t keep = world_.random().between(0, world_.plan().keep_entries_max);
  const uint64_t gone = image.index > keep
                            ? std::max(image.index - keep, disk_.durable().base_index)
                            : disk_.durable().base_index;
  disk_.release(gone);
  tell_snapshot(image, gone);
}

void Replica::tell_snapshot(const Image& image, uint64_t gone) {
  const std::string manifest = image.to_manifest();
  rhumb_event_t event = make_event(RHUMB_EV_SNAPSHOT);
  event.number = gone;
  event.index = image.index;
  event.term = image.term;
  event.flags = image.membership.auto_leave ? 1 : 0;
  event.bytes = slice_of(manifest);
  event.members = image.membership.members.data();
  event.member_count = image.membership.members.size();
  step(event, {});
}

void Replica::receive(uint64_t from, const std::string& frame) {
  if (!running()) return;
  when_awake(incarnation_, [this, from, frame] {
    rhumb_event_t event = make_event(RHUMB_EV_RECEIVE);
    event.peer = from;
    event.bytes = slice_of(frame);
    step(event, {RHUMB_BUSY});
  });
}

rhumb_status_t Replica::propose(uint64_t count, uint64_t bytes_max) {
  std::vector<std::string> payloads;
  std::vector<rhumb_entry_t> entries;
  for (uint64_t i = 0; i < count; ++i) {
    std::string payload(world_.random().between(8, bytes_max), 'x');
    const uint64_t name = world_.random().next();
    payload.replace(0, sizeof name, reinterpret_cast<const char*>(&name), sizeof name);
    payloads.push_back(std::move(payload));
  }
  for (const std::string& payload : payloads)
    entries.push_back({0, 0, RHUMB_ENTRY_DATA, 0, slice_of(payload)});
  rhumb_event_t event = make_event(RHUMB_EV_PROPOSE);
  event.entries = entries.data();
  event.entry_count = entries.size();
  const rhumb_status_t status = step(event, {RHUMB_BUSY, RHUMB_NOT_LEADER});
  if (status == RHUMB_OK) {
    for (uint64_t i = 0; i < count; ++i) proposed_[state_.last_index - i] = state_.term;
  }
  return status;
}

rhumb_status_t Replica::propose_members(const std::vector<rhumb_member_t>& changes,
                                        bool leader_may_leave) {
  rhumb_event_t event = make_event(RHUMB_EV_PROPOSE_MEMBERS);
  event.members = changes.data();
  event.member_count = changes.size();
  event.flags = leader_may_leave ? 1 : 0;
  return step(event, {RHUMB_BUSY, RHUMB_NOT_LEADER, RHUMB_INVALID, RHUMB_DENIED});
}

rhumb_status_t Replica::transfer(uint64_t to) {
  rhumb_event_t event = make_event(RHUMB_EV_TRANSFER);
  event.peer = to;
  ++world_.checker().tally().transfers;
  return step(event, {RHUMB_NOT_LEADER, RHUMB_INVALID});
}

void Replica::read() {
  const uint64_t token = ++tokens_;
  reads_[token] = {world_.checker().read_floor(), 0, false};
  rhumb_event_t event = make_event(RHUMB_EV_READ_INDEX);
  event.number = token;
  if (step(event, {RHUMB_BUSY, RHUMB_NOT_LEADER}) != RHUMB_OK) reads_.erase(token);
}

void Replica::unreachable(uint64_t peer) {
  rhumb_event_t event = make_event(RHUMB_EV_UNREACHABLE);
  event.peer = peer;
  step(event, {});
}

}  // namespace rhumb::sim
