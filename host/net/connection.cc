#include "host/net/connection.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::net {

namespace limits = base::limits;

struct Connection::Write {
  uv_write_t request{};
  std::string first, second;
  std::optional<ByteCharge> charge;
};

namespace {

uv_stream_t* stream_of(uv_tcp_t& tcp) { return reinterpret_cast<uv_stream_t*>(&tcp); }

}  // namespace

Connection::Connection(Loop& loop, Admission admission)
    : loop_(loop),
      admission_(std::move(admission)),
      deadline_(this,
                [](void* owner) {
                  auto& self = *static_cast<Connection*>(owner);
                  if (self.lingering_)
                    self.abort();
                  else
                    self.on_deadline();
                }),
      write_deadline_(
          this, [](void* owner) { static_cast<Connection*>(owner)->check_write_progress(); }) {}

void Connection::start() {
  RHUMB_ASSERT(uv_tcp_init(loop_.uv(), &tcp_) == 0);
  tcp_.data = this;
  const int fd = admission_.release_fd();
  if (const int rc = uv_tcp_open(&tcp_, fd); rc != 0) {
    base::log_error("net", "cannot take over an accepted socket", {{"error", uv_strerror(rc)}});
    ::close(fd);
    abort();
    return;
  }
  int length = sizeof(peer_);
  if (uv_tcp_getpeername(&tcp_, reinterpret_cast<sockaddr*>(&peer_), &length) != 0) {
    abort();  // The peer left before it was served.
    return;
  }
  uv_tcp_nodelay(&tcp_, 1);
  uv_tcp_keepalive(&tcp_, 1, 60);
  on_open();
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

void Connection::abort() {
  if (closed_) return;
  closed_ = true;
  disarm();
  loop_.cancel_deadline(write_deadline_);
  on_close();
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
    auto& self = *static_cast<Connection*>(handle->data);
    self.loop_.forget(self);
  });
}

void Connection::set_reading(bool want) {
  want = want && !eof_;
  if (closed_ || want == reading_) return;
  reading_ = want;
  if (!want) {
    uv_read_stop(stream_of(tcp_));
    return;
  }
  const auto alloc = [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
    *buffer = static_cast<Connection*>(handle->data)->loop_.read_buffer();
  };
  const auto read = [](uv_stream_t* handle, ssize_t n, const uv_buf_t* buffer) {
    static_cast<Connection*>(handle->data)->on_read(n, buffer->base);
  };
  if (uv_read_start(stream_of(tcp_), alloc, read) != 0) abort();
}

