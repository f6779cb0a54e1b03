#include "host/http/rest/resources/import.h"

#include <xxhash.h>

#include <array>
#include <cstring>
#include <deque>
#include <utility>

#include "host/base/bytes.h"
#include "host/base/mutex.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;

constexpr size_t kBatchPoints = 500;  // points of one upsert
constexpr uint32_t kMaxInFlight = 4;  // upserts that are not acknowledged yet

// The identity of one upsert of an import whose client gave the import an id. When the client sends
// the same import again, upserts that were applied before are recognised.
std::array<uint8_t, 16> identity_of(const std::array<uint8_t, 16>& import, uint64_t number,
                                    const model::Operation& upsert) {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.fixed(import);
  out.u64(number);
  model::encode(upsert, out);
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  std::array<uint8_t, 16> identity;
  std::memcpy(identity.data(), &hash, identity.size());
  return identity;
}

// Shared by the loop (which receives chunks), the pool (which parses them) and the gateway's
// callbacks. Chunks are parsed one at a time and in order.
class Import : public std::enable_shared_from_this<Import> {
 public:
  Import(CallPtr x, gateway::CollectionPtr collection, gateway::WriteOptions options,
         PointFormat format)
      : x_(std::move(x)),
        collection_(std::move(collection)),
        options_(options),
        reader_(format, collection_->config) {
    options_.wait = true;
  }

  void take(std::string chunk, BodySink::Resume resume) {
    {
      base::MutexLock lock(mutex_);
      resume_ = std::move(resume);
    }
    parse_on_pool(std::move(chunk), false);
  }
  void end() {
    {
      base::MutexLock lock(mutex_);
      if (parsing_) {  // The chunk before is still parsed; its parser goes on to the end.
        end_came_ = true;
        return;
      }
    }
    parse_on_pool({}, true);
  }
  void abort(const Status& why) {
    const base::MutexLock lock(mutex_);
    if (failure_.ok()) failure_ = why;
    answered_ = true;  // The front has answered.
  }

 private:
  void parse_on_pool(std::string chunk, bool last) {
    {
      base::MutexLock lock(mutex_);
      parsing_ = true;
    }
    const base::TraceScope scope(x_->trace());
    const Status posted = x_->options.pool->post(
        [self = shared_from_this(), chunk = std::move(chunk), last] { self->parse(chunk, last); });
    if (!posted.ok()) fail(posted);
  }

  void parse(const std::string& chunk, bool last) {
    std::vector<model::PointWrite> points;
    Status status = last ? reader_.finish(points) : reader_.feed(chunk, points);
    for (model::PointWrite& p : points) batch_.push_back(std::move(p));
    while (batch_.size() >= kBatchPoints || (last && !batch_.empty()))
      send(std::min(kBatchPoints, batch_.size()));
    if (!status.ok()) {
      // The good lines before the bad one count.
      while (!batch_.empty()) send(std::min(kBatchPoints, batch_.size()));
      return fail(status);
    }
    bool end_is_next = false;
    {
      const base::MutexLock lock(mutex_);
      end_is_next = std::exchange(end_came_, false);
      if (!end_is_next) {
        parsing_ = false;
        ended_ = ended_ || last;
      }
    }
    if (end_is_next) return parse({}, true);
    advance();
  }

