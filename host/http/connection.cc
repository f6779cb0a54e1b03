#include "host/http/connection.h"

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/log.h"

namespace rhumb::http {

namespace limits = base::limits;

void Connection::on_open() {
  arm(context_->options.idle_timeout_ms);
  update_reading();
}

void Connection::drain() {
  if (state_ == State::kIdle && unread().empty()) abort();
}

void Connection::on_close() {
  state_ = State::kEnded;
  if (exchange_) {
    exchange_->request().cancelled_flag.store(true, std::memory_order_relaxed);
    exchange_->detach();
  }
  if (sink_) abort_sink({base::Code::kCancelled, "the connection was closed"});
  drop_source();
}

void Connection::update_reading() {
  bool want = false;
  switch (state_) {
    case State::kEnded:
      return;
    case State::kIdle:
    case State::kHead:
    case State::kBody:
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
  set_reading(want);
}

// The client has sent everything. It may still read, so a running request is answered, but its
// cancelled flag tells the handler that it may stop early.
void Connection::on_eof() {
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
  if (state_ == State::kEnded) return;
  processing_ = true;
  turn_requests_ = 0;
  while (advance()) {}
  processing_ = false;
  if (state_ == State::kEnded) return;
  compact(state_ == State::kIdle);
  update_reading();
}

void Connection::on_written() {
  if (state_ == State::kStreamOut)
    pull();
  else if (state_ == State::kWriting && writes_pending() == 0)
    finish_exchange();
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
    // net::Connection watches the writes.
    case State::kWriting:
    case State::kStreamOut:
    case State::kAwaitReply:
    case State::kEnded:
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
  answer_start_ = sent();
  state_ = State::kWriting;
  write(std::move(out.head), std::move(out.body));
  if (state_ == State::kWriting && writes_pending() == 0) finish_exchange();
}

void Connection::account() {
  const Request& request = exchange_->request();
  const double seconds = static_cast<double>(base::monotonic_ns() - request.received_ns) * 1e-9;
  context_->responses(status_).add();
  const RouteMetrics& route = request.route != nullptr ? *request.route : context_->no_route;
  route.seconds.observe(seconds);
  if (status_ >= 400) (status_ >= 500 ? route.server_errors : route.client_errors).add();
  // A 503 or a 507 is intended behaviour of a loaded server, and such answers come in floods.
  const auto level = status_ == 500 ? base::LogLevel::kError : base::LogLevel::kDebug;
  if (!base::log_enabled(level)) return;
  base::log(level, "http", "request",
            {{"method", request.method},
             {"path", request.path},
             {"status", status_},
             {"bytes", sent() - answer_start_},
             {"seconds", seconds},
             {"remote", request.remote},
             {"request_id", request.request_id}});
}

void Connection::finish_exchange() {
  account();
  exchange_->detach();
  exchange_.reset();
  if (close_after_ || loop().closing() || (eof() && unread().empty())) {
    state_ = State::kEnded;
    linger();
    return;
  }
  state_ = State::kIdle;
  skipped_crlf_ = false;
  arm(context_->options.idle_timeout_ms);
  process();
}

}  // namespace rhumb::http