void Connection::on_read(ssize_t n, const char* bytes) {
  if (closed_ || n == 0) return;
  if (n == UV_EOF) {
    eof_ = true;
    reading_ = false;
    uv_read_stop(stream_of(tcp_));
    if (lingering_)
      abort();
    else
      on_eof();
    return;
  }
  if (n < 0) {
    abort();
    return;
  }
  admission_.group().counters.received_bytes.add(static_cast<double>(n));
  if (lingering_) {
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

void Connection::consume(size_t n) {
  RHUMB_ASSERT(n <= unread().size());
  if (in_.empty())
    fresh_.remove_prefix(n);
  else
    in_at_ += n;
}

void Connection::compact(bool idle) {
  if (in_at_ == in_.size()) {
    in_at_ = 0;
    if (idle)
      std::string().swap(in_);  // An assignment would keep the buffer.
    else
      in_.clear();
  } else if (in_at_ > 0) {
    in_.erase(0, std::exchange(in_at_, 0));
  }
}

uint64_t Connection::queued_bytes() const {
  return uv_stream_get_write_queue_size(reinterpret_cast<const uv_stream_t*>(&tcp_));
}

// Most writes fit the buffer of the socket. Then the write needs neither an allocation nor another
// turn of the loop.
void Connection::write(std::string first, std::string second) {
  SocketGroup& group = admission_.group();
  const size_t total = first.size() + second.size();
  group.counters.sent_bytes.add(static_cast<double>(total));
  sent_ += total;
  uv_buf_t buffers[2] = {uv_buf_init(first.data(), static_cast<unsigned>(first.size())),
                         uv_buf_init(second.data(), static_cast<unsigned>(second.size()))};
  const int tried = uv_try_write(stream_of(tcp_), buffers, second.empty() ? 1 : 2);
  if (tried < 0 && tried != UV_EAGAIN) {
    abort();
    return;
  }
  size_t done = tried > 0 ? static_cast<size_t>(tried) : 0;
  if (done == total) return;
  auto pending = std::make_unique<Write>();
  // A write is charged at most half of the budget, so that a single write of any size fits.
  const uint64_t charged = std::min<uint64_t>(total - done, group.unsent->max / 2);
  if (queued_bytes() + total - done > limits::kUnsentFreeBytes &&
      !pending->charge.emplace(group.unsent).grow_to(charged)) {
    group.counters.dropped_replies.add();
    abort();  // The memory is spent on peers that do not read, and this peer is one of them.
    return;
  }
  pending->first = std::move(first);
  pending->second = std::move(second);
  pending->request.data = this;
  unsigned count = 0;
  for (std::string* part : {&pending->first, &pending->second}) {
    const size_t skip = std::min(done, part->size());
    done -= skip;
    if (skip < part->size())
      buffers[count++] =
          uv_buf_init(part->data() + skip, static_cast<unsigned>(part->size() - skip));
  }
  const int rc = uv_write(&pending->request, stream_of(tcp_), buffers, count,
                          [](uv_write_t* request, int status) {
                            static_cast<Connection*>(request->data)
                                ->on_write_done(reinterpret_cast<Write*>(request), status);
                          });
  if (rc != 0) {
    abort();
    return;
  }
  if (writes_pending_++ == 0) {
    sent_at_check_ = sent_ - queued_bytes();
    loop_.set_deadline(write_deadline_, group.limits.write_timeout_ms);
  }
  static_cast<void>(pending.release());  // on_write_done() owns it now.
}

void Connection::on_write_done(Write* write, int status) {
  const std::unique_ptr<Write> owned(write);
  --writes_pending_;
  if (closed_) return;
  if (status != 0) {
    abort();
    return;
  }
  if (writes_pending_ == 0) loop_.cancel_deadline(write_deadline_);
  if (!lingering_) on_written();
}

void Connection::write_if_room(std::string_view bytes) {
  uv_buf_t buffer =
      uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int written = uv_try_write(stream_of(tcp_), &buffer, 1);
  // A part of the bytes would garble what follows.
  if (written != static_cast<int>(bytes.size()) && written != UV_EAGAIN) abort();
}

void Connection::check_write_progress() {
  const uint64_t taken = sent_ - queued_bytes();
  if (taken - sent_at_check_ >= limits::kMinWriteProgressBytes) {
    sent_at_check_ = taken;
    loop_.set_deadline(write_deadline_, admission_.group().limits.write_timeout_ms);
    return;
  }
  base::log_info("net", "closing a connection whose peer does not read",
                 {{"remote", remote()}, {"unread_bytes", sent_ - taken}});
  abort();
}

// Closing a socket with unread input resets it, and the reset may overtake the last bytes. So the
// write side is shut down first, and what the peer still sends is thrown away for a moment.
void Connection::linger() {
  if (ended()) return;
  std::string().swap(in_);
  in_at_ = 0;
  fresh_ = {};
  if (eof_) {
    abort();
    return;
  }
  lingering_ = true;
  arm(loop_.closing() ? limits::kStoppingLingerMs : limits::kLingerMs);
  auto request = std::make_unique<uv_shutdown_t>();
  const auto done = [](uv_shutdown_t* finished, int) { delete finished; };
  if (uv_shutdown(request.get(), stream_of(tcp_), done) != 0) {
    abort();
    return;
  }
  static_cast<void>(request.release());  // `done` deletes it
  set_reading(true);
}

}  // namespace rhumb::net
