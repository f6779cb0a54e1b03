// Defines collections: a command goes to the metadata's leader, and the call then waits until this
// gateway sees the change and the shards have carried it out.
#include <algorithm>

#include "host/base/limits.h"
#include "host/base/uuid.h"
#include "host/gateway/cluster_gateway.h"
#include "host/gateway/definition_rules.h"
#include "host/gateway/gather.h"
#include "host/placement/command.h"
#include "host/placement/driver.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;

// How often an edit of a configuration is tried while others change the same configuration.
constexpr uint32_t kMaxEditAttempts = 16;

Done with_warnings(Warnings warnings, Callback<Warnings> done) {
  return [warnings = std::move(warnings), done = std::move(done)](const Status& status) {
    if (!status.ok()) return done(status);
    done(warnings);
  };
}

// Replaces a kTimeout status by one that says that the change of the definition continues.
Status still_going_on(const Status& status) {
  if (status.code() != Code::kTimeout) return status;
  return {Code::kTimeout,
          "the change is accepted but not finished in time; it goes on (" + status.message() + ")"};
}

// Only a name that the action makes has to be a good one.
Status check_alias(const AliasAction& action) {
  constexpr size_t kMax = base::limits::kMaxNameBytes;
  switch (action.kind) {
    case AliasAction::Kind::kCreate:
      return check_name(action.alias, "alias_name", kMax);
    case AliasAction::Kind::kRename:
      return check_name(action.new_alias, "new_alias_name", kMax);
    case AliasAction::Kind::kDelete:
      break;
  }
  return base::ok();
}

}  // namespace

void ClusterGateway::change_metadata(std::string json, base::Deadline deadline, Versioned done) {
  traced_call<peer::MetadataCommand>(
      placement(), {}, {std::move(json)}, deadline,
      [this, done = std::move(done)](base::Result<peer::MetadataReply> reply) {
        if (!reply.ok()) return done(reply.status());
        const base::TraceContext& trace = base::current_trace();
        await_map(reply->index, [done, reply = *reply, trace](const Status& status) {
          const base::TraceScope scope(trace);
          if (!status.ok()) return done(status);
          done(reply);
        });
      });
}

