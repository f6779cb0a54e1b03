// One socket on one loop, and what every protocol needs from it: input that waits to be read,
// writes that never block, deadlines, and an end that the peer can see.
#pragma once

#include <netinet/in.h>
#include <uv.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "host/net/loop.h"
#include "host/net/socket_group.h"

namespace rhumb::net {

// The base of a protocol's connection. The loop owns it, calls it on the loop thread only, and
// destroys it after libuv has closed the socket. A protocol overrides the virtual functions and
// calls the protected ones; it never calls libuv.
//
// Invariants: Input that the protocol does not take stays in memory, so the protocol stops reading
// at a limit of its own. Bytes that the socket has not taken count towards
// SocketLimits::max_unsent_bytes, and a peer that does not fetch them within write_timeout_ms is
// closed. A connection without unread input holds no buffer after compact(true).
class Connection {
 public:
  Connection(Loop& loop, Admission admission);
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();                // Loop::adopt() calls it once.
  virtual void drain() = 0;    // The loop closes: end now if nothing is under way, else after it.
  virtual void process() = 0;  // There is new input, or the turn came for Loop::process_later().
  void abort();                // Closes now.
  bool ended() const { return closed_ || lingering_; }
  Loop& loop() const { return loop_; }
  std::string remote() const;  // address and port of the peer

 protected:
  virtual void on_open() = 0;      // The socket is ready: set a deadline and start to read.
  virtual void on_eof() = 0;       // The peer has sent everything. It may still read.
  virtual void on_deadline() = 0;  // The deadline of arm() has passed.
  virtual void on_written() = 0;   // The socket has taken one of the writes that were queued.
  virtual void on_close() = 0;     // abort() was called: let go of everything that others hold.

  void set_reading(bool want);
  // Input that was read and not consumed yet. The view is valid until process() returns or
  // compact() is called.
  std::string_view unread() const {
    return in_.empty() ? fresh_ : std::string_view(in_).substr(in_at_);
  }
  void consume(size_t n);
  // Drops the bytes that were consumed. With `idle` the memory of an empty buffer goes, too.
  void compact(bool idle);

  // Sends both parts in order. What the socket does not take now is queued.
  void write(std::string first, std::string second);
  // Sends bytes that the peer can do without, if the socket takes them now. `bytes` stay valid
  // during the call only. Call it only while no write is queued.
  void write_if_room(std::string_view bytes);
  uint64_t sent() const { return sent_; }  // bytes given to the socket or to its queue
  uint64_t queued_bytes() const;           // bytes of sent() that the socket has not taken
  uint32_t writes_pending() const { return writes_pending_; }

  void arm(uint64_t after_ms) { loop_.set_deadline(deadline_, after_ms); }
  void disarm() { loop_.cancel_deadline(deadline_); }
  // Ends the connection so that the peer can read the last bytes. It takes at most kLingerMs,
  // queued writes included. Afterwards only on_close() is called.
  void linger();
  bool eof() const { return eof_; }

 private:
  struct Write;
  void on_read(ssize_t n, const char* bytes);
  void on_write_done(Write* write, int status);
  void check_write_progress();

  Loop& loop_;
  Admission admission_;
  uv_tcp_t tcp_{};
  sockaddr_in6 peer_{};  // It holds an IPv4 address too.
  Deadline deadline_;
  Deadline write_deadline_;  // set while writes are queued
  std::string in_;           // bytes that were read and not parsed yet
  size_t in_at_ = 0;
  // Used in place of in_ while the bytes are parsed inside the loop's own read buffer.
  std::string_view fresh_;
  uint64_t sent_ = 0;
  uint64_t sent_at_check_ = 0;  // bytes that the peer had taken at the last check
  uint64_t lingered_ = 0;
  uint32_t writes_pending_ = 0;
  bool reading_ = false;
  bool eof_ = false;
  bool lingering_ = false;
  bool closed_ = false;
};

}  // namespace rhumb::net
