// Puts restored shards into the map: their ids are taken first, so that their directories are whole
// before any map names them.
#include "host/gateway/cluster_gateway.h"

namespace rhumb::gateway {

namespace {
// How often ids are asked for while others make collections.
constexpr uint32_t kMaxReserveAttempts = 16;
}  // namespace

void ClusterGateway::reserve_shards(uint32_t count, base::Deadline deadline,
                                    Callback<uint64_t> done) {
  try_to_reserve(count, kMaxReserveAttempts, deadline, std::move(done));
}

void ClusterGateway::try_to_reserve(uint32_t count, uint32_t attempts_left, base::Deadline deadline,
                                    Callback<uint64_t> done) {
  const auto known = map();
  change_metadata(placement::to_json(placement::ReserveShards{known->next_shard, count}), deadline,
                  [this, known, count, attempts_left, deadline,
                   done = std::move(done)](const base::Result<peer::MetadataReply>& reply) {
                    if (reply.ok()) return done(known->next_shard);
                    if (reply.status().code() != base::Code::kExists || attempts_left <= 1)
                      return done(reply.status());
                    // A refused command makes a new version of the map, too.
                    await_map(known->version + 1, [this, count, attempts_left, deadline,
                                                   done](const base::Status& newer) {
                      if (!newer.ok()) return done(newer);
                      try_to_reserve(count, attempts_left - 1, deadline, done);
                    });
                  });
}

void ClusterGateway::restore_collection(placement::RestoreCollection command,
                                        base::Deadline deadline, Done done) {
  const std::string name = command.name;
  change_metadata(placement::to_json(command), deadline,
                  [this, name, deadline,
                   done = std::move(done)](const base::Result<peer::MetadataReply>& reply) {
                    if (!reply.ok()) return done(reply.status());
                    await_config(name, reply->index, deadline, done);
                  });
}

}  // namespace rhumb::gateway
