// The loop's groups: finds, creates, opens and closes them.
#include "host/consensus/loop.h"

#include <algorithm>

namespace rhumb::consensus {

Group* GroupHost::Loop::find(uint64_t group) {
  const auto it = incarnations_.find(group);
  if (it == incarnations_.end()) return nullptr;
  touch(it->second);
  return slots_.at(it->second).group.get();
}

base::Status GroupHost::Loop::missing(uint64_t group) const {
  return base::not_found("group " + std::to_string(group) + " is not open on this node");
}

GroupHost::Loop::Slot& GroupHost::Loop::add(uint64_t group, uint64_t replica,
                                            StateMachine* machine) {
  const uint64_t incarnation = next_incarnation_++;
  incarnations_[group] = incarnation;
  Slot& slot = slots_[incarnation];
  slot.group = std::make_unique<Group>(*services_, group, replica, incarnation, machine);
  touch(incarnation);
  return slot;
}

void GroupHost::Loop::create(uint64_t group, uint64_t replica, std::vector<Member> voters,
                             StateMachine* machine, uint64_t begins_at, Done done) {
  if (stop_seen_) return done({base::Code::kUnavailable, "the node is stopping"});
  if (incarnations_.count(group) != 0 || recovered_.count(group) != 0) {
    return done({base::Code::kExists, "group " + std::to_string(group) + " exists on this node"});
  }
  const bool named = std::any_of(voters.begin(), voters.end(),
                                 [replica](const Member& m) { return m.id == replica; });
  if (!named)
    return done(base::invalid("replica " + std::to_string(replica) + " is not among the voters"));
  add(group, replica, machine).group->create(std::move(voters), begins_at, std::move(done));
}

void GroupHost::Loop::open(uint64_t group, uint64_t replica, StateMachine* machine, Done done) {
  if (stop_seen_) return done({base::Code::kUnavailable, "the node is stopping"});
  if (incarnations_.count(group) != 0)
    return done({base::Code::kExists, "group " + std::to_string(group) + " is open"});
  auto found = recovered_.extract(group);
  if (found.empty())
    return done(base::not_found("group " + std::to_string(group) + " is not in the log"));
  add(group, replica, machine).group->open(found.mapped(), std::move(done));
}

void GroupHost::Loop::close(uint64_t group, bool drop, Done done) {
  const auto it = incarnations_.find(group);
  if (it == incarnations_.end()) {
    const bool known = drop && recovered_.erase(group) != 0;
    return done(known ? writer_->drop(group) : missing(group));
  }
  const uint64_t incarnation = it->second;
  incarnations_.erase(it);
  Slot& slot = slots_.at(incarnation);
  slot.closing = true;
  slot.drop = drop;
  slot.closed = std::move(done);
  slot.group->close({base::Code::kUnavailable, "group " + std::to_string(group) + " is closed"});
  closing_.insert(incarnation);
  touch(incarnation);
}

base::Result<GroupStatus> GroupHost::Loop::status(uint64_t group) const {
  const base::MutexLock lock(status_mutex_);
  const auto it = statuses_.find(group);
  if (it == statuses_.end()) return missing(group);
  return it->second;
}

std::vector<GroupStatus> GroupHost::Loop::all() const {
  const base::MutexLock lock(status_mutex_);
  std::vector<GroupStatus> all;
  all.reserve(statuses_.size());
  for (const auto& [id, status] : statuses_) all.push_back(status);
  std::sort(all.begin(), all.end(),
            [](const GroupStatus& a, const GroupStatus& b) { return a.group < b.group; });
  return all;
}

bool GroupHost::Loop::healthy(std::string* reason) const {
  const base::MutexLock lock(status_mutex_);
  if (!failure_.ok() && reason != nullptr) *reason = failure_.to_string();
  return failure_.ok();
}

}  // namespace rhumb::consensus
