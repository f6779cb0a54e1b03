// One run of a worker on a directory, with the real log, consensus and key-value engines. The
// cluster map comes from the test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/base/timer.h"
#include "host/consensus/group_host.h"
#include "host/peer/channel.h"
#include "host/peer/messages.h"
#include "host/shard/state/kv_cache.h"
#include "host/storage/log_store.h"
#include "host/worker/worker.h"

namespace rhumb::worker {

class Life {
 public:
  explicit Life(const std::string& directory);
  ~Life();  // stops in order and closes all shards

  void publish(const model::ClusterMap& map);  // publishes the map to its watchers
  template <typename Req>
  base::Result<typename Req::Reply> ask(Req request, base::Deadline deadline = {}) {
    auto answer = std::make_shared<std::promise<base::Result<typename Req::Reply>>>();
    channel_.call<Req>(
        std::move(request), deadline,
        [answer](base::Result<typename Req::Reply> reply) { answer->set_value(std::move(reply)); });
    return answer->get_future().get();
  }
  // Sends the message now. The answer is awaited later.
  template <typename Req>
  std::future<base::Result<typename Req::Reply>> send(Req request, base::Deadline deadline = {}) {
    auto answer = std::make_shared<std::promise<base::Result<typename Req::Reply>>>();
    channel_.call<Req>(
        std::move(request), deadline,
        [answer](base::Result<typename Req::Reply> reply) { answer->set_value(std::move(reply)); });
    return answer->get_future();
  }
  // Waits until the shard serves with that configuration.
  base::Status await(uint64_t shard, uint64_t config_version);
  uint64_t count(uint64_t shard, uint64_t min_applied = 0);
  void stop_worker();

  Worker& worker() { return *worker_; }
  consensus::GroupHost& groups() { return *groups_; }
  void log_is_full(bool full) { log_full_ = full; }

 private:
  void bind_placement();

  std::atomic<bool> log_full_{false};
  base::Executor pool_{"pool", 2, 1024}, apply_{"apply", 2, 65536}, background_{"bg", 1, 65536};
  base::TimerQueue timers_;
  std::unique_ptr<storage::LogStore> log_;
  std::unique_ptr<consensus::GroupHost> groups_;
  std::unique_ptr<shard::KvCache> kv_;
  std::unique_ptr<LogBound> log_bound_;
  std::unique_ptr<Worker> worker_;
  peer::Dispatcher dispatcher_;
  peer::LoopbackChannel channel_{dispatcher_, peer::LoopbackMode::kEncode};

  std::mutex mutex_;  // guards all below
  std::shared_ptr<const model::ClusterMap> map_ = std::make_shared<const model::ClusterMap>();
  std::vector<std::pair<uint64_t, std::function<void(base::Result<peer::MapReply>)>>> watchers_;
};

// A directory for several runs, and the map that they are shown.
class WorkerTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  void begin();          // starts another run and shows it the map
  void begin_serving();  // also waits until all shards of this node serve
  void end() { life_.reset(); }
  // Makes the log full and writes point 3 until a look at the log finds that out. Returns the
  // refusal.
  base::Status fill_log(uint64_t shard);

  // Adds a collection of one shard on `node`. The map is not shown until show().
  uint64_t add(const std::string& name, uint64_t node = 1);
  void change(const std::string& name, const std::function<void(model::CollectionConfig&)>& edit);
  void show();
  uint64_t version_of(const std::string& name) const {
    return map_.collections.at(name)->config_version;
  }
  std::string shard_directory(uint64_t shard) const {
    return directory_ + "/shards/" + std::to_string(shard);
  }

  std::string directory_;
  model::ClusterMap map_;
  std::unique_ptr<Life> life_;
};

// Returns points as a gateway sends them: ids [first, first + count), vectors of four floats,
// payload {"n": id, "even": ...}.
model::Operation upsert(uint64_t first, uint64_t count);
model::Operation remove_ids(std::vector<uint64_t> ids);
model::Filter even();  // Returns a filter for points whose "even" is true.
template <typename... O>
peer::WriteRequest write_to(uint64_t shard, bool wait, O... operations) {
  peer::WriteRequest request;
  request.shard = shard;
  request.wait = wait;
  (request.operations.push_back(std::move(operations)), ...);
  return request;
}

}  // namespace rhumb::worker
