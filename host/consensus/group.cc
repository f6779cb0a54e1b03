#include "host/consensus/group.h"

#include <algorithm>
#include <random>

#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/plugin/status.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::consensus {
namespace {

// Marks a completion that is not passed on to the engine: the members as of the index in the other
// bits are durable.
constexpr uint64_t kMembershipWrite = uint64_t{1} << 63;
constexpr uint64_t kFirstTerm = 1;

uint64_t random_number() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

std::vector<rhumb_member_t> raw_members(const Membership& membership) {
  std::vector<rhumb_member_t> raw;
  for (const Member& member : membership.members) raw.push_back({member.id, member.role, 0});
  return raw;
}

}  // namespace

Group::Group(GroupServices& services, uint64_t id, uint64_t replica, uint64_t incarnation,
             StateMachine* machine)
    : services_(services),
      id_(id),
      replica_(replica),
      incarnation_(incarnation),
      machine_(machine) {}

Group::~Group() { fail_requests({base::Code::kUnavailable, "the group was closed"}); }

// A new group, which begins after entry `base`.
RecoveredGroup Group::fresh(uint64_t base) const {
  RecoveredGroup group;
  group.base_index = base;
  group.base_term = kFirstTerm;
  group.bootstrapped = !restored_;
  return group;
}

void Group::create(std::vector<Member> voters, uint64_t begins_at, Done done) {
  opened_ = std::move(done);
  restored_ = begins_at > 0;
  const uint64_t base = std::max<uint64_t>(begins_at, 1);
  hard_ = {kFirstTerm, 0, base, {base, false, false, std::move(voters)}};
  const std::string hard = encode(hard_),
                    manifest = encode(InstallManifest{!restored_, hard_.membership});
  log_result(
      services_.writer.append(id_, incarnation_, kMembershipWrite | base,
                              {{id_, 0, 0, storage::RecordType::kHardState, hard},
                               {id_, base, kFirstTerm, storage::RecordType::kInstall, manifest}}));
  // The engine begins in durable(), because it must not run ahead of the record that names the
  // voters.
}

void Group::open(const RecoveredGroup& recovered, Done done) {
  opened_ = std::move(done);
  const auto start = find_start(recovered, machine_->durable_index());
  if (!start.ok()) {
    fence(start.status());
    return;
  }
  membership_stored_ = recovered.hard.membership.index;
  if (const base::Status begun = begin(recovered, *start); !begun.ok()) fence(begun);
}

base::Status Group::begin(const RecoveredGroup& recovered, const StartPoint& start) {
  hard_ = recovered.hard;
  table_.reset(recovered.base_index, recovered.base_term);
  std::vector<rhumb_entry_t> entries;
  entries.reserve(recovered.entries.size());
  for (const RecoveredEntry& entry : recovered.entries) {
    const uint64_t index = table_.last() + 1;
    table_.append(index, entry.term, entry.bytes);
    // Only membership changes that are still to be applied need their data. The data of other
    // entries stay on disk until somebody asks for them.
    const auto change = recovered.membership_changes.find(index);
    const void* data =
        change == recovered.membership_changes.end() ? nullptr : change->second.data();
    entries.push_back(
        {index, entry.term, static_cast<uint32_t>(entry.type), 0, {data, entry.bytes}});
  }
  last_ = table_.last();
  machine_done_ = handed_ = start.machine_applied;
  engine_applied_ = start.engine_applied;
  const EngineSettings settings{replica_, services_.seed ^ (id_ * 0x9E3779B97F4A7C15u),
                                services_.options.election_ticks,
                                services_.options.heartbeat_ticks};
  RHUMB_ASSIGN(engine_, Engine::open(services_.engine, settings));
  const std::vector<rhumb_member_t> members = raw_members(hard_.membership);
  const rhumb_start_t raw_start{sizeof(rhumb_start_t),
                                hard_.membership.auto_leave ? 1u : 0u,
                                hard_.term,
                                hard_.voted_for,
                                start.commit,
                                table_.base() + 1,
                                table_.term_at(table_.base()),
                                engine_applied_,
                                random_number()};
  rhumb_event_t event = make_event(RHUMB_EV_START);
  event.start = &raw_start;
  event.entries = entries.data();
  event.entry_count = entries.size();
  event.members = members.data();
  event.member_count = members.size();
  const Engine::Outcome outcome = step(event);
  RHUMB_TRY(outcome.status);
  campaign_due_ = hard_.membership.alone(replica_);
  if (!campaign_due_) opened_at_ = std::min(start.commit, last_);
  if (!campaign_due_ && engine_applied_ > 0) tell_snapshot(table_.base());
  return base::ok();
}

