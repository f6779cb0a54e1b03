#include "host/consensus/group_host.h"

#include "host/base/limits.h"
#include "host/consensus/loop.h"

namespace rhumb::consensus {

GroupHost::GroupHost(const plugin::PluginRegistry& plugins, storage::LogStore& log,
                     GroupHostOptions options, MessageSender sender)
    : loop_(std::make_unique<Loop>(plugins, log, std::move(options), std::move(sender))) {}

GroupHost::~GroupHost() = default;

base::Status GroupHost::start() { return loop_->start(); }
void GroupHost::stop() { loop_->stop(); }
std::vector<uint64_t> GroupHost::recovered_groups() const { return loop_->recovered_ids(); }
base::Result<GroupStatus> GroupHost::status(uint64_t group) const { return loop_->status(group); }
std::vector<GroupStatus> GroupHost::all() const { return loop_->all(); }
bool GroupHost::healthy(std::string* reason) const { return loop_->healthy(reason); }

void GroupHost::create_group(uint64_t group, uint64_t replica, std::vector<Member> voters,
                             StateMachine* machine, std::function<void(base::Status)> done,
                             uint64_t begins_at) {
  const base::Status admitted = loop_->admit([&] {
    return [loop = loop_.get(), group, replica, voters = std::move(voters), machine, done,
            begins_at] { loop->create(group, replica, voters, machine, begins_at, done); };
  });
  if (!admitted.ok()) done(admitted);
}

void GroupHost::open_group(uint64_t group, uint64_t replica, StateMachine* machine,
                           std::function<void(base::Status)> done) {
  const base::Status admitted = loop_->admit([&] {
    return [loop = loop_.get(), group, replica, machine, done] {
      loop->open(group, replica, machine, done);
    };
  });
  if (!admitted.ok()) done(admitted);
}

void GroupHost::close_group(uint64_t group, bool drop, std::function<void(base::Status)> done) {
  const base::Status admitted = loop_->admit(
      [&] { return [loop = loop_.get(), group, drop, done] { loop->close(group, drop, done); }; });
  if (!admitted.ok()) done(admitted);
}

void GroupHost::propose(uint64_t group, std::string data, Committed done) {
  if (data.empty()) return done(base::invalid("the proposal is empty"));
  if (data.size() > base::limits::kMaxCommandBytes) {
    return done(
        base::Status(base::Code::kTooLarge, "the command has " + std::to_string(data.size()) +
                                                " bytes, the limit is " +
                                                std::to_string(base::limits::kMaxCommandBytes)));
  }
  const base::Status admitted = loop_->admit([&] {
    return [loop = loop_.get(), group, data = std::move(data), done]() mutable {
      Group* found = loop->find(group);
      if (found == nullptr) return done(loop->missing(group));
      found->propose(std::move(data), std::move(done));
    };
  });
  if (!admitted.ok()) done(admitted);
}

void GroupHost::read_index(uint64_t group, Committed done) {
  const base::Status admitted = loop_->admit([&] {
    return [loop = loop_.get(), group, done]() mutable {
      Group* found = loop->find(group);
      if (found == nullptr) return done(loop->missing(group));
      found->read_index(std::move(done));
    };
  });
  if (!admitted.ok()) done(admitted);
}

void GroupHost::receive(uint64_t group, uint64_t from_replica, std::string bytes) {
  // A message that is refused, or is for a group that is not here, counts as lost by the network.
  (void)loop_->admit([&] {
    return [loop = loop_.get(), group, from_replica, bytes = std::move(bytes)] {
      if (Group* found = loop->find(group); found != nullptr) found->receive(from_replica, bytes);
    };
  });
}

void GroupHost::transfer(uint64_t group, uint64_t to_replica,
                         std::function<void(base::Status)> done) {
  const base::Status admitted = loop_->admit([&] {
    return [loop = loop_.get(), group, to_replica, done] {
      Group* found = loop->find(group);
      if (found == nullptr) return done(loop->missing(group));
      found->transfer(to_replica, done);
    };
  });
  if (!admitted.ok()) done(admitted);
}

void GroupHost::release(uint64_t group, uint64_t index) {
  // A release only makes room. If it is refused, the next checkpoint asks again.
  (void)loop_->admit([&] {
    return [loop = loop_.get(), group, index] {
      if (Group* found = loop->find(group); found != nullptr) found->release(index);
    };
  });
}

}  // namespace rhumb::consensus
