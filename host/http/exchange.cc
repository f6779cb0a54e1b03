#include "host/http/exchange.h"

#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/http/connection.h"
#include "host/http/response.h"

namespace rhumb::http {

namespace limits = base::limits;

Exchange::Exchange(Connection& connection, std::shared_ptr<Request> request, bool http11,
                   bool keep_alive)
    : loop_(connection.loop().shared_from_this()),
      context_(connection.context()),
      request_(std::move(request)),
      http11_(http11),
      keep_alive_(keep_alive),
      connection_(&connection) {}

void Exchange::detach() {
  connection_ = nullptr;
  detached_.store(true, std::memory_order_relaxed);
}

void Exchange::on_connection(base::UniqueFunction<void(Connection&)> fn) {
  loop_->run([self = shared_from_this(), fn = std::move(fn)]() mutable {
    if (self->connection_ != nullptr) fn(*self->connection_);
  });
}

bool Exchange::will_close() const {
  return !keep_alive_ || body_pending_.load(std::memory_order_relaxed) ||
         context_->stopping.load(std::memory_order_relaxed);
}

bool Exchange::may_gzip(const Response& response) const {
  if (!is_compressible(response.content_type) || request_->head_only ||
      !status_has_body(response.status))
    return false;
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Encoding") return false;
  }
  return true;
}

std::string Exchange::make_head(const Response& response, bool close, bool gzip, bool streamed,
                                uint64_t length) const {
  const std::string origin = context_->cors.allowed_origin(*request_);
  HeadContext context;
  context.http11 = http11_;
  context.keep_alive = !close;
  context.chunked = streamed && http11_ && !response.stream_length;
  context.until_close = streamed && !http11_ && !response.stream_length;
  context.content_length = length;
  context.gzip = gzip;
  context.vary_encoding = is_compressible(response.content_type);
  context.vary_origin = context_->cors.varies();
  context.request_id = request_->request_id;
  context.allow_origin = origin;
  return response_head(response, context);
}

void Exchange::send(Response response) {
  if (!claim()) return;
  if (response.body.size() > limits::kMaxWriteBacklogBytes) {
    response = error_response(
        400, "Bad request: the answer would be " + std::to_string(response.body.size()) +
                 " bytes, over the limit of " + std::to_string(limits::kMaxWriteBacklogBytes) +
                 ": ask for less at a time");
  }
  Outgoing out;
  out.status = response.status;
  out.close = will_close();
  const bool gzip = response.body.size() >= limits::kMinGzipBytes && may_gzip(response) &&
                    accepts_gzip(request_->header("accept-encoding"));
  out.body = gzip ? gzip_body(response.body) : std::move(response.body);
  out.head = make_head(response, out.close, gzip, false, out.body.size());
  if (request_->head_only || !status_has_body(out.status)) out.body.clear();
  on_connection([out = std::move(out)](Connection& connection) mutable {
    connection.on_reply(std::move(out));
  });
}

void Exchange::stream(Response head, Pull pull) {
  if (!claim()) return;
  Outgoing out;
  out.status = head.status;
  stream_left_ = head.stream_length;
  out.close = will_close() || !(http11_ || stream_left_);
  const bool gzip =
      !stream_left_ && may_gzip(head) && accepts_gzip(request_->header("accept-encoding"));
  if (gzip) stream_gzip_ = std::make_unique<Gzip>();
  out.head = make_head(head, out.close, gzip, true, stream_left_.value_or(0));
  const bool bodiless = request_->head_only || !status_has_body(out.status);
  on_connection(
      [out = std::move(out), pull = std::move(pull), bodiless](Connection& connection) mutable {
        if (bodiless)
          connection.on_reply(std::move(out));
        else
          connection.on_stream(std::move(out), std::move(pull));
      });
}

void Exchange::dropped() {
  if (detached_.load(std::memory_order_relaxed) || answered_.load()) return;
  base::log_error("http", "a request was dropped unanswered",
                  {{"request_id", request_->request_id}, {"path", request_->path}});
  ReplySink::dropped();
}

void Exchange::chunk(std::string bytes) {
  if (stream_left_) {
    if (bytes.size() > *stream_left_)
      return fail(base::internal("a streamed answer is longer than it was announced"));
    *stream_left_ -= bytes.size();
  }
  if (stream_gzip_) bytes = stream_gzip_->pack(bytes, false);
  if (framed()) bytes = chunk_frame(bytes);
  on_connection([bytes = std::move(bytes)](Connection& connection) mutable {
    connection.on_chunk(std::move(bytes));
  });
}

void Exchange::end() {
  if (stream_left_.value_or(0) > 0)
    return fail(base::internal("a streamed answer is shorter than it was announced"));
  std::string tail = stream_gzip_ ? stream_gzip_->pack({}, true) : std::string();
  if (framed()) tail = chunk_frame(tail).append(kLastChunk);
  on_connection([tail = std::move(tail)](Connection& connection) mutable {
    connection.on_stream_end(std::move(tail));
  });
}

void Exchange::fail(base::Status why) {
  if (detached_.load(std::memory_order_relaxed)) return;
  base::log_error("http", "a streamed answer failed and was cut off",
                  {{"request_id", request_->request_id}, {"error", why.to_string()}});
  on_connection([](Connection& connection) { connection.abort(); });
}

}  // namespace rhumb::http
