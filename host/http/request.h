// What the HTTP front hands to the handlers and takes back from them. Pure interface: neither libuv
// nor the parser shows here.
//
// One exchange: the loop reads a whole request under caps, calls Handler::handle() on the loop
// thread, and the handler answers through Reply, at once or later, from any thread. Import and
// export stream instead (BodySink, Reply::stream).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/function.h"
#include "host/base/status.h"

namespace rhumb::http {

// Spare bytes behind a body, so that simdjson parses it in place.
inline constexpr size_t kBodyPadding = 64;

struct Field {
  std::string_view name, value;  // as sent; the value without surrounding blanks
};

// A parsed request. The views point into `head`, so a request stays where it was made and travels
// as shared_ptr. Owned by whoever answers; read-only once handed over, but for the body, which the
// handler may move out.
struct Request {
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  // For tests and internal calls: the same form as one read from a socket. `target` as on the wire
  // ("/collections?x=1").
  static std::shared_ptr<Request> make(
      std::string_view method, std::string_view target,
      const std::vector<std::pair<std::string, std::string>>& fields = {}, std::string body = {});

  // First field of that name, compared without case; empty when absent.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  // The client has closed its side, or the connection broke: a read may stop early; a write that
  // was proposed goes on.
  bool cancelled() const { return cancelled_flag.load(std::memory_order_relaxed); }

  std::string head;  // request line and fields
  // "GET", ...; a HEAD arrives as GET, and the front leaves out the body of the answer
  std::string_view method;
  std::string_view target;  // origin form: path and query
  std::string_view path;    // raw, percent-encoded, begins with '/' (or is "*")
  std::string_view query;   // raw, without '?'
  std::vector<Field> fields;
  // decoded (chunks, gzip); capacity() >= size() + kBodyPadding; empty when streamed
  std::string body;
  std::string request_id;    // X-Request-Id as sent when it is sane, else made; the front echoes it
  std::string remote;        // "127.0.0.1:53124", "[::1]:53124"
  uint64_t received_ns = 0;  // monotonic, when the head was complete: deadlines count from here
  bool head_only = false;    // it was a HEAD
  // set by the front: this turn of the loop has time left for an answer of well under a millisecond
  bool may_run_here = false;
  std::atomic<bool> cancelled_flag{false};  // set by the front
  // the front's account of body bytes in flight, given back with the request
  std::shared_ptr<void> charge;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  // Further fields. The front adds Content-Length or Transfer-Encoding, Date, Connection,
  // X-Request-Id, CORS and Content-Encoding.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
// The error envelope of the REST protocol: {"status":{"error":"..."},"time":...}.
Response error_response(int status, std::string_view message, double seconds = 0);

// Takes what a streamed reply produces; implemented by the front and by tests.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void chunk(std::string bytes) = 0;
  virtual void end() = 0;
  virtual void fail(base::Status why) = 0;
};

// The right and the duty to give a streamed reply its next piece: exactly one of the calls, from
// any thread. Dropping it fails the stream. After chunk() the pull function is called again as soon
// as the client has taken enough; a failed stream breaks the connection, so that the client never
// takes half a body for a whole one.
class Next {
 public:
  explicit Next(std::shared_ptr<StreamSink> sink) : sink_(std::move(sink)) {}
  Next(Next&&) noexcept = default;
  Next& operator=(Next&&) = delete;
  ~Next();
  void chunk(std::string bytes) { std::exchange(sink_, nullptr)->chunk(std::move(bytes)); }
  void end() { std::exchange(sink_, nullptr)->end(); }
  void fail(base::Status why) { std::exchange(sink_, nullptr)->fail(std::move(why)); }

 private:
  std::shared_ptr<StreamSink> sink_;
};
// Called on the loop thread when the connection can take more, one call at a time: must not block.
// Destroyed when the stream ends or the client is gone (on the loop thread).
using Pull = base::UniqueFunction<void(Next)>;

// Where a Reply goes; implemented by the front and by tests. Exactly one call, any thread.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void send(Response response) = 0;
  virtual void stream(Response head, Pull pull) = 0;  // head.body is empty
  // the Reply went unanswered: send() of a 500, unless nobody waits any more
  virtual void dropped();
};

// The right and the duty to answer one request: once, from any thread. Dropping it unanswered
// answers 500.
class Reply {
 public:
  Reply() = default;
  explicit Reply(std::shared_ptr<ReplySink> sink) : sink_(std::move(sink)) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();
  explicit operator bool() const { return sink_ != nullptr; }

  void operator()(Response response) { std::exchange(sink_, nullptr)->send(std::move(response)); }
  // Answers with a body of unknown length (chunked), pulled piece by piece with back-pressure.
  void stream(Response head, Pull pull) {
    std::exchange(sink_, nullptr)->stream(std::move(head), std::move(pull));
  }

 private:
  std::shared_ptr<ReplySink> sink_;
};

// Takes a streamed request body. All calls come on the loop thread and must not block.
class BodySink {
 public:
  using Resume = base::UniqueFunction<void()>;
  virtual ~BodySink() = default;
  // `chunk` is decoded and at most limits::kMaxStreamChunkBytes. Nothing more comes, and the socket
  // is not read, until `resume` is called (from any thread, also from within): that is the
  // back-pressure.
  virtual void on_data(std::string chunk, Resume resume) = 0;
  // the whole body has come; the Reply taken in Handler::stream() is now due
  virtual void on_end() = 0;
  // The body will not be whole: connection lost, malformed, timed out. The front has answered what
  // can be answered.
  virtual void on_abort(base::Status why) = 0;
};

// What stands behind the front. Called on the loop threads, several at once: must not block, and
// hands slow work to a pool.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(std::shared_ptr<Request> request, Reply reply) = 0;
  // Asked when a request with a body has its head complete, before any of the body is awaited (and
  // before "100 Continue").
  //  - leave `reply` alone and return nullptr: the body is buffered, then handle() is called;
  //  - take `reply` and return a sink: the body is streamed into it, unbounded by max_body_bytes.
  //  Answering before on_end()
  //    stops the stream (on_abort) and closes the connection after the answer;
  //  - take `reply`, return nullptr: answered without the body (no permission, ...); the connection
  //  closes after the answer.
  virtual std::unique_ptr<BodySink> stream(const std::shared_ptr<Request>& head, Reply& reply);
};

}  // namespace rhumb::http
