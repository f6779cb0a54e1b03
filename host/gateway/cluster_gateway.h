// The gateway over host/peer. It holds the newest cluster map that it has seen (through a standing
// watch at the placement role), the session guarantee, and nothing else, so it can be restarted at
// any time. Any thread may call. Callbacks run on the thread that brings the last answer. The
// gateway is destroyed only after the channels have answered every call (host/app stops placement
// and workers first).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "host/base/mutex.h"
#include "host/gateway/gateway.h"
#include "host/gateway/session.h"
#include "host/gateway/traced_call.h"
#include "host/peer/channel.h"
#include "host/peer/messages.h"
#include "host/placement/command.h"
#include "host/router/router.h"

namespace rhumb::gateway {

class ClusterGateway final : public Gateway {
 public:
  // channel(node) returns the channel to that node, or to the placement role for node 0. It
  // outlives the gateway.
  using Channels = std::function<peer::Channel&(uint64_t node)>;
  ClusterGateway(Channels channels, router::Router& router);
  ~ClusterGateway() override;

  void start();  // begins to watch the map
  // Fires when this gateway holds a map of at least `version`, or with kUnavailable after stop().
  void await_map(uint64_t version, Done done);
  void stop();

  // For restores of snapshots (host/app/snapshots). Takes `count` ids of shards that no map names
  // yet, and answers with the first.
  void reserve_shards(uint32_t count, base::Deadline deadline, Callback<uint64_t> done);
  // Fires when this gateway holds the map with the restored shards and all of them are ready.
  // kExists: the collection was changed in the meantime. kInvalid: nothing was changed.
  void restore_collection(placement::RestoreCollection command, base::Deadline deadline, Done done);

  std::shared_ptr<const model::ClusterMap> map() const override;
  base::Result<CollectionPtr> find(const std::string& name_or_alias) const override;
  void create_collection(std::string name, model::CollectionConfig config, base::Deadline deadline,
                         Callback<Warnings> done) override;
  void update_collection(std::string name, CollectionChange change, base::Deadline deadline,
                         Callback<Warnings> done) override;
  void drop_collection(std::string name, base::Deadline deadline, Callback<bool> done) override;
  void change_aliases(std::vector<AliasAction> actions, base::Deadline deadline,
                      Done done) override;
  void create_payload_index(CollectionPtr collection, std::string field,
                            model::PayloadIndexConfig config, WriteOptions options,
                            Callback<UpdateResult> done) override;
  void drop_payload_index(CollectionPtr collection, std::string field, WriteOptions options,
                          Callback<UpdateResult> done) override;
  void state(CollectionPtr collection, base::Deadline deadline,
             Callback<CollectionState> done) override;
  void optimizations(CollectionPtr collection, base::Deadline deadline,
                     Callback<Optimizations> done) override;
  void write(CollectionPtr collection, std::vector<model::Operation> operations,
             WriteOptions options, Callback<std::vector<UpdateResult>> done) override;
  void query(CollectionPtr collection, std::vector<Query> queries, ReadOptions options,
             Callback<std::vector<model::SearchResult>> done) override;
  void get(CollectionPtr collection, model::GetRequest request, ReadOptions options,
           Callback<std::vector<model::Record>> done) override;
  void scroll(CollectionPtr collection, model::ScrollRequest request, ReadOptions options,
              Callback<ScrollPage> done) override;
  void hashes(CollectionPtr collection, std::optional<model::PointId> first, uint32_t limit,
              ReadOptions options, Callback<HashPage> done) override;
  void count(CollectionPtr collection, model::CountRequest request, ReadOptions options,
             Callback<uint64_t> done) override;
  std::string session_token(const CollectionPtr& collection) const override;
  void verify(CollectionPtr collection, base::Deadline deadline,
              Callback<Verification> done) override;
  void contract(CollectionPtr collection, base::Deadline deadline,
                Callback<ContractReport> done) override;

 private:
  // cluster_gateway.cc
  peer::Channel& placement() const { return channels_(0); }
  peer::Channel& worker_of(const model::ShardPlacement& shard) const {
    return channels_(shard.replicas.front().node);
  }
  // Sends the message to the worker of `shard`.
  template <typename Req>
  void ask(const model::Collection& collection, const model::ShardPlacement& shard, Req request,
           base::Deadline deadline, std::function<void(base::Result<typename Req::Reply>)> done) {
    traced_call<Req>(worker_of(shard), collection.name, std::move(request), deadline,
                     std::move(done));
  }
  void watch(uint64_t known_version);
  void take_map(const std::shared_ptr<const model::ClusterMap>& map);
  peer::ReadLevel level_of(uint64_t shard, const ReadOptions& options,
                           const ShardIndexes& session) const;

  // cluster_gateway_definition.cc
  // Fires when this gateway's map shows the change.
  using Versioned = std::function<void(base::Result<peer::MetadataReply>)>;
  void change_metadata(std::string json, base::Deadline deadline, Versioned done);
  void await_config(const std::string& name, uint64_t version, base::Deadline deadline, Done done);
  // Returns false if there is nothing to change.
  using Edit = std::function<base::Result<bool>(model::CollectionConfig&)>;
  void edit_config(std::string name, Edit edit, base::Deadline deadline, uint32_t attempts_left,
                   Callback<uint64_t> done);
  void change_index(const CollectionPtr& collection, Edit edit, WriteOptions options,
                    Callback<UpdateResult> done);

  // cluster_gateway_restore.cc
  void try_to_reserve(uint32_t count, uint32_t attempts_left, base::Deadline deadline,
                      Callback<uint64_t> done);

  // cluster_gateway_write.cc
  struct Split;
  base::Result<std::vector<Split>> split(const model::Collection& collection,
                                         std::vector<model::Operation> operations) const;
  void write_known(const CollectionPtr& collection, std::vector<model::Operation> operations,
                   const WriteOptions& options, Callback<std::vector<UpdateResult>> done);

  // cluster_gateway_query.cc
  struct QueryRun;

  // cluster_gateway_read.cc. Asks every shard for the nearest points. There is one list per
  // request, each sorted best first, with at most `limit` points.
  void search(const CollectionPtr& collection, std::vector<model::SearchRequest> requests,
              const ReadOptions& options, Callback<std::vector<model::SearchResult>> done);

  // cluster_gateway_known.cc. kNotFound names a point that the operations need and that does not
  // exist.
  void check_known(const CollectionPtr& collection, const std::vector<model::Operation>& operations,
                   base::Deadline deadline, Done done);

  const Channels channels_;
  router::Router& router_;
  SessionGuarantee guarantee_;

  mutable base::Mutex mutex_;
  std::shared_ptr<const model::ClusterMap> map_ RHUMB_GUARDED_BY(mutex_) =
      std::make_shared<const model::ClusterMap>();
  bool stopped_ RHUMB_GUARDED_BY(mutex_) = false;
  std::vector<std::pair<uint64_t, Done>> awaiting_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::gateway