void ClusterGateway::await_config(const std::string& name, uint64_t version,
                                  base::Deadline deadline, Done done) {
  CollectionPtr collection = map()->find(name);
  // Dropped in the meantime, so no shard has to be ready.
  if (collection == nullptr) return done(base::ok());
  auto gather = Gather<peer::EmptyReply>::of(
      collection->shards.size(),
      [done = std::move(done)](const base::Result<std::vector<peer::EmptyReply>>& all) {
        done(all.ok() ? base::ok() : still_going_on(all.status()));
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    const model::ShardPlacement& shard = collection->shards[i];
    ask<peer::AwaitConfigMessage>(*collection, shard, {shard.shard, version}, deadline,
                                  gather->part(i));
  }
}

void ClusterGateway::create_collection(std::string name, model::CollectionConfig config,
                                       base::Deadline deadline, Callback<Warnings> done) {
  Status status = check_name(name, "collection_name", base::limits::kMaxNameBytes);
  if (status.ok()) status = check(config);
  if (!status.ok()) return done(status);
  auto plan = placement::plan_creation(
      *map(), {name, base::uuid_text(base::random_uuid()), std::move(config)}, router_);
  if (!plan.ok()) return done(plan.status());
  change_metadata(placement::to_json(plan->command), deadline,
                  [this, name, deadline, warnings = std::move(plan->warnings),
                   done = std::move(done)](base::Result<peer::MetadataReply> reply) {
                    if (!reply.ok()) return done(reply.status());
                    await_config(name, reply->index, deadline, with_warnings(warnings, done));
                  });
}

void ClusterGateway::update_collection(std::string name, CollectionChange change,
                                       base::Deadline deadline, Callback<Warnings> done) {
  auto collection = find(name);
  if (!collection.ok()) return done(collection.status());
  if (const Status status = check(change.config); !status.ok()) return done(status);
  placement::UpdateCollection command{(*collection)->name, change.seen_version,
                                      std::move(change.config)};
  model::Collection changed(**collection);
  changed.config.replication_factor = command.config.replication_factor;
  Warnings warnings;
  if (auto text = placement::replica_warning(changed)) warnings.push_back(std::move(*text));
  change_metadata(placement::to_json(command), deadline,
                  [this, name, deadline, warnings = std::move(warnings),
                   done = std::move(done)](base::Result<peer::MetadataReply> reply) {
                    if (!reply.ok()) return done(reply.status());
                    await_config(name, reply->index, deadline, with_warnings(warnings, done));
                  });
}

void ClusterGateway::drop_collection(std::string name, base::Deadline deadline,
                                     Callback<bool> done) {
  // Only the real name is taken, because a client who deletes an alias does not mean its
  // collection.
  if (!map()->collections.contains(name)) return done(false);
  change_metadata(placement::to_json(placement::DropCollection{std::move(name)}), deadline,
                  [done = std::move(done)](base::Result<peer::MetadataReply> reply) {
                    if (!reply.ok()) return done(reply.status());
                    done(reply->changed);
                  });
}

void ClusterGateway::change_aliases(std::vector<AliasAction> actions, base::Deadline deadline,
                                    Done done) {
  placement::ChangeAliases command;
  for (AliasAction& a : actions) {
    if (const Status status = check_alias(a); !status.ok()) return done(status);
    command.actions.push_back({static_cast<placement::AliasChange::Kind>(a.kind),
                               std::move(a.collection), std::move(a.alias),
                               std::move(a.new_alias)});
  }
  change_metadata(placement::to_json(command), deadline,
                  [done = std::move(done)](const base::Result<peer::MetadataReply>& reply) {
                    done(reply.ok() ? base::ok() : reply.status());
                  });
}

// Reads the configuration, edits it and proposes the whole of it. Another change in between is
// noticed by its version, and the edit is then made again.
void ClusterGateway::edit_config(std::string name, Edit edit, base::Deadline deadline,
                                 uint32_t attempts_left, Callback<uint64_t> done) {
  auto collection = find(name);
  if (!collection.ok()) return done(collection.status());
  placement::UpdateCollection command{(*collection)->name, (*collection)->config_version,
                                      (*collection)->config};
  const base::Result<bool> edited = edit(command.config);
  if (!edited.ok()) return done(edited.status());
  if (!*edited) return done((*collection)->config_version);
  if (const Status status = check(command.config); !status.ok()) return done(status);
  std::string json = placement::to_json(command);
  change_metadata(std::move(json), deadline,
                  [this, name = std::move(name), edit = std::move(edit), deadline, attempts_left,
                   done = std::move(done)](base::Result<peer::MetadataReply> reply) {
                    if (reply.ok()) return done(reply->index);
                    if (reply.status().code() == Code::kExists && attempts_left > 1)
                      return edit_config(name, edit, deadline, attempts_left - 1, done);
                    done(reply.status());
                  });
}

void ClusterGateway::change_index(const CollectionPtr& collection, Edit edit, WriteOptions options,
                                  Callback<UpdateResult> done) {
  const std::string name = collection->name;
  edit_config(name, std::move(edit), options.deadline, kMaxEditAttempts,
              [this, name, options, done = std::move(done)](base::Result<uint64_t> version) {
                if (!version.ok()) return done(version.status());
                if (!options.wait) return done(UpdateResult{*version, UpdateStatus::kAcknowledged});
                await_config(name, *version, options.deadline,
                             [done, version = *version](const Status& status) {
                               if (status.code() == Code::kTimeout)
                                 return done(UpdateResult{version, UpdateStatus::kWaitTimeout});
                               if (!status.ok()) return done(status);
                               done(UpdateResult{version, UpdateStatus::kCompleted});
                             });
              });
}

void ClusterGateway::create_payload_index(CollectionPtr collection, std::string field,
                                          model::PayloadIndexConfig config, WriteOptions options,
                                          Callback<UpdateResult> done) {
  change_index(
      collection,
      [field = std::move(field),
       config = std::move(config)](model::CollectionConfig& c) -> base::Result<bool> {
        auto it = c.payload_indexes.find(field);
        if (it != c.payload_indexes.end() && it->second.type == config.type &&
            it->second.params_json == config.params_json)
          return false;
        if (it == c.payload_indexes.end() &&
            c.payload_indexes.size() >= base::limits::kMaxPayloadIndexes) {
          return base::invalid("field_name: " + std::to_string(base::limits::kMaxPayloadIndexes) +
                               " payload indexes exist, which is the limit");
        }
        c.payload_indexes[field] = config;
        return true;
      },
      options, std::move(done));
}

void ClusterGateway::drop_payload_index(CollectionPtr collection, std::string field,
                                        WriteOptions options, Callback<UpdateResult> done) {
  change_index(
      collection,
      [field = std::move(field)](model::CollectionConfig& c) -> base::Result<bool> {
        return c.payload_indexes.erase(field) > 0;
      },
      options, std::move(done));
}

void ClusterGateway::state(CollectionPtr collection, base::Deadline deadline,
                           Callback<CollectionState> done) {
  auto gather = Gather<peer::ShardStateReply>::of(
      collection->shards.size(),
      [collection, done = std::move(done)](base::Result<std::vector<peer::ShardStateReply>> all) {
        if (!all.ok()) return done(all.status());
        CollectionState state{collection, {}, {}};
        if (auto text = placement::replica_warning(*collection))
          state.warnings.push_back(std::move(*text));
        for (peer::ShardStateReply& reply : *all) state.shards.push_back(std::move(reply.state));
        done(std::move(state));
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    ask<peer::ShardStateMessage>(*collection, collection->shards[i], {collection->shards[i].shard},
                                 deadline, gather->part(i));
  }
}

}  // namespace rhumb::gateway
