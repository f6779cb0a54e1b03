#include "host/http/rest/resources/snapshots.h"

#include <sys/stat.h>

#include <charconv>

#include "host/base/limits.h"
#include "host/http/file_reply.h"
#include "host/http/rest/reply/snapshots.h"
#include "host/http/rest/resources/restore_run.h"
#include "host/http/rest/resources/snapshot_scope.h"

namespace rhumb::http::rest::snapshots {

using archive::SnapshotFile;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kSnapshotType = "application/octet-stream";

// Feeds a local file piece by piece. Each piece is a task of its own, so that others get their
// turn.
class LocalArchive : public std::enable_shared_from_this<LocalArchive> {
 public:
  LocalArchive(std::shared_ptr<RestoreRun> run, base::File file, uint64_t bytes)
      : run_(std::move(run)), file_(std::move(file)), left_(bytes) {}

  void step() {
    if (run_->call()->request->cancelled()) run_->abort();
    if (run_->aborted()) return;
    if (left_ == 0) return run_->finish();
    std::string piece(std::min(left_, base::limits::kArchivePieceBytes), '\0');
    Status status = file_.read_at(at_, piece.data(), piece.size());
    if (status.ok()) status = run_->feed(piece);
    if (!status.ok()) return run_->fail(status);
    at_ += piece.size();
    left_ -= piece.size();
    status = run_->call()->options.pool->post([self = shared_from_this()] { self->step(); });
    if (!status.ok()) run_->fail(status);
  }

 private:
  const std::shared_ptr<RestoreRun> run_;
  const base::File file_;
  uint64_t at_ = 0, left_ = 0;
};

// Opening a pipe would wait for its other end, so the kind is looked at first.
Result<base::File> open_archive(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode))
    return base::invalid("location: there is no regular file at " + path);
  return base::File::open_ro(path);
}

void recover_from_url(const CallPtr& x, const archive::SnapshotScope& scope,
                      const RecoverRequest& request, bool wait) {
  SnapshotEngine& engine = *x->options.snapshot_engine;
  if (const Status allowed = engine.may_fetch(request.url); !allowed.ok()) return x->fail(allowed);
  if (!wait) x->accept();
  engine.fetch(scope, {request.url, request.api_key, request.checksum}, request.priority,
               restore_answer(x, wait));
}

}  // namespace

void list(const CallPtr& x) {
  const auto scope = existing_scope(x);
  if (!scope.ok()) return x->fail(scope.status());
  const auto found = x->options.snapshots->list(*scope);
  if (!found.ok()) return x->fail(found.status());
  x->ok(snapshots_json(*found));
}

void download(const CallPtr& x) {
  const auto scope = existing_scope(x);
  if (!scope.ok()) return x->fail(scope.status());
  const std::string& name = x->capture("snapshot_name");
  const auto found = x->options.snapshots->find(*scope, name);
  if (!found.ok()) return x->fail(found.status());
  auto file = x->options.snapshots->open_file(*scope, name);
  if (!file.ok()) return x->fail(file.status());
  // Without a checksum the size and the time tell one content from another.
  const std::string tag = found->checksum.value_or(std::to_string(found->bytes) + "-" +
                                                   std::to_string(found->created_seconds));
  send_file(x->take_reply(), *x->request, {std::move(*file), name, std::string(kSnapshotType), tag},
            *x->options.pool);
}

void remove(const CallPtr& x) {
  const auto scope = existing_scope(x);
  if (!scope.ok()) return x->fail(scope.status());
  const Status removed = x->options.snapshots->remove(*scope, x->capture("snapshot_name"));
  if (!removed.ok()) return x->fail(removed);
  x->ok("true");
}

void create(const CallPtr& x) {
  const auto scope = existing_scope(x);
  if (!scope.ok()) return x->fail(scope.status());
  if (const Status served = engine_serves(x); !served.ok()) return x->fail(served);
  const auto wait = x->flag("wait", true);
  if (!wait.ok()) return x->fail(wait.status());
  if (!*wait) x->accept();
  x->options.snapshot_engine->create(*scope, [x, wait = *wait](Result<SnapshotFile> made) {
    if (!wait) return;
    if (!made.ok()) return x->fail(made.status());
    x->ok(snapshot_json(*made));
  });
}

void recover(const CallPtr& x) {
  if (const Status served = engine_serves(x); !served.ok()) return x->fail(served);
  const auto scope = target_scope(x);
  if (!scope.ok()) return x->fail(scope.status());
  const auto wait = x->flag("wait", true);
  if (!wait.ok()) return x->fail(wait.status());
  IgnoredMembers ignored;
  auto request = parse_recover(x->request->body, &ignored);
  x->warn(ignored);
  if (!request.ok()) return x->fail(request.status());
  if (request->path.empty()) return recover_from_url(x, *scope, *request, *wait);
  auto file = open_archive(request->path);
  if (!file.ok()) return x->fail(file.status());
  const auto bytes = file->size();
  if (!bytes.ok()) return x->fail(bytes.status());
  auto run = std::make_shared<RestoreRun>(x, *scope, *request, *wait);
  if (const Status begun = run->begin(); !begun.ok()) return x->fail(begun);
  std::make_shared<LocalArchive>(std::move(run), std::move(*file), *bytes)->step();
}

void branch(const CallPtr& x) {
  const auto collection = x->collection();
  if (!collection.ok()) return x->fail(collection.status());
  if (const Status served = engine_serves(x); !served.ok()) return x->fail(served);
  auto name = parse_branch(x->request->body);
  if (!name.ok()) return x->fail(name.status());
  x->options.snapshot_engine->branch((*collection)->name, std::move(*name),
                                     [x](const Status& made) {
                                       if (!made.ok()) return x->fail(made);
                                       x->ok("true");
                                     });
}

}  // namespace rhumb::http::rest::snapshots
