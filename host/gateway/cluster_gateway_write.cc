// Writes: operations are split over the shards that own their points, sent as one message per
// shard, and answered together.
#include <algorithm>
#include <map>

#include "host/gateway/cluster_gateway.h"
#include "host/gateway/gather.h"
#include "host/gateway/write_rules.h"

namespace rhumb::gateway {

using base::Code;
using base::Status;
using model::Operation;

// What one shard is sent, and the client's operation that each entry is a part of.
struct ClusterGateway::Split {
  const model::ShardPlacement* shard = nullptr;
  std::vector<Operation> operations;
  std::vector<size_t> of;  // parallel to operations
};

namespace {

// Copies what all parts of an operation share, without its points and ids.
Operation shell(const Operation& o) {
  Operation copy;
  copy.kind = o.kind;
  copy.payload = o.payload;
  copy.payload_key = o.payload_key;
  copy.names = o.names;
  copy.mode = o.mode;
  copy.filter = o.filter;
  copy.update_filter = o.update_filter;
  return copy;
}

std::vector<std::string_view> keys_of(const Operation& o) {
  std::vector<std::string_view> keys;
  keys.reserve(o.points.size() + o.ids.size());
  for (const model::PointWrite& p : o.points) keys.push_back(p.id.key());
  for (const model::PointId& id : o.ids) keys.push_back(id.key());
  return keys;
}

UpdateStatus worse(UpdateStatus a, UpdateStatus b) {
  if (a == UpdateStatus::kWaitTimeout || b == UpdateStatus::kWaitTimeout)
    return UpdateStatus::kWaitTimeout;
  return a == UpdateStatus::kAcknowledged ? a : b;
}

}  // namespace

base::Result<std::vector<ClusterGateway::Split>> ClusterGateway::split(
    const model::Collection& collection, std::vector<Operation> operations) const {
  std::vector<Split> splits(collection.shards.size());
  std::map<uint64_t, size_t> position;
  for (size_t i = 0; i < splits.size(); ++i) {
    splits[i].shard = &collection.shards[i];
    position[collection.shards[i].shard] = i;
  }
  for (size_t n = 0; n < operations.size(); ++n) {
    Operation& operation = operations[n];
    if (splits.size() == 1 || operation.filter) {  // every shard resolves the filter itself
      for (size_t i = 0; i < splits.size(); ++i) {
        splits[i].of.push_back(n);
        if (i + 1 == splits.size())
          splits[i].operations.push_back(std::move(operation));  // NOLINT(bugprone-use-after-move)
        else
          splits[i].operations.push_back(shell(operation));
      }
      continue;
    }
    RHUMB_ASSIGN(const auto buckets, router_.place(keys_of(operation)));
    std::vector<Operation*> part(splits.size(), nullptr);
    auto part_of = [&](uint32_t bucket) -> Operation& {
      const size_t i = position.at(collection.shard_of_bucket(bucket));
      if (part[i] == nullptr) {
        splits[i].operations.push_back(shell(operation));
        splits[i].of.push_back(n);
        part[i] = &splits[i].operations.back();
      }
      return *part[i];
    };
    for (size_t p = 0; p < operation.points.size(); ++p)
      part_of(buckets[p]).points.push_back(std::move(operation.points[p]));
    for (size_t p = 0; p < operation.ids.size(); ++p)
      part_of(buckets[operation.points.size() + p]).ids.push_back(std::move(operation.ids[p]));
  }
  std::erase_if(splits, [](const Split& s) { return s.operations.empty(); });
  return splits;
}

void ClusterGateway::write(CollectionPtr collection, std::vector<Operation> operations,
                           WriteOptions options, Callback<std::vector<UpdateResult>> done) {
  if (const Status status = check(operations, collection->config); !status.ok())
    return done(status);
  for (Operation& operation : operations) merge_equal_ids(operation);
  const auto updates = [](const Operation& o) {
    return o.kind == model::OperationKind::kUpdateVectors;
  };
  if (std::none_of(operations.begin(), operations.end(), updates))
    return write_known(collection, std::move(operations), options, std::move(done));
  const auto given = std::make_shared<std::vector<Operation>>(std::move(operations));
  check_known(collection, *given, options.deadline,
              [this, collection, given, options, done = std::move(done)](const Status& status) {
                if (status.ok()) return write_known(collection, std::move(*given), options, done);
                if (status.code() != Code::kNotFound ||
                    options.request_id == decltype(options.request_id){})
                  return done(status);
                // A request that is repeated after its point was deleted is answered with what it
                // did the first time.
                WriteOptions retry = options;
                retry.only_known = true;
                write_known(collection, std::move(*given), retry,
                            [status, done](base::Result<std::vector<UpdateResult>> before) {
                              done(before.ok() ? std::move(before)
                                               : base::Result<std::vector<UpdateResult>>(status));
                            });
              });
}

void ClusterGateway::write_known(const CollectionPtr& collection, std::vector<Operation> operations,
                                 const WriteOptions& options,
                                 Callback<std::vector<UpdateResult>> done) {
  const size_t count = operations.size();
  auto splits = split(*collection, std::move(operations));
  if (!splits.ok()) return done(splits.status());
  std::vector<uint64_t> shards;
  std::vector<std::vector<size_t>> of;
  for (Split& s : *splits) {
    shards.push_back(s.shard->shard);
    of.push_back(std::move(s.of));
  }
  const UpdateResult start{0,
                           options.wait ? UpdateStatus::kCompleted : UpdateStatus::kAcknowledged};
  // For example a delete of no ids.
  if (shards.empty()) return done(std::vector<UpdateResult>(count, start));
  auto gather = Gather<peer::WriteReply>::of(
      shards.size(), [this, count, start, options, shards, of = std::move(of),
                      done = std::move(done)](base::Result<std::vector<peer::WriteReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        std::vector<UpdateResult> results(count, start);
        for (size_t s = 0; s < replies->size(); ++s) {
          const auto& outcomes = (*replies)[s].outcomes;
          if (outcomes.size() != of[s].size())
            return done(base::internal(
                "write: a shard answered another number of operations than it was sent"));
          for (size_t i = 0; i < outcomes.size(); ++i) {
            UpdateResult& result = results[of[s][i]];
            result.operation_id = std::max(result.operation_id, outcomes[i].index);
            if (!options.wait) continue;
            result.affected += outcomes[i].affected;
            if (outcomes[i].applied) guarantee_.raise(shards[s], outcomes[i].index);
            result.status = worse(result.status, outcomes[i].applied ? UpdateStatus::kCompleted
                                                                     : UpdateStatus::kWaitTimeout);
          }
        }
        done(std::move(results));
      });
  for (size_t i = 0; i < splits->size(); ++i) {
    Split& s = (*splits)[i];
    peer::WriteRequest message;
    message.shard = s.shard->shard;
    message.request_id = options.request_id;
    message.wait = options.wait;
    message.only_known = options.only_known;
    message.operations = std::move(s.operations);
    ask<peer::WriteRequest>(*collection, *s.shard, std::move(message), options.deadline,
                            gather->part(i));
  }
}

}  // namespace rhumb::gateway
