// One request that waits for its answer. Reply and Next are built on it. It takes the answer from
// any thread to the connection's loop.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "host/http/gzip.h"
#include "host/http/request.h"
#include "host/http/server_context.h"
#include "host/net/loop.h"

namespace rhumb::http {

class Connection;

// An answer that is ready for the socket.
struct Outgoing {
  int status = 200;
  bool close = false;  // The connection closes after this answer.
  std::string head, body;
};

// Owned by the Reply and by the connection, which lets go of it when it has answered or closed. It
// may be destroyed on any thread. The first answer wins: the handler's, or the front's when the
// request turns out to be malformed or late while its body is streamed. The answering thread makes
// heads, compression and chunk frames, so that the loop only writes.
class Exchange final : public ReplySink,
                       public StreamSink,
                       public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Connection& connection, std::shared_ptr<Request> request, bool http11, bool keep_alive);

  void send(Response response) override;
  void stream(Response head, Pull pull) override;
  void dropped() override;
  void chunk(std::string bytes) override;
  void end() override;
  void fail(base::Status why) override;
  // Runs fn(connection) on the loop thread if the connection still exists and still serves this
  // exchange. May be called from any thread.
  void on_connection(base::UniqueFunction<void(Connection&)> fn);

  // The functions below are called on the loop thread only.
  Request& request() { return *request_; }
  const std::shared_ptr<Request>& shared_request() const { return request_; }
  // While the body has not been read to its end, an answer closes the connection, because the rest
  // of the body could not be told from a next request.
  void set_body_pending(bool pending) { body_pending_.store(pending, std::memory_order_relaxed); }
  void detach();  // The connection is gone or serves another exchange.

 private:
  bool claim() { return !answered_.exchange(true); }
  bool will_close() const;
  bool may_gzip(const Response& response) const;
  bool framed() const { return http11_ && !stream_left_; }
  std::string make_head(const Response& response, bool close, bool gzip, bool streamed,
                        uint64_t length) const;

  const std::shared_ptr<net::Loop> loop_;
  const std::shared_ptr<ServerContext> context_;
  const std::shared_ptr<Request> request_;
  const bool http11_, keep_alive_;
  std::atomic<bool> answered_{false};
  std::atomic<bool> detached_{false};
  std::atomic<bool> body_pending_{false};
  Connection* connection_;  // used on the loop thread only
  // Of a streamed reply, which has one producer at a time.
  std::unique_ptr<Gzip> stream_gzip_;
  std::optional<uint64_t> stream_left_;  // bytes to come of an announced length
};

}  // namespace rhumb::http
