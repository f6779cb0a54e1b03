// Connection: request bodies that are streamed into a handler's sink, and answers that are pulled
// from a handler.
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/http/connection.h"

namespace rhumb::http {

namespace limits = base::limits;

void Connection::begin_sink(std::unique_ptr<BodySink> body) {
  sink_ = std::make_unique<Sink>();
  sink_->body = std::move(body);
  if (incoming_->parser.gzip_body()) incoming_->gunzip = std::make_unique<Gunzip>();
  state_ = State::kSinkBody;
  arm(context_->options.body_timeout_ms);
  send_continue();
}

bool Connection::feed_sink() {
  if (sink_->busy) return false;
  std::string piece;
  if (!next_piece(piece)) return state_ != State::kSinkBody;
  if (piece.empty()) {
    end_sink();
    return true;
  }
  disarm();  // The sink's time does not count against the client.
  sink_->busy = true;
  sink_->inside = true;
  auto resume = [exchange = exchange_] {
    exchange->on_connection([](Connection& connection) { connection.on_sink_ready(); });
  };
  sink_->body->on_data(std::move(piece), std::move(resume));
  sink_->inside = false;
  if (sink_->dead) retire_sink();
  return true;
}

// Appends the next piece of the decoded body. The piece is empty when the body has ended. Returns
// false when there is no piece yet or the request was refused.
bool Connection::next_piece(std::string& piece) {
  Incoming& incoming = *incoming_;
  while (true) {
    if (incoming.gunzip && (incoming.gunzip->pending() || !incoming.packed.empty())) {
      const auto taken =
          incoming.gunzip->step(incoming.packed, piece, limits::kMaxStreamChunkBytes);
      if (!taken.ok()) {
        refuse(400, "Bad request: " + taken.status().message());
        return false;
      }
      incoming.packed.erase(0, *taken);
      if (!piece.empty()) return true;
      continue;
    }
    if (incoming.ended) {
      if (!incoming.gunzip || incoming.gunzip->finished()) return true;
      refuse(400, "Bad request: the gzip body is cut short");
      return false;
    }
    size_t consumed = 0;
    const std::string_view input = unread().substr(0, limits::kMaxStreamChunkBytes);
    const Parser::Event event =
        incoming.parser.step(input, consumed, incoming.gunzip ? incoming.packed : piece);
    consume(consumed);
    if (event == Parser::Event::kError) {
      refuse(incoming.parser.error().status, "Bad request: " + incoming.parser.error().message);
      return false;
    }
    incoming.ended = event == Parser::Event::kDone;
    if (!piece.empty()) return true;
    if (event == Parser::Event::kNeedMore) {
      if (eof()) abort();
      return false;
    }
  }
}

void Connection::on_sink_ready() {
  if (!sink_ || !sink_->busy) return;
  sink_->busy = false;
  arm(context_->options.body_timeout_ms);
  process();
}

void Connection::end_sink() {
  const std::unique_ptr<Sink> sink = std::move(sink_);
  exchange_->set_body_pending(false);
  incoming_.reset();
  disarm();
  state_ = State::kAwaitReply;
  sink->body->on_end();
}

void Connection::abort_sink(base::Status why) {
  sink_->dead = true;
  sink_->why = std::move(why);
  if (!sink_->inside) retire_sink();
}

void Connection::retire_sink() {
  const std::unique_ptr<Sink> sink = std::move(sink_);
  sink->body->on_abort(sink->why);
}

void Connection::on_stream(Outgoing head, Pull pull_function) {
  if (sink_) abort_sink({base::Code::kCancelled, "answered before the end of the body"});
  incoming_.reset();
  disarm();
  status_ = head.status;
  close_after_ = head.close;
  answer_start_ = sent();
  source_ = std::make_unique<Source>();
  source_->pull = std::move(pull_function);
  state_ = State::kStreamOut;
  write(std::move(head.head), {});
  pull();
}

// Asks the producer for pieces while the client keeps up. A producer that answers at once is asked
// again in a loop, not by recursion. It gives way to other connections after kMaxRequestsPerTurn
// pieces.
void Connection::pull() {
  if (state_ != State::kStreamOut || source_->inside) return;
  for (uint32_t i = 0; state_ == State::kStreamOut && !source_->waiting && !source_->ended; ++i) {
    if (queued_bytes() > limits::kStreamLowWaterBytes) break;
    if (i == limits::kMaxRequestsPerTurn) {
      loop().process_later(this);
      return;
    }
    source_->waiting = true;
    source_->inside = true;
    source_->pull(Next(exchange_));
    source_->inside = false;
  }
  if (state_ == State::kEnded) {
    drop_source();
  } else if (source_->ended && writes_pending() == 0) {
    drop_source();
    finish_exchange();
  }
}

void Connection::drop_source() {
  if (source_ && !source_->inside) source_.reset();
}

void Connection::on_chunk(std::string framed) {
  if (state_ != State::kStreamOut) return;
  source_->waiting = false;
  if (!framed.empty()) write(std::move(framed), {});
  pull();
}

void Connection::on_stream_end(std::string tail) {
  if (state_ != State::kStreamOut) return;
  source_->waiting = false;
  source_->ended = true;
  if (!tail.empty()) write(std::move(tail), {});
  pull();
}

}  // namespace rhumb::http
