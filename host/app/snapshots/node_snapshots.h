// The node's snapshots behind the REST API: one job at a time makes or restores one.
#pragma once

#include <atomic>
#include <memory>

#include "host/app/snapshots/parts.h"
#include "host/base/executor.h"
#include "host/http/rest/snapshot_engine.h"

namespace rhumb::app {

class NodeSnapshots final : public http::rest::SnapshotEngine {
 public:
  // Everything that `parts` names outlives this object. `parts.stopping` is set here.
  explicit NodeSnapshots(SnapshotParts parts);
  ~NodeSnapshots() override;

  // kBusy when too many jobs wait.
  void create(archive::SnapshotScope scope, gateway::Callback<archive::SnapshotFile> done) override;
  // A shard has one replica today, so the priority makes no difference.
  void restore(archive::SnapshotScope scope, std::unique_ptr<archive::Unpacker> files,
               http::rest::SnapshotPriority priority, gateway::Done done) override;
  base::Status may_fetch(const std::string& url) const override {
    return parts_.allowed_urls.check(url);
  }
  void fetch(archive::SnapshotScope scope, http::rest::SnapshotUrl from,
             http::rest::SnapshotPriority priority, gateway::Done done) override;
  void branch(std::string collection, std::string name, gateway::Done done) override;

  // The job that runs ends as soon as it can, and fails. So do those that wait.
  void cancel() { stopping_.store(true); }
  void stop();  // blocks until no job runs; after cancel(), and after the worker has stopped

 private:
  base::Status fetch_and_restore(const archive::SnapshotScope& scope,
                                 const http::rest::SnapshotUrl& from);

  SnapshotParts parts_;
  std::atomic<bool> stopping_{false};
  base::Executor jobs_;
};

}  // namespace rhumb::app
