// The gateway: what the REST front asks for, spread over shards and brought together again. It
// validates nothing that model already guarantees; it finds buckets and shards, sends one message a
// shard to its leader through host/peer, and merges the answers. All calls are asynchronous: the
// callback fires exactly once, on any thread, and must not block. Any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/base/clock.h"
#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/model/operation.h"
#include "host/model/query.h"
#include "host/model/topology.h"

namespace rhumb::gateway {

template <typename T>
using Callback = std::function<void(base::Result<T>)>;
using Done = std::function<void(base::Status)>;
// For the reply of a request that was carried out: what it asked for and did not get.
using Warnings = std::vector<std::string>;
using CollectionPtr = std::shared_ptr<const model::Collection>;

// Expired before commit: kTimeout, outcome unknown. Committed but not applied in time:
// UpdateStatus::kWaitTimeout.
struct WriteOptions {
  bool wait = false;
  base::Deadline deadline;
  // hash of the client's id and all that it sent; such a request is carried out once. Zeros: none
  std::array<uint8_t, 16> request_id{};
  // asks what an earlier attempt at the request did; kNotFound if there was none
  bool only_known = false;
};
enum class UpdateStatus : uint8_t { kAcknowledged, kCompleted, kWaitTimeout };
struct UpdateResult {
  uint64_t operation_id = 0;  // log index, the highest over the shards
  UpdateStatus status = UpdateStatus::kAcknowledged;
  uint64_t affected = 0;  // points changed; counts only when completed
};

struct ReadOptions {
  bool linearizable = false;  // consistency=linearizable: a read index per shard
  std::string session;        // X-Rhumb-Session as received, empty = this gateway's own guarantee
  base::Deadline deadline;
};

struct ScrollPage {
  std::vector<model::Record> points;
  std::optional<model::PointId> next;
};

struct CollectionState {
  CollectionPtr collection;
  std::vector<model::ShardState> shards;  // one per shard, of the replica asked
  Warnings warnings;                      // what the configuration asks for and does not get
};

struct AliasAction {
  enum class Kind : uint8_t { kCreate, kDelete, kRename } kind = Kind::kCreate;
  std::string collection, alias, new_alias;
};

// A change of a collection's configuration; absent members stay.
struct CollectionChange {
  // Whole new configuration, made by the REST front from the present one (config_version tells
  // which): refused with kExists if it moved on.
  model::CollectionConfig config;
  uint64_t seen_version = 0;
};

class Gateway {
 public:
  virtual ~Gateway() = default;

  // The newest map this gateway holds. find() resolves aliases; kNotFound has the text that clients
  // match.
  virtual std::shared_ptr<const model::ClusterMap> map() const = 0;
  virtual base::Result<CollectionPtr> find(const std::string& name_or_alias) const = 0;

  // Definition. Creating and dropping take real names only, everything else that names a collection
  // takes an alias as well. Answered when this gateway holds the map that shows the change, and
  // (create) every replica is ready.
  virtual void create_collection(std::string name, model::CollectionConfig config,
                                 base::Deadline deadline, Callback<Warnings> done) = 0;
  virtual void update_collection(std::string name, CollectionChange change, base::Deadline deadline,
                                 Callback<Warnings> done) = 0;
  // false: no collection has this name
  virtual void drop_collection(std::string name, base::Deadline deadline, Callback<bool> done) = 0;
  // all or nothing
  virtual void change_aliases(std::vector<AliasAction> actions, base::Deadline deadline,
                              Done done) = 0;
  // Payload index: answered when every shard has built it (wait) or the map shows it.
  virtual void create_payload_index(CollectionPtr collection, std::string field,
                                    model::PayloadIndexConfig config, WriteOptions options,
                                    Callback<UpdateResult> done) = 0;
  virtual void drop_payload_index(CollectionPtr collection, std::string field, WriteOptions options,
                                  Callback<UpdateResult> done) = 0;
  virtual void state(CollectionPtr collection, base::Deadline deadline,
                     Callback<CollectionState> done) = 0;

  // Writes. The operations are proposed in order; atomic per operation and shard. One result per
  // operation.
  virtual void write(CollectionPtr collection, std::vector<model::Operation> operations,
                     WriteOptions options, Callback<std::vector<UpdateResult>> done) = 0;

  // Reads. search: one list per request, each sorted best first, `limit` hits at most (offset is
  // applied by the caller).
  virtual void search(CollectionPtr collection, std::vector<model::SearchRequest> requests,
                      ReadOptions options, Callback<std::vector<model::SearchResult>> done) = 0;
  // in the order asked, missing left out
  virtual void get(CollectionPtr collection, model::GetRequest request, ReadOptions options,
                   Callback<std::vector<model::Record>> done) = 0;
  virtual void scroll(CollectionPtr collection, model::ScrollRequest request, ReadOptions options,
                      Callback<ScrollPage> done) = 0;
  virtual void count(CollectionPtr collection, model::CountRequest request, ReadOptions options,
                     Callback<uint64_t> done) = 0;

  // For the X-Rhumb-Session header: the state that a client who saw this gateway's answers has
  // seen, of one collection.
  virtual std::string session_token(const CollectionPtr& collection) const = 0;
};

}  // namespace rhumb::gateway
