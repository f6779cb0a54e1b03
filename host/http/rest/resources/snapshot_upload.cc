#include "host/http/rest/resources/snapshot_upload.h"

#include "host/base/limits.h"
#include "host/http/form.h"
#include "host/http/rest/resources/restore_run.h"
#include "host/http/rest/resources/snapshot_scope.h"

namespace rhumb::http::rest::snapshots {

using base::Status;

namespace {

constexpr std::string_view kPart = "snapshot";

// Used by the tasks of the pool, one after the other. Parts other than the snapshot are passed
// over.
class Upload final : public FormSink {
 public:
  explicit Upload(std::shared_ptr<RestoreRun> run) : run_(std::move(run)) {}

  Status begin(std::string_view content_type) {
    RHUMB_ASSIGN(form_, FormReader::begin(content_type, *this));
    return base::ok();
  }
  void take(std::string_view bytes, BodySink::Resume resume) {
    if (run_->aborted()) return;
    const Status status = form_->feed(bytes);
    if (!status.ok()) return run_->fail(status);
    resume();
  }
  void end() {
    Status status = form_->finish();
    if (status.ok() && !came_)
      status = base::invalid("the form has no part '" + std::string(kPart) + "'");
    if (!status.ok()) return run_->fail(status);
    run_->finish();
  }
  const std::shared_ptr<RestoreRun>& run() const { return run_; }

 private:
  Status part(const FormPart& part) override {
    inside_ = part.name == kPart;
    field_bytes_ = 0;
    if (inside_ && std::exchange(came_, true))
      return base::invalid("the form has two parts '" + std::string(kPart) + "'");
    return inside_ ? run_->begin() : base::ok();
  }
  Status data(std::string_view bytes) override {
    if (inside_) return run_->feed(bytes);
    field_bytes_ += bytes.size();
    if (field_bytes_ > base::limits::kMaxFormFieldBytes)
      return base::invalid("a field of the form has more than " +
                           std::to_string(base::limits::kMaxFormFieldBytes) + " bytes");
    return base::ok();
  }
  Status part_end() override { return base::ok(); }

  const std::shared_ptr<RestoreRun> run_;
  std::unique_ptr<FormReader> form_;
  uint64_t field_bytes_ = 0;
  bool inside_ = false, came_ = false;
};

class UploadSink final : public BodySink {
 public:
  explicit UploadSink(std::shared_ptr<Upload> upload) : upload_(std::move(upload)) {}

  void on_data(std::string chunk, Resume resume) override {
    post([upload = upload_, chunk = std::move(chunk), resume = std::move(resume)]() mutable {
      upload->take(chunk, std::move(resume));
    });
  }
  void on_end() override {
    post([upload = upload_] { upload->end(); });
  }
  void on_abort(Status) override {
    upload_->run()->abort();  // The front has answered.
    // What was unpacked is removed by a task, because removing may take long. If no task is taken,
    // it is removed here.
    (void)pool().post([upload = std::move(upload_)] {});
  }

 private:
  base::Executor& pool() const { return *upload_->run()->call()->options.pool; }
  void post(base::Executor::Task task) {
    const Status posted = pool().post(std::move(task));
    if (!posted.ok()) upload_->run()->fail(posted);
  }

  std::shared_ptr<Upload> upload_;
};

}  // namespace

std::unique_ptr<BodySink> start_upload(const CallPtr& x) {
  const auto started = [&]() -> base::Result<std::shared_ptr<Upload>> {
    RHUMB_TRY(engine_serves(x));
    RHUMB_ASSIGN(auto scope, target_scope(x));
    RHUMB_ASSIGN(auto request, parse_restore_query(x->query));
    RHUMB_ASSIGN(const bool wait, x->flag("wait", true));
    auto upload = std::make_shared<Upload>(std::make_shared<RestoreRun>(x, scope, request, wait));
    RHUMB_TRY(upload->begin(x->request->header("content-type")));
    return upload;
  }();
  if (started.ok()) return std::make_unique<UploadSink>(*started);
  x->fail(started.status());
  return nullptr;
}

void upload_buffered(const CallPtr& x) {
  auto sink = start_upload(x);
  if (sink != nullptr) sink->on_end();
}

}  // namespace rhumb::http::rest::snapshots