  void send(size_t n) {
    model::Operation upsert;
    upsert.points.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      upsert.points.push_back(std::move(batch_.front()));
      batch_.pop_front();
    }
    {
      base::MutexLock lock(mutex_);
      ++in_flight_;
    }
    gateway::WriteOptions options = options_;
    if (options.request_id != std::array<uint8_t, 16>{})
      options.request_id = identity_of(options.request_id, sent_++, upsert);
    std::vector<model::Operation> one;
    one.push_back(std::move(upsert));
    x_->gateway().write(
        collection_, std::move(one), options,
        [self = shared_from_this(), n](const Result<std::vector<gateway::UpdateResult>>& done) {
          self->acknowledged(n, done.ok() ? base::ok() : done.status());
        });
  }

  void acknowledged(size_t n, const Status& status) {
    {
      base::MutexLock lock(mutex_);
      --in_flight_;
      if (status.ok())
        points_ += n;
      else if (failure_.ok())
        failure_ = status;
    }
    advance();
  }

  void fail(const Status& status) {
    {
      base::MutexLock lock(mutex_);
      if (failure_.ok()) failure_ = status;
      parsing_ = false;
      ended_ = true;
    }
    advance();
  }

  // Asks for more input while few upserts are in flight, and answers when all is done.
  void advance() {
    BodySink::Resume resume;
    bool finished = false;
    Status failure;
    uint64_t points = 0;
    {
      base::MutexLock lock(mutex_);
      if (!failure_.ok()) ended_ = true;
      if (!ended_ && !parsing_ && in_flight_ < kMaxInFlight) resume = std::move(resume_);
      finished = ended_ && !parsing_ && in_flight_ == 0 && !answered_;
      answered_ = answered_ || finished;
      if (finished) failure = failure_;
      points = points_;
    }
    if (resume) resume();
    if (finished) finish(failure, points);
  }

  void finish(const Status& failure, uint64_t points) {
    x_->warn(reader_.ignored());
    if (failure.ok())
      return x_->ok("{\"points\":" + std::to_string(points) + ",\"status\":\"completed\"}");
    x_->fail(Status(failure.code(), failure.message() + " (" + std::to_string(points) +
                                        " points were imported before)"));
  }

  const CallPtr x_;
  const gateway::CollectionPtr collection_;
  gateway::WriteOptions options_;
  PointReader reader_;                   // used by the pool, one chunk at a time
  std::deque<model::PointWrite> batch_;  // used like reader_
  uint64_t sent_ = 0;                    // upserts that were sent; used like reader_
  base::Mutex mutex_;
  BodySink::Resume resume_ RHUMB_GUARDED_BY(mutex_);
  Status failure_ RHUMB_GUARDED_BY(mutex_);
  uint64_t points_ RHUMB_GUARDED_BY(mutex_) = 0;
  uint32_t in_flight_ RHUMB_GUARDED_BY(mutex_) = 0;
  bool parsing_ RHUMB_GUARDED_BY(mutex_) = false;
  bool end_came_ RHUMB_GUARDED_BY(mutex_) = false;
  bool ended_ RHUMB_GUARDED_BY(mutex_) = false;
  bool answered_ RHUMB_GUARDED_BY(mutex_) = false;
};

class ImportSink final : public BodySink {
 public:
  explicit ImportSink(std::shared_ptr<Import> import) : import_(std::move(import)) {}
  void on_data(std::string chunk, Resume resume) override {
    import_->take(std::move(chunk), std::move(resume));
  }
  void on_end() override { import_->end(); }
  void on_abort(Status why) override { import_->abort(why); }

 private:
  const std::shared_ptr<Import> import_;
};

}  // namespace

std::unique_ptr<BodySink> start_import(const CallPtr& x) {
  auto collection = x->collection();
  auto options = x->write_options();
  if (!collection.ok() || !options.ok()) {
    x->fail(collection.ok() ? options.status() : collection.status());
    return nullptr;
  }
  const std::string_view type = x->request->header("Content-Type");
  const bool binary = type.starts_with(kBinaryPointsType);
  return std::make_unique<ImportSink>(std::make_shared<Import>(
      x, *collection, *options, binary ? PointFormat::kBinary : PointFormat::kNdjson));
}

// A body that was not streamed is empty, so there is nothing to import.
void points::import_buffered(const CallPtr& x) {
  auto sink = start_import(x);
  if (sink == nullptr) return;
  sink->on_end();
}

}  // namespace rhumb::http::rest
