// What makes and restores snapshots behind the REST API. The front itself knows names, archives and
// replies only.
#pragma once

#include <memory>
#include <string>

#include "host/archive/snapshot_name.h"
#include "host/archive/snapshot_store.h"
#include "host/archive/unpacker.h"
#include "host/gateway/gateway.h"

namespace rhumb::http::rest {

// Which data count where the snapshot and the other replicas of a shard differ.
enum class SnapshotPriority : uint8_t { kReplica, kSnapshot, kNoSync };

struct SnapshotUrl {
  std::string url;       // http:// or https://
  std::string api_key;   // for the server of the URL; may be empty
  std::string checksum;  // SHA-256 that the archive has to have; empty: any
};

class SnapshotEngine {
 public:
  virtual ~SnapshotEngine() = default;

  // Packs a new snapshot into the store. `done` may come on any thread.
  virtual void create(archive::SnapshotScope scope,
                      gateway::Callback<archive::SnapshotFile> done) = 0;
  // `files` has unpacked a whole archive whose checksum was right. The engine verifies what is in
  // it, and calls keep() if it takes the directory over; otherwise the directory goes with the
  // object. The collection of the scope need not exist. `done` may come on any thread.
  virtual void restore(archive::SnapshotScope scope, std::unique_ptr<archive::Unpacker> files,
                       SnapshotPriority priority, gateway::Done done) = 0;
  // kForbidden: the operator does not let this URL be fetched.
  virtual base::Status may_fetch(const std::string& url) const = 0;
  // Fetches an archive from a URL, and restores it as restore() does.
  virtual void fetch(archive::SnapshotScope scope, SnapshotUrl from, SnapshotPriority priority,
                     gateway::Done done) = 0;
  // Makes a second collection of the points that the first one has now. kExists: `name` is taken.
  virtual void branch(std::string collection, std::string name, gateway::Done done) = 0;
};

}  // namespace rhumb::http::rest
