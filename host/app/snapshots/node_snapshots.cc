#include "host/app/snapshots/node_snapshots.h"

#include <utility>

#include "host/app/snapshots/branch.h"
#include "host/app/snapshots/download.h"
#include "host/app/snapshots/make.h"
#include "host/app/snapshots/restore.h"
#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/metrics.h"

namespace rhumb::app {

using archive::SnapshotFile;
using archive::SnapshotScope;
using base::Result;
using base::Status;

namespace {

constexpr uint32_t kMaxWaitingJobs = 64;
const Status kStopping(base::Code::kUnavailable, "stopping");

void count(const char* kind, bool ok) {
  base::counter("rhumb_snapshots_total", {{"job", kind}, {"outcome", ok ? "done" : "failed"}})
      .add();
}

}  // namespace

NodeSnapshots::NodeSnapshots(SnapshotParts parts)
    : parts_(std::move(parts)), jobs_("rhumb-snapshot", 1, kMaxWaitingJobs) {
  parts_.stopping = [this] { return stopping_.load(); };
}

NodeSnapshots::~NodeSnapshots() {
  cancel();
  stop();
}

void NodeSnapshots::stop() { jobs_.stop(); }

void NodeSnapshots::create(SnapshotScope scope, gateway::Callback<SnapshotFile> done) {
  const auto told = std::make_shared<gateway::Callback<SnapshotFile>>(std::move(done));
  const Status posted = jobs_.post([this, scope = std::move(scope), told] {
    const uint64_t began = base::monotonic_ns();
    auto made = stopping_ ? Result<SnapshotFile>(kStopping) : make_snapshot(parts_, scope);
    count("create", made.ok());
    if (made.ok())
      base::log_info("app", "snapshot made",
                     {{"collection", scope.collection},
                      {"name", made->name},
                      {"bytes", made->bytes},
                      {"ms", (base::monotonic_ns() - began) / 1'000'000}});
    else
      base::log_error("app", "a snapshot was not made",
                      {{"collection", scope.collection}, {"error", made.status().message()}});
    (*told)(std::move(made));
  });
  if (!posted.ok()) (*told)(posted);
}

void NodeSnapshots::restore(SnapshotScope scope, std::unique_ptr<archive::Unpacker> files,
                            http::rest::SnapshotPriority /*priority*/, gateway::Done done) {
  const auto told = std::make_shared<gateway::Done>(std::move(done));
  const Status posted =
      jobs_.post([this, scope = std::move(scope), files = std::move(files), told]() mutable {
        const Status restored =
            stopping_ ? kStopping : restore_snapshot(parts_, scope, files->directory());
        count("restore", restored.ok());
        files.reset();  // the answer finds nothing left on the disk
        (*told)(restored);
      });
  if (!posted.ok()) (*told)(posted);
}

void NodeSnapshots::fetch(SnapshotScope scope, http::rest::SnapshotUrl from,
                          http::rest::SnapshotPriority /*priority*/, gateway::Done done) {
  const auto told = std::make_shared<gateway::Done>(std::move(done));
  const Status posted =
      jobs_.post([this, scope = std::move(scope), from = std::move(from), told]() mutable {
        const Status restored = stopping_ ? kStopping : fetch_and_restore(scope, from);
        count("restore", restored.ok());
        (*told)(restored);
      });
  if (!posted.ok()) (*told)(posted);
}

Status NodeSnapshots::fetch_and_restore(const SnapshotScope& scope,
                                        const http::rest::SnapshotUrl& from) {
  RHUMB_TRY(may_fetch(from.url));
  RHUMB_ASSIGN(std::string directory, parts_.store->temporary_path());
  RHUMB_ASSIGN(const auto files, archive::Unpacker::begin({.directory = std::move(directory)}));
  RHUMB_TRY(download(
      from.url, from.api_key, [&](std::string_view bytes) { return files->feed(bytes); },
      parts_.stopping));
  RHUMB_TRY(files->finish(from.checksum).status());
  return restore_snapshot(parts_, scope, files->directory());
}

void NodeSnapshots::branch(std::string collection, std::string name, gateway::Done done) {
  const auto told = std::make_shared<gateway::Done>(std::move(done));
  const Status posted =
      jobs_.post([this, collection = std::move(collection), name = std::move(name), told] {
        (*told)(stopping_ ? kStopping : branch_collection(parts_, collection, name));
      });
  if (!posted.ok()) (*told)(posted);
}

}  // namespace rhumb::app
