// The types that the HTTP front and the handlers exchange. This is a pure interface: it shows
// neither libuv nor the parser.
//
// One exchange: the loop reads a whole request under limits and calls Handler::handle() on the loop
// thread. The handler answers through Reply, at once or later, from any thread. Import and export
// stream instead (BodySink, Reply::stream).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/function.h"
#include "host/base/metrics.h"
#include "host/base/status.h"

namespace rhumb::http {

// Spare bytes after a body, so that simdjson parses the body in place.
inline constexpr size_t kBodyPadding = 64;

struct Field {
  std::string_view name, value;  // as sent; `value` without surrounding blanks
};

// The counters of one route. They live as long as the process.
struct RouteMetrics {
  explicit RouteMetrics(const std::string& route)
      : seconds(base::histogram("rhumb_http_request_seconds", {{"route", route}})),
        client_errors(base::counter("rhumb_http_route_errors_total",
                                    {{"fault", "client"}, {"route", route}})),
        server_errors(base::counter("rhumb_http_route_errors_total",
                                    {{"fault", "server"}, {"route", route}})) {}
  base::Histogram& seconds;
  base::Counter &client_errors, &server_errors;
};

// A parsed request. Its views point into `head`, so a request is never moved and travels as a
// shared_ptr. The handler that answers owns it. After the handover it is read-only, except the
// body, which the handler may move out.
struct Request {
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  // For tests and internal calls: makes the same form as a request read from a socket. `target` is
  // as on the wire ("/collections?x=1").
  static std::shared_ptr<Request> make(
      std::string_view method, std::string_view target,
      const std::vector<std::pair<std::string, std::string>>& fields = {}, std::string body = {});

  // Returns the first field of that name, compared without case, or an empty view.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  // The client has closed its side, or the connection broke. A read may stop early; a write that
  // was proposed goes on.
  bool cancelled() const { return cancelled_flag.load(std::memory_order_relaxed); }

  std::string head;  // request line and fields
  // "GET" and so on. A HEAD arrives as GET, and the front leaves out the body of the answer.
  std::string_view method;
  std::string_view target;  // origin form: path and query
  std::string_view path;    // raw, percent-encoded, begins with '/' (or is "*")
  std::string_view query;   // raw, without '?'
  std::vector<Field> fields;
  // The decoded body (chunks and gzip undone). capacity() >= size() + kBodyPadding. Empty when the
  // body is streamed.
  std::string body;
  // X-Request-Id as sent when it is plain text, else made here. The front echoes it.
  std::string request_id;
  std::string remote;  // "127.0.0.1:53124", "[::1]:53124"
  // Monotonic time when the head was complete. Deadlines count from here.
  uint64_t received_ns = 0;
  bool head_only = false;  // The request was a HEAD.
  // Set by the front: this turn of the loop has time left for an answer that takes well under a
  // millisecond.
  bool may_run_here = false;
  std::atomic<bool> cancelled_flag{false};  // set by the front
  // Set by the handler on the loop thread, if the request has a route.
  const RouteMetrics* route = nullptr;
  // The front's account of body bytes in flight. It is given back with the request.
  std::shared_ptr<void> charge;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  // Further fields. The front adds Content-Length or Transfer-Encoding, Date, Connection,
  // X-Request-Id, CORS fields and Content-Encoding.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Of a streamed answer whose length is known: it gets a Content-Length and is not chunked. A
  // producer that gives more or fewer bytes breaks the connection.
  std::optional<uint64_t> stream_length = {};
};
// The error envelope of the REST protocol: {"status":{"error":"..."},"time":...}.
Response error_response(int status, std::string_view message, double seconds = 0);

// Takes the output of a streamed reply. The front and tests implement it.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void chunk(std::string bytes) = 0;
  virtual void end() = 0;
  virtual void fail(base::Status why) = 0;
};

// The right and the duty to give a streamed reply its next piece: make exactly one of the calls,
// from any thread. Dropping a Next fails the stream. After chunk() the pull function is called
// again as soon as the client has taken enough. A failed stream breaks the connection, so that the
// client never takes half a body for a whole one.
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
// Called on the loop thread when the connection can take more, one call at a time. It must not
// block. It is destroyed on the loop thread when the stream ends or the client is gone.
using Pull = base::UniqueFunction<void(Next)>;

// The target of a Reply. The front and tests implement it. Exactly one call is made, from any
// thread.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void send(Response response) = 0;
  virtual void stream(Response head, Pull pull) = 0;  // `head.body` is empty.
  // The Reply went unanswered: sends a 500, unless the request was answered elsewhere or its client
  // is gone.
  virtual void dropped();
};

// The right and the duty to answer one request once, from any thread. A Reply that is dropped
// unanswered answers 500.
class Reply {
 public:
  Reply() = default;
  explicit Reply(std::shared_ptr<ReplySink> sink) : sink_(std::move(sink)) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();
  explicit operator bool() const { return sink_ != nullptr; }

  void operator()(Response response) { std::exchange(sink_, nullptr)->send(std::move(response)); }
  // Answers with a body that is pulled piece by piece with back-pressure: chunked, or with
  // `head.stream_length` bytes.
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
  // `chunk` is decoded and holds at most limits::kMaxStreamChunkBytes. Nothing more comes, and the
  // socket is not read, until `resume` is called: that is the back-pressure. `resume` may be called
  // from any thread and from within on_data().
  virtual void on_data(std::string chunk, Resume resume) = 0;
  // The whole body has come. The Reply taken in Handler::stream() is now due.
  virtual void on_end() = 0;
  // The body will not be whole: the connection was lost, or the body was malformed or late. The
  // front has answered if an answer was possible.
  virtual void on_abort(base::Status why) = 0;
};

// The application that the front serves. Called on the loop threads, several at once. It must not
// block, and hands slow work to a pool.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(std::shared_ptr<Request> request, Reply reply) = 0;
  // Asked when the head of a request with a body is complete, before the front waits for the body
  // and before "100 Continue". The handler does one of three things:
  //  - It leaves `reply` alone and returns nullptr: the body is buffered, then handle() is called.
  //  - It takes `reply` and returns a sink: the body is streamed into the sink, without the limit
  //    max_body_bytes. An answer before on_end() stops the stream (on_abort) and closes the
  //    connection after the answer.
  //  - It takes `reply` and returns nullptr: the request is answered without its body (for example
  //    for lack of permission), and the connection closes after the answer.
  virtual std::unique_ptr<BodySink> stream(const std::shared_ptr<Request>& head, Reply& reply);
};

}  // namespace rhumb::http