Engine::Outcome Group::step(const rhumb_event_t& event) {
  Engine::Outcome outcome = engine_->step(event);
  if (outcome.code == RHUMB_OK) {
    carry_out(outcome.effects);
  } else if (plugin::fences(outcome.code)) {
    fence(outcome.status);
  }
  return outcome;
}

void Group::carry_out(const rhumb_effects_t& fx) {
  if ((fx.changed & RHUMB_FX_INSTALL) != 0 ||
      (fx.number != 0 && fx.truncate_from != 0 && fx.entry_count == 0)) {
    fence({base::Code::kUnsupported,
           "the engine asks for a write that this release cannot do (a snapshot to install, or a "
           "bare truncation)"});
    return;
  }
  if ((fx.changed & RHUMB_FX_ROLE) != 0) role_changed(fx);
  hard_.term = fx.term;
  hard_.voted_for = fx.voted_for;
  hard_.commit = fx.commit_index;
  if ((fx.changed & RHUMB_FX_MEMBERS) != 0) take_members(fx);
  if (fx.number != 0) write(fx);
  role_ = fx.role;
  term_ = fx.term;
  leader_ = fx.leader;
  commit_ = fx.commit_index;
  last_ = fx.last_index;
  apply_to_ = fx.apply_to;
  send(fx);
  answer_reads(fx);
  for (uint64_t i = 0; i < fx.fetch_count; ++i) fetch(fx.fetches[i]);
  if ((fx.changed & RHUMB_FX_NEED_SNAPSHOT) != 0) {
    // Post this instead of calling it: a step within a step would take the effects away from the
    // caller.
    services_.post(id_, incarnation_, [](Group& group) {
      if (group.fenced_.ok()) group.tell_snapshot(group.table_.base());
    });
  }
}

void Group::role_changed(const rhumb_effects_t& fx) {
  const bool leads = fx.role == RHUMB_LEADER;
  if (!leads || fx.term != term_) {
    // Entries of an earlier term may be replaced from here on, so only what was committed before is
    // certain.
    complete_committed();
    fail_requests({base::Code::kUnavailable, "the leadership of group " + std::to_string(id_) +
                                                 " was lost: the outcome is not known"});
  }
  if (leads == told_leader_ && (!leads || fx.term == told_term_)) return;
  told_leader_ = leads;
  told_term_ = fx.term;
  machine_->on_role(leads, fx.term);
}

// The membership is stored at once and by itself, because a restart begins from the newest members
// that the log knows.
void Group::take_members(const rhumb_effects_t& fx) {
  Membership& membership = hard_.membership;
  membership = {fx.members_index, fx.joint != 0, fx.joint_auto_leave != 0, {}};
  for (uint64_t i = 0; i < fx.member_count; ++i)
    membership.members.push_back({fx.members[i].id, fx.members[i].role});
  const std::string hard = encode(hard_);
  log_result(services_.writer.append(id_, incarnation_, kMembershipWrite | membership.index,
                                     {{id_, 0, 0, storage::RecordType::kHardState, hard}}));
}

void Group::write(const rhumb_effects_t& fx) {
  const std::string hard = encode(hard_);
  std::vector<storage::LogRecord> records{{id_, 0, 0, storage::RecordType::kHardState, hard}};
  records.reserve(fx.entry_count + 1);
  for (uint64_t i = 0; i < fx.entry_count; ++i) {
    const rhumb_entry_t& entry = fx.entries[i];
    const uint64_t follows = i == 0 ? table_.last() : fx.entries[i - 1].index;
    if (entry.index <= table_.base() || entry.index > follows + 1 ||
        (i > 0 && entry.index != follows + 1) || entry.type > RHUMB_ENTRY_NOOP) {
      fence(base::internal("the engine writes entry " + std::to_string(entry.index) + " after " +
                           std::to_string(follows)));
      return;
    }
    records.push_back({id_, entry.index, entry.term, static_cast<storage::RecordType>(entry.type),
                       view(entry.data)});
  }
  keep_for_apply(fx);
  log_result(services_.writer.append(id_, incarnation_, fx.number, records));
}

