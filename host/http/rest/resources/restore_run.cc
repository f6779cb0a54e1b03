#include "host/http/rest/resources/restore_run.h"

#include "host/base/log.h"

namespace rhumb::http::rest::snapshots {

using base::Status;

Status RestoreRun::begin() {
  RHUMB_ASSIGN(std::string directory, x_->options.snapshots->temporary_path());
  RHUMB_ASSIGN(unpacker_, archive::Unpacker::begin({.directory = std::move(directory)}));
  return base::ok();
}

void RestoreRun::fail(const Status& why) {
  unpacker_.reset();
  if (!aborted()) x_->fail(why);
}

void RestoreRun::finish() {
  const auto unpacked = unpacker_->finish(request_.checksum);
  if (!unpacked.ok()) return fail(unpacked.status());
  if (aborted()) return unpacker_.reset();
  if (!wait_) x_->accept();
  x_->options.snapshot_engine->restore(scope_, std::move(unpacker_), request_.priority,
                                       restore_answer(x_, wait_));
}

gateway::Done restore_answer(const CallPtr& x, bool wait) {
  return [x, wait](const Status& done) {
    if (!done.ok())
      base::log_error("http", "a snapshot was not restored",
                      {{"request_id", x->request->request_id}, {"error", done.message()}});
    if (!wait) return;
    if (done.ok())
      x->ok("true");
    else
      x->fail(done);
  };
}

}  // namespace rhumb::http::rest::snapshots
