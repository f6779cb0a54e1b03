#include "host/http/connection.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::http {

namespace limits = base::limits;

struct Connection::Write {
  uv_write_t request{};
  std::string head, body;
  std::optional<ByteCharge> charge;
};

void Connection::start(Admission admission) {
  admission_ = std::make_unique<Admission>(std::move(admission));
  RHUMB_ASSERT(uv_tcp_init(loop_.uv(), &tcp_) == 0);
  tcp_.data = this;
  const int fd = admission_->release_fd();
  if (const int rc = uv_tcp_open(&tcp_, fd); rc != 0) {
    base::log_error("http", "cannot take over an accepted socket", {{"error", uv_strerror(rc)}});
    ::close(fd);
    abort();
    return;
  }
  int length = sizeof(peer_);
  if (uv_tcp_getpeername(&tcp_, reinterpret_cast<sockaddr*>(&peer_), &length) != 0) {
    abort();  // The client left before it was served.
    return;
  }
  uv_tcp_nodelay(&tcp_, 1);
  uv_tcp_keepalive(&tcp_, 1, 60);
  arm(loop_.context().options.idle_timeout_ms);
  update_reading();
}

std::string Connection::remote() const {
  char text[INET6_ADDRSTRLEN] = "?";
  if (peer_.sin6_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer_);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  inet_ntop(AF_INET6, &peer_.sin6_addr, text, sizeof(text));
  return "[" + std::string(text) + "]:" + std::to_string(ntohs(peer_.sin6_port));
}

void Connection::drain() {
  if (state_ == State::kIdle && unread().empty()) abort();
}

void Connection::abort() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  disarm();
  if (exchange_) {
    exchange_->request().cancelled_flag.store(true, std::memory_order_relaxed);
    exchange_->detach();
  }
  if (sink_) abort_sink({base::Code::kCancelled, "the connection was closed"});
  drop_source();
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
    const std::unique_ptr<Connection> self(static_cast<Connection*>(handle->data));
    self->loop_.forget(*self);
  });
}

void Connection::update_reading() {
  bool want = false;
  switch (state_) {
    case State::kClosed:
      return;
    case State::kIdle:
    case State::kHead:
    case State::kBody:
    case State::kLinger:
      want = true;
      break;
    case State::kSinkBody:
      want = !sink_->busy;
      break;
    // Read ahead a little, mostly to notice that the client is gone.
    case State::kAwaitReply:
    case State::kWriting:
    case State::kStreamOut:
      want = unread().size() < limits::kMaxPipelinedBytes;
      break;
  }
  want = want && !eof_;
  if (want == reading_) return;
  reading_ = want;
  auto* stream = reinterpret_cast<uv_stream_t*>(&tcp_);
  if (!want) {
    uv_read_stop(stream);
    return;
  }
  const auto alloc = [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
    *buffer = static_cast<Connection*>(handle->data)->loop_.read_buffer();
  };
  const auto read = [](uv_stream_t* handle, ssize_t n, const uv_buf_t* buffer) {
    static_cast<Connection*>(handle->data)->on_read(n, buffer->base);
  };
  if (uv_read_start(stream, alloc, read) != 0) abort();
}

void Connection::on_read(ssize_t n, const char* bytes) {
  if (state_ == State::kClosed || n == 0) return;
  if (n == UV_EOF) {
    on_eof();
    return;
  }
  if (n < 0) {
    abort();
    return;
  }
  loop_.context().received_bytes.add(static_cast<double>(n));
  if (state_ == State::kLinger) {
    lingered_ += static_cast<uint64_t>(n);
    if (lingered_ > limits::kMaxLingerBytes) abort();
    return;
  }
  const std::string_view input(bytes, static_cast<size_t>(n));
  if (in_.empty()) {
    fresh_ = input;
    process();
    in_ = std::exchange(fresh_, {});
  } else {
    in_ += input;
    process();
  }
}