// What is written now is applied soon. The newest entries are kept in memory so that applying them
// does not read the log.
void Group::keep_for_apply(const rhumb_effects_t& fx) {
  for (uint64_t i = 0; i < fx.entry_count; ++i) {
    const rhumb_entry_t& entry = fx.entries[i];
    table_.append(entry.index, entry.term, entry.data.size);
    while (!recent_.empty() && recent_.back().index >= entry.index) {
      recent_bytes_ -= recent_.back().data.size();
      recent_.pop_back();
    }
    const bool follows = recent_.empty() || recent_.back().index + 1 == entry.index;
    if (!follows || recent_bytes_ + entry.data.size > base::limits::kApplyCacheBytes) continue;
    recent_.push_back({entry.index, entry.term, static_cast<EntryType>(entry.type),
                       std::string(view(entry.data))});
    recent_bytes_ += entry.data.size;
  }
}

void Group::send(const rhumb_effects_t& fx) {
  for (uint64_t i = 0; i < fx.message_count; ++i) {
    const rhumb_message_t& message = fx.messages[i];
    if ((message.flags & RHUMB_MSG_SNAPSHOT) == 0) {
      if (services_.sender) services_.sender(id_, message.peer, std::string(view(message.bytes)));
      continue;
    }
    // Snapshots are not sent yet. The engine is told that this one did not arrive, and the peer
    // stays behind until the log reaches back far enough for it.
    base::log_warn("consensus",
                   "a replica is too far behind and needs a snapshot, which is not sent",
                   {{"group", id_}, {"replica", message.peer}});
    services_.post(id_, incarnation_, [peer = message.peer](Group& group) {
      rhumb_event_t event = make_event(RHUMB_EV_SNAPSHOT_SENT);
      event.peer = peer;
      if (group.fenced_.ok()) group.step(event);
    });
  }
}

void Group::fetch(const rhumb_fetch_t& wanted) {
  const auto fetched = std::make_shared<std::vector<Entry>>();
  const auto job = [wanted, fetched, id = id_, incarnation = incarnation_, &services = services_] {
    // Entries that the log does not have, or no longer has, are left out. The engine asks again or
    // sends a snapshot.
    const base::Status read = services.log.read(
        id, wanted.low, wanted.high - 1, base::limits::kConsensusMessageBytes,
        [&](const auto& record) {
          fetched->push_back({record.index, record.term, static_cast<EntryType>(record.type),
                              std::string(record.data)});
          return true;
        });
    services.post(id, incarnation, [wanted, fetched, read](Group& group) {
      if (!group.fenced_.ok()) return;
      if (!read.ok() && read.code() != base::Code::kNotFound) return group.fence(read);
      std::vector<rhumb_entry_t> entries;
      for (const Entry& e : *fetched)
        entries.push_back({e.index, e.term, static_cast<uint32_t>(e.type), 0, slice(e.data)});
      rhumb_event_t event = make_event(RHUMB_EV_FETCHED);
      event.peer = wanted.peer;
      event.number = wanted.ticket;
      event.entries = entries.data();
      event.entry_count = entries.size();
      group.step(event);
    });
  };
  const base::Status posted = services_.log_reader.post(job);
  if (!posted.ok())
    base::log_warn("consensus", "a read of the log for a peer was put off",
                   {{"group", id_}, {"reason", posted.message()}});
}

// Tells the engine that a peer can be given the state as of engine_applied_, and that the log no
// longer has the entries up to `gone`.
void Group::tell_snapshot(uint64_t gone) {
  const std::string manifest = encode(InstallManifest{false, hard_.membership});
  const std::vector<rhumb_member_t> members = raw_members(hard_.membership);
  rhumb_event_t event = make_event(RHUMB_EV_SNAPSHOT);
  event.number = gone;
  event.index = engine_applied_;
  event.term = table_.term_at(engine_applied_);
  event.flags = hard_.membership.auto_leave ? 1 : 0;
  event.bytes = slice(manifest);
  event.members = members.data();
  event.member_count = members.size();
  const Engine::Outcome outcome = step(event);
  if (outcome.code != RHUMB_OK && fenced_.ok()) fence(outcome.status);
}

