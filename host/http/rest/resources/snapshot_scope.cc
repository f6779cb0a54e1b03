#include "host/http/rest/resources/snapshot_scope.h"

#include <charconv>

#include "host/base/limits.h"
#include "host/http/rest/parse/collection_body.h"

namespace rhumb::http::rest::snapshots {

using archive::SnapshotScope;
using base::Result;

Result<SnapshotScope> existing_scope(const CallPtr& x) {
  if (!x->captures.contains("collection_name")) return SnapshotScope{};
  RHUMB_ASSIGN(const gateway::CollectionPtr collection, x->collection());
  SnapshotScope scope{collection->name, {}};
  const auto capture = x->captures.find("shard_id");
  if (capture == x->captures.end()) return scope;
  // On the wire, shards are numbered from 0 in the order of the collection.
  const std::string& text = capture->second;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return base::invalid("shard_id: '" + text + "' is no number of a shard");
  if (number >= collection->shards.size())
    return base::not_found("Shard " + text + " of collection `" + collection->name +
                           "` doesn't exist!");
  scope.shard = number;
  return scope;
}

Result<SnapshotScope> target_scope(const CallPtr& x) {
  if (!x->captures.contains("collection_name")) return SnapshotScope{};
  const std::string& name = x->capture("collection_name");
  if (x->captures.contains("shard_id") || x->collection().ok()) return existing_scope(x);
  RHUMB_TRY(check_name(name, "collection_name", base::limits::kMaxNameBytes));
  return SnapshotScope{name, {}};
}

base::Status engine_serves(const CallPtr& x) {
  if (x->options.snapshots != nullptr && x->options.snapshot_engine != nullptr) return base::ok();
  return base::unsupported("making and restoring snapshots (" + std::string(x->request->method) +
                           " " + std::string(x->request->path) + ")");
}

}  // namespace rhumb::http::rest::snapshots