// The client has sent everything. It may still read, so a running request is answered, but its
// cancelled flag tells the handler that it may stop early.
void Connection::on_eof() {
  eof_ = true;
  reading_ = false;
  uv_read_stop(reinterpret_cast<uv_stream_t*>(&tcp_));
  switch (state_) {
    case State::kAwaitReply:
    case State::kWriting:
    case State::kStreamOut:
      exchange_->request().cancelled_flag.store(true, std::memory_order_relaxed);
      return;
    case State::kSinkBody:
      // Pieces are left. feed_sink() finds out whether the body is complete.
      if (sink_->busy || !unread().empty()) return;
      break;
    case State::kIdle:
      if (!unread().empty()) return;  // Requests wait for their turn.
      break;
    default:
      break;
  }
  abort();
}

void Connection::process() {
  if (processing_) return;  // A handler answered from within process(): the loop below goes on.
  if (state_ == State::kStreamOut) pull();
  if (state_ == State::kClosed) return;
  processing_ = true;
  turn_requests_ = 0;
  while (advance()) {}
  processing_ = false;
  if (state_ == State::kClosed) return;
  if (in_at_ == in_.size()) {
    in_at_ = 0;
    if (state_ == State::kIdle)
      std::string().swap(in_);  // An assignment would keep the buffer.
    else
      in_.clear();
  } else if (in_at_ > 0) {
    in_.erase(0, std::exchange(in_at_, 0));
  }
  update_reading();
}

void Connection::consume(size_t n) {
  RHUMB_ASSERT(n <= unread().size());
  if (in_.empty())
    fresh_.remove_prefix(n);
  else
    in_at_ += n;
}

// Most answers fit the buffer of the socket. Then the write needs neither an allocation nor another
// turn of the loop.
void Connection::write(std::string head, std::string body) {
  auto* stream = reinterpret_cast<uv_stream_t*>(&tcp_);
  const size_t total = head.size() + body.size();
  loop_.context().sent_bytes.add(static_cast<double>(total));
  sent_ += total;
  uv_buf_t buffers[2] = {uv_buf_init(head.data(), static_cast<unsigned>(head.size())),
                         uv_buf_init(body.data(), static_cast<unsigned>(body.size()))};
  const int tried = uv_try_write(stream, buffers, body.empty() ? 1 : 2);
  if (tried < 0 && tried != UV_EAGAIN) {
    abort();
    return;
  }
  size_t done = tried > 0 ? static_cast<size_t>(tried) : 0;
  if (done == total) return;
  auto pending = std::make_unique<Write>();
  // A reply is charged at most half of the budget, so that a single reply of any size fits.
  const uint64_t charged = std::min<uint64_t>(total - done, loop_.context().unsent->max / 2);
  if (total - done > limits::kUnsentFreeBytes &&
      !pending->charge.emplace(loop_.context().unsent).grow_to(charged)) {
    loop_.context().dropped_replies.add();
    abort();  // The memory is spent on clients that do not read, and this client is one of them.
    return;
  }
  pending->head = std::move(head);
  pending->body = std::move(body);
  pending->request.data = this;
  unsigned count = 0;
  for (std::string* part : {&pending->head, &pending->body}) {
    const size_t skip = std::min(done, part->size());
    done -= skip;
    if (skip < part->size())
      buffers[count++] =
          uv_buf_init(part->data() + skip, static_cast<unsigned>(part->size() - skip));
  }
  const int rc =
      uv_write(&pending->request, stream, buffers, count, [](uv_write_t* request, int status) {
        static_cast<Connection*>(request->data)
            ->on_written(reinterpret_cast<Write*>(request), status);
      });
  if (rc != 0) {
    abort();
    return;
  }
  if (writes_pending_++ == 0) {
    sent_at_check_ = sent_ - uv_stream_get_write_queue_size(stream);
    arm(loop_.context().options.write_timeout_ms);
  }
  static_cast<void>(pending.release());  // on_written() owns it now.
}

