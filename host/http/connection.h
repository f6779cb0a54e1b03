// One client connection. It serves one request at a time, answers in order, and has a deadline for
// each thing it waits for from the client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "host/http/exchange.h"
#include "host/http/parser.h"
#include "host/http/server_context.h"
#include "host/net/connection.h"

namespace rhumb::http {

// Used on the thread of its loop only. net::Connection has the socket.
//
//   kIdle -> kHead -> kBody | kSinkBody -> kAwaitReply -> kWriting | kStreamOut -> kIdle or kEnded
//
// Invariants: There is at most one exchange. While it is unanswered, no further request is parsed;
// kMaxPipelinedBytes are read ahead, then the socket is not read. Every state has a deadline,
// except kAwaitReply and a stream that waits for its producer or its sink. An idle connection holds
// no buffer and no parser.
class Connection final : public net::Connection {
 public:
  Connection(net::Loop& loop, net::Admission admission, std::shared_ptr<ServerContext> context)
      : net::Connection(loop, std::move(admission)), context_(std::move(context)) {}

  void drain() override;
  void process() override;  // Goes on as far as the input, the state and the client allow.
  const std::shared_ptr<ServerContext>& context() const { return context_; }

  // The exchange calls these functions. They act on the connection's current exchange.
  void on_reply(Outgoing out);
  void on_stream(Outgoing head, Pull pull);
  void on_chunk(std::string framed);
  void on_stream_end(std::string tail);
  void on_sink_ready();

 private:
  enum class State : uint8_t {
    kIdle,
    kHead,
    kBody,
    kSinkBody,
    kAwaitReply,
    kWriting,
    kStreamOut,
    kEnded  // The socket lingers or has closed.
  };

  // The request that is being read. It is destroyed when the request is complete.
  struct Incoming {
    explicit Incoming(uint64_t max_header_bytes) : parser(max_header_bytes) {}
    Parser parser;
    std::shared_ptr<net::ByteCharge> charge;
    std::unique_ptr<Gunzip> gunzip;
    Reply reply;         // for a buffered body: handed on when the body is complete
    std::string packed;  // body bytes that gunzip has not taken yet
    bool ended = false;  // the body's last byte has been parsed
  };
  // The handler's sink, while a body is streamed into it.
  struct Sink {
    std::unique_ptr<BodySink> body;
    bool busy = false;    // The sink waits for resume().
    bool inside = false;  // One of the sink's functions is on the stack.
    bool dead = false;    // The sink is aborted and destroyed as soon as `inside` is false.
    base::Status why;
  };
  // A streamed reply.
  struct Source {
    Pull pull;
    bool waiting = false;  // `pull` was called and has not answered yet.
    bool inside = false;   // `pull` is on the stack.
    bool ended = false;
  };

  // In connection.cc: the socket's events.
  void on_open() override;
  void on_eof() override;
  void on_deadline() override;
  void on_written() override;
  void on_close() override;
  void update_reading();
  void finish_exchange();
  void account();

  // In connection_request.cc: from bytes to the handler.
  bool advance();
  bool begin_request();
  void read_head();
  void on_head();
  void begin_body();
  bool read_body();
  bool unpack_body();
  void dispatch();
  void send_continue();
  void refuse(int status, std::string_view message);

  // In connection_stream.cc: streamed bodies, in and out.
  void begin_sink(std::unique_ptr<BodySink> body);
  bool feed_sink();
  bool next_piece(std::string& piece);
  void end_sink();
  void abort_sink(base::Status why);
  void retire_sink();
  void pull();
  void drop_source();

  const std::shared_ptr<ServerContext> context_;
  std::unique_ptr<Incoming> incoming_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Source> source_;
  std::shared_ptr<Exchange> exchange_;
  uint64_t answer_start_ = 0;  // value of sent() when the answer began
  uint32_t turn_requests_ = 0;
  int status_ = 0;
  State state_ = State::kIdle;
  bool processing_ = false;
  bool close_after_ = false;
  bool skipped_crlf_ = false;
};

}  // namespace rhumb::http
