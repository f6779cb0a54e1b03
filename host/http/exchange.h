// One request waiting for its answer: what Reply and Next stand on, and the hop from any thread to
// the connection's loop.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "host/http/gzip.h"
#include "host/http/loop.h"
#include "host/http/request.h"

namespace rhumb::http {

// An answer ready for the socket.
struct Outgoing {
  int status = 200;
  bool close = false;  // the connection ends with it
  std::string head, body;
};

// Owned by the connection (until it has answered or closed) and by the Reply; destroyed on any
// thread. Whoever answers first wins: the handler, or the front when the request turns out
// malformed or late while its body is streamed. Heads, compression and chunk frames are made on the
// answering thread, so that the loop only writes.
class Exchange final : public ReplySink,
                       public StreamSink,
                       public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Loop& loop, Connection* connection, std::shared_ptr<Request> request, bool http11,
           bool keep_alive);

  void send(Response response) override;
  void stream(Response head, Pull pull) override;
  void dropped() override;
  void chunk(std::string bytes) override;
  void end() override;
  void fail(base::Status why) override;
  // Runs fn(connection) on the loop thread if the connection is still there and still about this
  // exchange. Any thread.
  void on_connection(base::UniqueFunction<void(Connection&)> fn);

  // The rest on the loop thread.
  Request& request() { return *request_; }
  const std::shared_ptr<Request>& shared_request() const { return request_; }
  // While the body has not been read to its end, an answer closes the connection: the rest could
  // not be told from a next request.
  void set_body_pending(bool pending) { body_pending_.store(pending, std::memory_order_relaxed); }
  void detach();  // the connection is gone or has moved on

 private:
  bool claim() { return !answered_.exchange(true); }
  bool will_close() const;
  bool may_gzip(const Response& response) const;
  std::string make_head(const Response& response, bool close, bool gzip, bool streamed,
                        uint64_t length) const;

  const std::shared_ptr<Loop> loop_;
  const std::shared_ptr<ServerContext> context_;
  const std::shared_ptr<Request> request_;
  const bool http11_, keep_alive_;
  std::atomic<bool> answered_{false};
  std::atomic<bool> detached_{false};
  std::atomic<bool> body_pending_{false};
  Connection* connection_;             // loop thread only
  std::unique_ptr<Gzip> stream_gzip_;  // of a streamed reply; one producer at a time
};

}  // namespace rhumb::http
