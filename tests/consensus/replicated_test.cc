// Three nodes in one process: the host's loop with real logs and engines, with messages as function
// calls, and nodes that stop and come back.
#include <thread>

#include "tests/consensus/fixture.h"

namespace rhumb::consensus {
namespace {

constexpr uint64_t kGroup = 7;

class Cluster {
 public:
  Cluster(const std::string& dir, base::Executor& apply, uint64_t nodes)
      : dir_(dir), apply_(apply), members_(nodes) {
    for (uint64_t id = 1; id <= nodes; ++id) voters_.push_back({id, RHUMB_VOTER});
    for (uint64_t id = 1; id <= nodes; ++id) {
      boot(id);
      Answer<base::Status> created;
      member(id).node->host().create_group(kGroup, id, voters_, member(id).machine.get(),
                                           created.callback());
      const base::Status status = created.get();
      EXPECT_TRUE(status.ok()) << status.to_string();
    }
  }
  ~Cluster() {
    for (uint64_t id = 1; id <= members_.size(); ++id) stop(id);
  }

  void stop(uint64_t id) {
    std::shared_ptr<Node> node;
    {
      const std::lock_guard lock(mutex_);
      node = std::exchange(member(id).node, nullptr);
    }
    if (node != nullptr) node->host().stop();
  }
  // Starts with an empty state machine, so everything comes from the log or from the leader.
  void restart(uint64_t id) {
    boot(id);
    Answer<base::Status> opened;
    member(id).node->host().open_group(kGroup, id, member(id).machine.get(), opened.callback());
    const base::Status status = opened.get();
    EXPECT_TRUE(status.ok()) << status.to_string();
  }
  uint64_t wait_leader(uint64_t not_this = 0) {
    for (;;) {
      for (uint64_t id = 1; id <= members_.size(); ++id) {
        if (id == not_this || member(id).node == nullptr || !member(id).machine->leader()) continue;
        if (member(id).node->read_index(kGroup).ok()) return id;
      }
      std::this_thread::yield();
    }
  }
  // Asks the present leader until the command is committed.
  uint64_t commit(const std::string& data) {
    for (;;) {
      const auto index = member(wait_leader()).node->propose(kGroup, data);
      if (index.ok()) return *index;
    }
  }
  void wait_all_applied(uint64_t index) {
    for (uint64_t id = 1; id <= members_.size(); ++id) machine(id).wait_applied(index);
  }
  Node& node(uint64_t id) { return *member(id).node; }
  Machine& machine(uint64_t id) { return *member(id).machine; }

 private:
  struct Member {
    std::shared_ptr<Node> node;
    std::unique_ptr<Machine> machine;
  };
  Member& member(uint64_t id) { return members_[id - 1]; }
  void boot(uint64_t id) {
    if (member(id).machine != nullptr) retired_.push_back(std::move(member(id).machine));
    member(id).machine = std::make_unique<Machine>(apply_);
    auto node =
        std::make_shared<Node>(dir_ + "/" + std::to_string(id), R"({"segment_bytes":1048576})",
                               [this, id](uint64_t group, uint64_t to, std::string bytes) {
                                 std::shared_ptr<Node> target;
                                 {
                                   const std::lock_guard lock(mutex_);
                                   target = member(to).node;
                                 }
                                 if (target != nullptr)
                                   target->host().receive(group, id, std::move(bytes));
                               });
    const std::lock_guard lock(mutex_);
    member(id).node = std::move(node);
  }

  const std::string dir_;
  base::Executor& apply_;
  std::mutex mutex_;
  std::vector<Member> members_;
  std::vector<std::unique_ptr<Machine>> retired_;
  std::vector<consensus::Member> voters_;
};

TEST_F(ConsensusTest, three_replicas_apply_the_same) {
  Cluster cluster(dir_, apply_, 3);
  uint64_t last = 0;
  for (int i = 0; i < 50; ++i) last = cluster.commit("c" + std::to_string(i));
  cluster.wait_all_applied(last);
  EXPECT_GE(cluster.machine(1).data().size(), 50u);
  for (uint64_t id = 2; id <= 3; ++id)
    EXPECT_EQ(cluster.machine(id).data(), cluster.machine(1).data());
  const uint64_t leader = cluster.wait_leader();
  const uint64_t follower = leader % 3 + 1;
  const base::Status refused = cluster.node(follower).propose(kGroup, "x").status();
  EXPECT_EQ(refused.code(), base::Code::kUnavailable);
  EXPECT_NE(refused.message().find("replica " + std::to_string(leader)), std::string::npos)
      << refused.message();
}

TEST_F(ConsensusTest, the_others_go_on_without_the_leader_and_it_catches_up_later) {
  Cluster cluster(dir_, apply_, 3);
  uint64_t last = 0;
  for (int i = 0; i < 20; ++i) last = cluster.commit("a" + std::to_string(i));
  const uint64_t old_leader = cluster.wait_leader();
  cluster.stop(old_leader);
  for (int i = 0; i < 20; ++i) last = cluster.commit("b" + std::to_string(i));
  cluster.restart(old_leader);
  last = cluster.commit("c");
  cluster.wait_all_applied(last);
  EXPECT_GE(cluster.machine(1).data().size(), 41u);
  for (uint64_t id = 2; id <= 3; ++id)
    EXPECT_EQ(cluster.machine(id).data(), cluster.machine(1).data());
}

TEST_F(ConsensusTest, leadership_is_transferred_on_request) {
  Cluster cluster(dir_, apply_, 3);
  cluster.commit("a");
  const uint64_t leader = cluster.wait_leader();
  const uint64_t heir = leader % 3 + 1;
  Answer<base::Status> asked;
  cluster.node(leader).host().transfer(kGroup, heir, asked.callback());
  ASSERT_TRUE(asked.get().ok());
  EXPECT_EQ(cluster.wait_leader(leader), heir);
  cluster.wait_all_applied(cluster.commit("b"));
}

// A whole cluster that stops, or is killed, comes back with everything that was acknowledged.
TEST_F(ConsensusTest, a_cluster_that_stopped_comes_back_with_everything) {
  Cluster cluster(dir_, apply_, 3);
  uint64_t last = 0;
  for (int i = 0; i < 30; ++i) last = cluster.commit("a" + std::to_string(i));
  const uint64_t leader = cluster.wait_leader();
  cluster.machine(leader).wait_applied(last);
  const auto before = cluster.machine(leader).data();
  for (uint64_t id = 1; id <= 3; ++id) cluster.stop(id);
  for (uint64_t id = 1; id <= 3; ++id) cluster.restart(id);
  last = cluster.commit("b");
  for (uint64_t id = 1; id <= 3; ++id) {
    cluster.machine(id).wait_applied(last);
    const auto after = cluster.machine(id).data();
    ASSERT_GE(after.size(), before.size() + 1);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
  }
}

}  // namespace
}  // namespace rhumb::consensus
