// A node's log and consensus loop with the real plugins, and a state machine that remembers the
// commands that it was given.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/consensus/group_host.h"
#include "host/plugin/registry.h"
#include "host/storage/log_store.h"
#include "tests/places.h"

namespace rhumb::consensus {

// Applies on an executor, as a shard does. It checks the contract: no gaps, one batch at a time,
// nothing after a failure.
class Machine : public StateMachine {
 public:
  explicit Machine(base::Executor& executor, uint64_t applied = 0)
      : executor_(executor), applied_(applied), handed_(applied) {}

  uint64_t durable_index() const override {
    const std::lock_guard lock(mutex_);
    return applied_;
  }
  void apply(std::vector<Entry> entries, Done done) override {
    EXPECT_FALSE(busy_.exchange(true)) << "a batch came before the one before was done";
    EXPECT_FALSE(entries.empty());
    for (const Entry& entry : entries) {
      EXPECT_EQ(entry.index, handed_ + 1);
      handed_ = entry.index;
    }
    auto work = [this, entries = std::move(entries), done = std::move(done)] {
      base::Status status;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !held_; });
        for (const Entry& entry : entries) {
          if (entry.index == fail_at_) {
            status = base::internal("told to fail at " + std::to_string(entry.index));
            break;
          }
          applied_ = entry.index;
          if (entry.type == EntryType::kData)
            data_.push_back(entry.data);
          else
            EXPECT_TRUE(entry.data.empty());
        }
        batches_++;
        changed_.notify_all();
      }
      busy_ = false;
      done(status);
    };
    ASSERT_TRUE(executor_.post(std::move(work)).ok());
  }
  void on_role(bool leader, uint64_t) override {
    const std::lock_guard lock(mutex_);
    leader_ = leader;
    changed_.notify_all();
  }

  void wait_applied(uint64_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return applied_ >= index; });
  }
  std::vector<std::string> data() const {
    const std::lock_guard lock(mutex_);
    return data_;
  }
  uint64_t batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  bool leader() const {
    const std::lock_guard lock(mutex_);
    return leader_;
  }
  void fail_at(uint64_t index) {
    const std::lock_guard lock(mutex_);
    fail_at_ = index;
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }

 private:
  base::Executor& executor_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t applied_, handed_, fail_at_ = 0, batches_ = 0;
  bool leader_ = false, held_ = false;
  std::atomic<bool> busy_{false};
  std::vector<std::string> data_;
};

// The registry of plugins, loaded once per process.
inline const plugin::PluginRegistry& plugins() {
  static base::Executor executor("plugins", 1, 64);
  static plugin::PluginRegistry* const registry = [] {
    auto* loaded = new plugin::PluginRegistry(executor);
    for (const char* name : {"storage_wal", "consensus_raft"}) {
      const base::Status status = loaded->load_file(places::plugin(name));
      if (!status.ok()) throw std::runtime_error(status.to_string());
    }
    return loaded;
  }();
  return *registry;
}

// A callback that a test can wait for.
template <typename T>
class Answer {
 public:
  std::function<void(T)> callback() {
    return [promise = promise_](T value) { promise->set_value(std::move(value)); };
  }
  T get() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
};

// One run of a node, from its start to its stop.
class Node {
 public:
  explicit Node(const std::string& dir,
                const std::string& log_config = R"({"segment_bytes":1048576})",
                GroupHost::MessageSender sender = nullptr) {
    auto opened = storage::LogStore::open(plugins(), "wal", dir + "/log", log_config);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    log_ = std::move(*opened);
    GroupHostOptions options;
    options.seed = 42;
    options.tick_ms = 10;
    host_ = std::make_unique<GroupHost>(plugins(), *log_, options, std::move(sender));
    const base::Status started = host_->start();
    EXPECT_TRUE(started.ok()) << started.to_string();
  }
  ~Node() { host_->stop(); }

  GroupHost& host() { return *host_; }
  storage::LogStore& log() { return *log_; }
  base::Status create(uint64_t group, StateMachine& machine, uint64_t replica = 1,
                      uint64_t begins_at = 0) {
    Answer<base::Status> answer;
    host_->create_group(group, replica, {{replica, RHUMB_VOTER}}, &machine, answer.callback(),
                        begins_at);
    return answer.get();
  }
  base::Status open(uint64_t group, StateMachine& machine, uint64_t replica = 1) {
    Answer<base::Status> answer;
    host_->open_group(group, replica, &machine, answer.callback());
    return answer.get();
  }
  base::Status close(uint64_t group, bool drop) {
    Answer<base::Status> answer;
    host_->close_group(group, drop, answer.callback());
    return answer.get();
  }
  base::Result<uint64_t> propose(uint64_t group, const std::string& data) {
    Answer<base::Result<uint64_t>> answer;
    host_->propose(group, data, answer.callback());
    return answer.get();
  }
  base::Result<uint64_t> read_index(uint64_t group) {
    Answer<base::Result<uint64_t>> answer;
    host_->read_index(group, answer.callback());
    return answer.get();
  }

 private:
  std::unique_ptr<storage::LogStore> log_;
  std::unique_ptr<GroupHost> host_;
};

class ConsensusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rhumb-consensus-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
  base::Executor apply_{"apply", 2, 100000};
};

}  // namespace rhumb::consensus