void Group::release(uint64_t index) {
  if (!fenced_.ok() || engine_ == nullptr) return;
  index = std::min({index, engine_applied_, machine_done_});
  // The log must not lose a membership change before its result is stored.
  if (membership_stored_ < hard_.membership.index)
    index = std::min(index, hard_.membership.index - 1);
  if (index <= table_.base()) return;
  log_result(services_.writer.release(id_, index));
  if (!fenced_.ok()) return;
  table_.release(index);
  tell_snapshot(index);
}

void Group::log_result(const base::Status& status) {
  if (status.ok()) return;
  if (status.code() == base::Code::kInvalid) {
    fence(status);
  } else {
    services_.log_failed(status);
  }
}

void Group::durable(uint64_t number) {
  if (!fenced_.ok()) return;
  if ((number & kMembershipWrite) == 0) {
    persisted_ = std::max(persisted_, number);
    return;
  }
  membership_stored_ = std::max(membership_stored_, number & ~kMembershipWrite);
  if (engine_ != nullptr) return;
  RecoveredGroup group = fresh(hard_.membership.index);
  group.hard = hard_;
  const auto start = find_start(group, machine_->durable_index());
  const base::Status begun = start.ok() ? begin(group, *start) : start.status();
  if (!begun.ok()) fence(begun);
}

void Group::tick() {
  if (fenced_.ok() && engine_ != nullptr) step(make_event(RHUMB_EV_TICK));
}

void Group::receive(uint64_t from, const std::string& bytes) {
  if (!fenced_.ok() || engine_ == nullptr) return;
  rhumb_event_t event = make_event(RHUMB_EV_RECEIVE);
  event.peer = from;
  event.bytes = slice(bytes);
  const Engine::Outcome outcome = step(event);
  if (outcome.code != RHUMB_OK && outcome.code != RHUMB_BUSY) {
    base::log_warn("consensus", "a message was refused",
                   {{"group", id_}, {"from", from}, {"reason", outcome.status.message()}});
  }
}

void Group::campaign() {
  if (!campaign_due_ || role_ != RHUMB_FOLLOWER) return;
  const Engine::Outcome outcome = step(make_event(RHUMB_EV_CAMPAIGN));
  if (outcome.code == RHUMB_OK)
    // Otherwise writes are under way, and the next one that becomes durable leads back here.
    campaign_due_ = false;
}

void Group::fence(const base::Status& reason) {
  if (!fenced_.ok()) return;
  base::log_error("consensus", "a group is fenced: it takes no more requests",
                  {{"group", id_}, {"reason", reason.to_string()}});
  close(reason);
}

void Group::close(const base::Status& reason) {
  if (!fenced_.ok()) return;
  fenced_ = reason;
  services_.publish(status());
  fail_requests(reason);
  if (told_leader_) machine_->on_role(false, term_);
  told_leader_ = false;
  if (opened_) std::exchange(opened_, nullptr)(reason);
}

void Group::settle() {
  if (fenced_.ok() && engine_ != nullptr && persisted_ > persisted_told_) {
    rhumb_event_t event = make_event(RHUMB_EV_PERSISTED);
    event.number = persisted_told_ = persisted_;
    step(event);
  }
  if (fenced_.ok() && engine_ != nullptr) campaign();
  if (fenced_.ok()) flush_proposals();
  if (fenced_.ok()) flush_reads();
  if (fenced_.ok() && engine_ != nullptr) advance();
  if (!fenced_.ok()) return;
  // Before any callback, so that a caller who then asks sees at least this.
  services_.publish(status());
  complete_committed();
  check_opened();
}

bool Group::needs_ticks() const {
  if (!fenced_.ok() || engine_ == nullptr) return false;
  return role_ != RHUMB_LEADER || !hard_.membership.alone(replica_);
}

GroupStatus Group::status() const {
  GroupStatus status;
  status.group = id_;
  status.replica = replica_;
  status.term = term_;
  status.leader = leader_;
  status.commit_index = commit_;
  status.applied_index = machine_done_;
  status.last_index = last_;
  status.first_index = table_.base() + 1;
  status.log_bytes = table_.bytes();
  status.is_leader = fenced_.ok() && role_ == RHUMB_LEADER;
  status.ticks = needs_ticks();
  status.fenced = fenced_.ok() ? "" : fenced_.to_string();
  return status;
}

}  // namespace rhumb::consensus
