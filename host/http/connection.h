// One client connection. It serves one request at a time, answers in order, and has a deadline for
// each thing it waits for from the client.
#pragma once

#include <netinet/in.h>
#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/exchange.h"
#include "host/http/parser.h"
#include "host/http/server_context.h"
#include "host/http/timer_wheel.h"

namespace rhumb::http {

// Owns its socket and is used on the thread of its loop only. It deletes itself after libuv has
// closed the socket.
//
//   kIdle -> kHead -> kBody | kSinkBody -> kAwaitReply -> kWriting | kStreamOut -> kIdle, or
//   kLinger -> kClosed
//
// Invariants: There is at most one exchange. While it is unanswered, no further request is parsed;
// kMaxPipelinedBytes are read ahead, then the socket is not read. Every state has a deadline,
// except kAwaitReply and a stream that waits for its producer or its sink. An idle connection holds
// no buffer and no parser.
class Connection final : public TimerWheel::Node {
 public:
  explicit Connection(Loop& loop) : loop_(loop) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  static Connection& of(TimerWheel::Node& node) { return static_cast<Connection&>(node); }

  void start(Admission admission);
  void drain();    // The server stops: closes now when idle, else after the answer.
  void abort();    // Closes now.
  void process();  // Goes on as far as the input, the state and the client allow.
  void on_deadline();

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
    kLinger,
    kClosed
  };

  // The request that is being read. It is destroyed when the request is complete.
  struct Incoming {
    explicit Incoming(uint64_t max_header_bytes) : parser(max_header_bytes) {}
    Parser parser;
    std::shared_ptr<ByteCharge> charge;
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
  struct Write;

  // In connection.cc: the socket.
  void on_read(ssize_t n, const char* bytes);
  void on_eof();
  void on_written(Write* write, int status);
  void update_reading();
  void write(std::string head, std::string body);
  void check_write_progress();
  void finish_exchange();
  void account();
  void linger();
  void arm(uint64_t ms) { loop_.set_deadline(*this, ms); }
  void disarm() { loop_.cancel_deadline(*this); }
  std::string_view unread() const {
    return in_.empty() ? fresh_ : std::string_view(in_).substr(in_at_);
  }
  void consume(size_t n);
  std::string remote() const;

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

  Loop& loop_;
  uv_tcp_t tcp_{};
  sockaddr_in6 peer_{};  // It holds an IPv4 address too.
  std::unique_ptr<Admission> admission_;
  std::string in_;  // bytes that were read and not parsed yet
  size_t in_at_ = 0;
  // Used in place of in_ while the bytes are parsed inside the loop's own read buffer.
  std::string_view fresh_;
  std::unique_ptr<Incoming> incoming_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Source> source_;
  std::shared_ptr<Exchange> exchange_;
  uint64_t sent_ = 0;           // bytes given to the socket or to its queue
  uint64_t sent_at_check_ = 0;  // bytes that the client had taken at the last check
  uint64_t answer_start_ = 0;   // value of sent_ when the answer began
  uint64_t lingered_ = 0;
  uint32_t writes_pending_ = 0;
  uint32_t turn_requests_ = 0;
  int status_ = 0;
  State state_ = State::kIdle;
  bool reading_ = false;
  bool eof_ = false;
  bool processing_ = false;
  bool close_after_ = false;
  bool skipped_crlf_ = false;
};

}  // namespace rhumb::http
