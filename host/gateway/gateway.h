// The interface that every front calls (REST today). A front parses and prints; what a request
// means is known here. The gateway checks writes and queries (write_rules.h, query.h), finds
// buckets and shards, sends one message per shard to the shard's leader through host/peer, and
// merges the answers. Errors have their field and limit as data. All calls are asynchronous: the
// callback fires exactly once, on any thread, and must not block. Any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/gateway/contract_report.h"
#include "host/gateway/query.h"
#include "host/gateway/verification.h"
#include "host/model/collection.h"
#include "host/model/operation.h"
#include "host/model/optimization.h"
#include "host/model/query.h"
#include "host/model/topology.h"

namespace rhumb::gateway {

template <typename T>
using Callback = std::function<void(base::Result<T>)>;
using Done = std::function<void(base::Status)>;
// Texts for the reply of a request that was carried out. They name what the request asked for and
// did not get.
using Warnings = std::vector<std::string>;
using CollectionPtr = std::shared_ptr<const model::Collection>;

// A write that expires before it is committed fails with kTimeout, and its outcome is unknown. A
// write that is committed but not applied in time has UpdateStatus::kWaitTimeout.
struct WriteOptions {
  bool wait = false;
  base::Deadline deadline;
  // A hash of the client's id and of all that the client sent. Such a request is carried out once.
  // All zeros means that the request has no id.
  std::array<uint8_t, 16> request_id{};
  // Only asks what an earlier attempt at the request did. kNotFound means that there was no
  // attempt.
  bool only_known = false;
};
enum class UpdateStatus : uint8_t { kAcknowledged, kCompleted, kWaitTimeout };
struct UpdateResult {
  uint64_t operation_id = 0;  // the highest log index over the shards
  UpdateStatus status = UpdateStatus::kAcknowledged;
  uint64_t affected = 0;  // number of changed points; valid only for kCompleted
};

struct ReadOptions {
  bool linearizable = false;  // consistency=linearizable: a read index per shard
  // The X-Rhumb-Session header as received. Empty means this gateway's own guarantee.
  std::string session;
  base::Deadline deadline;
};

struct ScrollPage {
  std::vector<model::Record> points;
  std::optional<model::PointId> next;
};

struct HashPage {
  std::vector<model::PointHash> points;  // in the order of ids
  std::optional<model::PointId> next;
};

struct CollectionState {
  CollectionPtr collection;
  std::vector<model::ShardState> shards;  // one per shard, from the replica that was asked
  Warnings warnings;
};

// One per shard, from the replica that was asked.
using Optimizations = std::vector<model::ShardOptimizations>;

struct AliasAction {
  enum class Kind : uint8_t { kCreate, kDelete, kRename } kind = Kind::kCreate;
  std::string collection, alias, new_alias;
};

// A change of a collection's configuration. Members that are absent stay as they are.
struct CollectionChange {
  // The whole new configuration, which the front made from the one of version seen_version. It
  // is refused with kExists if the configuration has changed since then.
  model::CollectionConfig config;
  uint64_t seen_version = 0;
};

class Gateway {
 public:
  virtual ~Gateway() = default;

  // map() returns the newest map that this gateway holds. find() resolves aliases; its kNotFound
  // has the text that clients match on.
  virtual std::shared_ptr<const model::ClusterMap> map() const = 0;
  virtual base::Result<CollectionPtr> find(const std::string& name_or_alias) const = 0;

  // Definition. Creating and dropping take real names only; all other calls that name a collection
  // also take an alias. The callback fires when this gateway holds the map that shows the change
  // and, after a creation, when every replica is ready.
  virtual void create_collection(std::string name, model::CollectionConfig config,
                                 base::Deadline deadline, Callback<Warnings> done) = 0;
  virtual void update_collection(std::string name, CollectionChange change, base::Deadline deadline,
                                 Callback<Warnings> done) = 0;
  // The answer is false if no collection has this name.
  virtual void drop_collection(std::string name, base::Deadline deadline, Callback<bool> done) = 0;
  // Carries out all actions or none.
  virtual void change_aliases(std::vector<AliasAction> actions, base::Deadline deadline,
                              Done done) = 0;
  // Payload indexes. With `wait` the callback fires when every shard has built the index, otherwise
  // when the map shows it.
  virtual void create_payload_index(CollectionPtr collection, std::string field,
                                    model::PayloadIndexConfig config, WriteOptions options,
                                    Callback<UpdateResult> done) = 0;
  virtual void drop_payload_index(CollectionPtr collection, std::string field, WriteOptions options,
                                  Callback<UpdateResult> done) = 0;
  virtual void state(CollectionPtr collection, base::Deadline deadline,
                     Callback<CollectionState> done) = 0;
  // The merges of the shards' segments.
  virtual void optimizations(CollectionPtr collection, base::Deadline deadline,
                             Callback<Optimizations> done) = 0;

  // Writes. The operations are proposed in order. Each is atomic per shard. There is one result per
  // operation. write_rules.h says what equal ids in an operation mean.
  virtual void write(CollectionPtr collection, std::vector<model::Operation> operations,
                     WriteOptions options, Callback<std::vector<UpdateResult>> done) = 0;

  // Reads. query() returns one list per query, each with the best point first (in the order of ids
  // for by_id_order) and with at most `limit` points after the offset.
  virtual void query(CollectionPtr collection, std::vector<Query> queries, ReadOptions options,
                     Callback<std::vector<model::SearchResult>> done) = 0;
  // Returns the points in the order of the request, without those that do not exist.
  virtual void get(CollectionPtr collection, model::GetRequest request, ReadOptions options,
                   Callback<std::vector<model::Record>> done) = 0;
  virtual void scroll(CollectionPtr collection, model::ScrollRequest request, ReadOptions options,
                      Callback<ScrollPage> done) = 0;
  // Returns at most `limit` content hashes, in the order of ids, from `first` on.
  virtual void hashes(CollectionPtr collection, std::optional<model::PointId> first, uint32_t limit,
                      ReadOptions options, Callback<HashPage> done) = 0;
  virtual void count(CollectionPtr collection, model::CountRequest request, ReadOptions options,
                     Callback<uint64_t> done) = 0;

  // Reports. verify() reads every stored byte of the collection. contract() returns what the shards
  // have measured so far.
  virtual void verify(CollectionPtr collection, base::Deadline deadline,
                      Callback<Verification> done) = 0;
  virtual void contract(CollectionPtr collection, base::Deadline deadline,
                        Callback<ContractReport> done) = 0;

  // For the X-Rhumb-Session header: the state of one collection that a client has seen if it saw
  // this gateway's answers.
  virtual std::string session_token(const CollectionPtr& collection) const = 0;
};

}  // namespace rhumb::gateway
