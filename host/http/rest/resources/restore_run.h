// One archive on its way from a request into the engine.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "host/archive/snapshot_name.h"
#include "host/archive/unpacker.h"
#include "host/http/rest/call.h"
#include "host/http/rest/parse/snapshot_request.h"

namespace rhumb::http::rest::snapshots {

// Owns what is unpacked until the engine takes it over; without that, the destructor removes it
// from the disk. The tasks of the pool use it one after the other; abort() comes on any thread.
class RestoreRun {
 public:
  // `x` has a store and an engine.
  RestoreRun(CallPtr x, archive::SnapshotScope scope, RestoreRequest request, bool wait)
      : x_(std::move(x)), scope_(std::move(scope)), request_(std::move(request)), wait_(wait) {}

  base::Status begin();  // before feed(); works on the disk, so not on a loop
  base::Status feed(std::string_view bytes) { return unpacker_->feed(bytes); }
  // The archive has come whole. Checks it, hands it to the engine and answers.
  void finish();
  void fail(const base::Status& why);  // answers, unless the front has
  void abort() { aborted_.store(true); }
  bool aborted() const { return aborted_.load(); }
  const CallPtr& call() const { return x_; }

 private:
  const CallPtr x_;
  const archive::SnapshotScope scope_;
  const RestoreRequest request_;
  const bool wait_;  // Whether the answer waits for the engine. Otherwise it is 202.
  std::unique_ptr<archive::Unpacker> unpacker_;
  std::atomic<bool> aborted_{false};
};

// Answers when a restore has ended. Without `wait` the call was answered before.
gateway::Done restore_answer(const CallPtr& x, bool wait);

}  // namespace rhumb::http::rest::snapshots