void Connection::on_written(Write* write, int status) {
  const std::unique_ptr<Write> owned(write);
  --writes_pending_;
  if (state_ == State::kClosed) return;
  if (status != 0) {
    abort();
    return;
  }
  if (writes_pending_ == 0) disarm();
  if (state_ == State::kStreamOut)
    pull();
  else if (state_ == State::kWriting && writes_pending_ == 0)
    finish_exchange();
}

void Connection::check_write_progress() {
  const uint64_t taken =
      sent_ - uv_stream_get_write_queue_size(reinterpret_cast<uv_stream_t*>(&tcp_));
  if (taken - sent_at_check_ >= limits::kMinWriteProgressBytes) {
    sent_at_check_ = taken;
    arm(loop_.context().options.write_timeout_ms);
    return;
  }
  base::log_info("http", "closing a connection whose client does not read",
                 {{"remote", remote()}, {"unread_bytes", sent_ - taken}});
  abort();
}

void Connection::on_deadline() {
  switch (state_) {
    case State::kIdle:
      abort();
      return;
    case State::kHead:
      refuse(408, "Timeout: the head of the request did not come in time");
      break;
    case State::kBody:
    case State::kSinkBody:
      refuse(408, "Timeout: the body of the request did not come in time");
      break;
    case State::kWriting:
    case State::kStreamOut:
      check_write_progress();
      return;
    case State::kLinger:
      abort();
      return;
    case State::kAwaitReply:
    case State::kClosed:
      return;
  }
  process();
}

void Connection::on_reply(Outgoing out) {
  if (sink_) abort_sink({base::Code::kCancelled, "answered before the end of the body"});
  incoming_.reset();
  disarm();
  status_ = out.status;
  close_after_ = out.close;
  answer_start_ = sent_;
  state_ = State::kWriting;
  write(std::move(out.head), std::move(out.body));
  if (state_ == State::kWriting && writes_pending_ == 0) finish_exchange();
}

void Connection::account() {
  const Request& request = exchange_->request();
  const double seconds = static_cast<double>(base::monotonic_ns() - request.received_ns) * 1e-9;
  loop_.context().responses(status_).add();
  loop_.context().seconds.observe(seconds);
  // A 503 or a 507 is intended behaviour of a loaded server, and such answers come in floods.
  const auto level = status_ == 500 ? base::LogLevel::kError : base::LogLevel::kDebug;
  if (!base::log_enabled(level)) return;
  base::log(level, "http", "request",
            {{"method", request.method},
             {"path", request.path},
             {"status", status_},
             {"bytes", sent_ - answer_start_},
             {"seconds", seconds},
             {"remote", request.remote},
             {"request_id", request.request_id}});
}

void Connection::finish_exchange() {
  account();
  exchange_->detach();
  exchange_.reset();
  if (close_after_ || loop_.closing() || (eof_ && unread().empty())) {
    linger();
    return;
  }
  state_ = State::kIdle;
  skipped_crlf_ = false;
  arm(loop_.context().options.idle_timeout_ms);
  process();
}

// Closing a socket with unread input resets it, and the reset may overtake the answer. So the write
// side is shut down first, and what the client still sends is thrown away for a moment.
void Connection::linger() {
  std::string().swap(in_);
  in_at_ = 0;
  fresh_ = {};
  if (eof_) {
    abort();
    return;
  }
  state_ = State::kLinger;
  arm(loop_.closing() ? limits::kStoppingLingerMs : limits::kLingerMs);
  auto request = std::make_unique<uv_shutdown_t>();
  const auto done = [](uv_shutdown_t* finished, int) { delete finished; };
  if (uv_shutdown(request.get(), reinterpret_cast<uv_stream_t*>(&tcp_), done) != 0) {
    abort();
    return;
  }
  static_cast<void>(request.release());  // `done` deletes it
  update_reading();
}

}  // namespace rhumb::http
