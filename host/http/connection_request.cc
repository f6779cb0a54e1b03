// Connection: from bytes to the handler.
#include <exception>
#include <random>

#include "host/base/clock.h"
#include "host/base/hex.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/http/connection.h"

namespace rhumb::http {

namespace limits = base::limits;

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// A length that a client claims is no reason yet to take the memory.
constexpr uint64_t kFirstBodyReserve = 1 << 20;

// Ids that are made here serve to find a request again. They need no secrecy.
std::string make_request_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return base::hex(random());
}

// An id goes into logs and back into a header, so it is taken only when it is plain text.
bool sane_request_id(std::string_view id) {
  if (id.empty() || id.size() > limits::kMaxRequestIdBytes) return false;
  for (const char c : id) {
    if (c < 0x21 || c > 0x7e) return false;
  }
  return true;
}

}  // namespace

bool Connection::advance() {
  switch (state_) {
    case State::kIdle:
      return begin_request();
    case State::kHead:
      read_head();
      return state_ != State::kHead;
    case State::kBody:
      return read_body();
    case State::kSinkBody:
      return feed_sink();
    default:
      return false;
  }
}

bool Connection::begin_request() {
  // One empty line before a request line is skipped (RFC 9112, 2.2).
  if (!skipped_crlf_ && unread().starts_with("\r\n")) {
    skipped_crlf_ = true;
    consume(2);
  }
  if (unread().empty() || (!skipped_crlf_ && unread() == "\r")) return false;
  if (++turn_requests_ > limits::kMaxRequestsPerTurn) {
    loop().process_later(this);
    return false;
  }
  incoming_ = std::make_unique<Incoming>(context_->options.max_header_bytes);
  state_ = State::kHead;
  arm(context_->options.header_timeout_ms);
  return true;
}

void Connection::read_head() {
  size_t consumed = 0;
  const Parser::Event event = incoming_->parser.step(unread(), consumed, incoming_->packed);
  consume(consumed);
  if (event == Parser::Event::kHead)
    on_head();
  else if (event == Parser::Event::kError)
    refuse(incoming_->parser.error().status, "Bad request: " + incoming_->parser.error().message);
  else if (eof())
    abort();
}

void Connection::on_head() {
  Parser& parser = incoming_->parser;
  const std::shared_ptr<Request>& request = parser.request();
  const std::string_view id = request->header("x-request-id");
  request->request_id = sane_request_id(id) ? std::string(id) : make_request_id();
  request->remote = remote();
  request->received_ns = base::monotonic_ns();
  exchange_ = std::make_shared<Exchange>(*this, request, parser.http11(), parser.keep_alive());
  exchange_->set_body_pending(parser.has_body());
  state_ = State::kAwaitReply;
  disarm();
  if (auto preflight = context_->cors.preflight(*request)) {
    exchange_->send(std::move(*preflight));
    return;
  }
  if (parser.has_body())
    begin_body();
  else
    dispatch();
}

// The handler is asked before the body is read, so that a client without permission cannot send 32
// MB.
void Connection::begin_body() {
  const std::shared_ptr<Exchange> exchange = exchange_;
  Reply reply(exchange);
  std::unique_ptr<BodySink> sink;
  try {
    sink = context_->handler.stream(exchange->shared_request(), reply);
  } catch (const std::exception& e) {
    base::log_error("http", "handler threw",
                    {{"what", e.what()}, {"request_id", exchange->request().request_id}});
    if (reply) reply(error_response(500, "Service internal error: the request failed"));
    return;
  }
  if (!reply) {
    if (sink && state_ == State::kAwaitReply)
      begin_sink(std::move(sink));
    else if (sink)
      sink->on_abort({base::Code::kCancelled, "answered before the body"});
    return;
  }
  incoming_->reply = std::move(reply);
  const uint64_t max = context_->options.max_body_bytes;
  if (incoming_->parser.content_length() > max) {
    refuse(413, "Bad request: the body is " + std::to_string(incoming_->parser.content_length()) +
                    " bytes, over the limit of " + std::to_string(max));
    return;
  }
  incoming_->parser.limit_body(max);
  if (incoming_->parser.gzip_body()) incoming_->gunzip = std::make_unique<Gunzip>();
  Request& request = exchange->request();
  incoming_->charge = std::make_shared<net::ByteCharge>(context_->budget);
  request.charge = incoming_->charge;
  request.body.reserve(std::min(incoming_->parser.content_length(), kFirstBodyReserve) +
                       kBodyPadding);
  state_ = State::kBody;
  arm(context_->options.body_timeout_ms);
  send_continue();
}

void Connection::send_continue() {
  if (!incoming_->parser.expects_continue() || !unread().empty()) return;
  // A client that gets no "100 Continue" sends its body after a while all the same.
  write_if_room(kContinue);
}

bool Connection::read_body() {
  Incoming& incoming = *incoming_;
  Request& request = exchange_->request();
  size_t consumed = 0;
  const Parser::Event event =
      incoming.parser.step(unread(), consumed, incoming.gunzip ? incoming.packed : request.body);
  consume(consumed);
  if (event == Parser::Event::kError) {
    refuse(incoming.parser.error().status, "Bad request: " + incoming.parser.error().message);
    return true;
  }
  if (incoming.gunzip && !unpack_body()) return true;
  if (!incoming.charge->grow_to(request.body.size())) {
    refuse(503, "Service Unavailable: too many request bodies at once");
    return true;
  }
  if (event == Parser::Event::kNeedMore) {
    if (eof()) abort();
    return false;
  }
  if (event != Parser::Event::kDone) return true;
  if (incoming.gunzip && !incoming.gunzip->finished()) {
    refuse(400, "Bad request: the gzip body is cut short");
    return true;
  }
  dispatch();
  return true;
}

bool Connection::unpack_body() {
  Incoming& incoming = *incoming_;
  std::string& body = exchange_->request().body;
  const uint64_t max = context_->options.max_body_bytes;
  do {
    // One byte of room beyond the limit tells a body at the limit from a body over it.
    const auto taken = incoming.gunzip->step(incoming.packed, body, max + 1 - body.size());
    if (!taken.ok()) {
      refuse(400, "Bad request: " + taken.status().message());
      return false;
    }
    incoming.packed.erase(0, *taken);
    if (body.size() > max) {
      refuse(413, "Bad request: the unpacked body is over the limit of " + std::to_string(max) +
                      " bytes");
      return false;
    }
  } while (incoming.gunzip->pending() || !incoming.packed.empty());
  return true;
}

void Connection::dispatch() {
  const std::shared_ptr<Exchange> exchange = exchange_;
  const std::shared_ptr<Request>& request = exchange->shared_request();
  Reply reply = incoming_->reply ? std::move(incoming_->reply) : Reply(exchange);
  request->body.reserve(request->body.size() + kBodyPadding);
  exchange->set_body_pending(false);
  incoming_.reset();
  state_ = State::kAwaitReply;
  disarm();
  request->may_run_here = loop().has_time();
  const uint64_t began = base::monotonic_ns();
  // The handler owns the reply from here on. If the handler throws, the reply is dropped during the
  // unwinding and answers 500.
  try {
    context_->handler.handle(request, std::move(reply));
  } catch (const std::exception& e) {
    base::log_error("http", "handler threw",
                    {{"what", e.what()}, {"request_id", request->request_id}});
  }
  loop().spend(base::monotonic_ns() - began);
}

// Answers in place of the handler and ends the connection, because the bytes that follow on it
// cannot be told apart any more.
void Connection::refuse(int status, std::string_view message) {
  if (!exchange_) {
    const auto& request = incoming_->parser.request();
    request->request_id = make_request_id();
    request->remote = remote();
    request->received_ns = base::monotonic_ns();
    exchange_ = std::make_shared<Exchange>(*this, request, true, false);
  }
  exchange_->set_body_pending(true);
  // The sink is not on the stack, because refusals come from parsing and from deadlines only.
  const std::unique_ptr<Sink> sink = std::move(sink_);
  disarm();
  state_ = State::kAwaitReply;
  Response response = error_response(status, message);
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  base::log_debug(
      "http", "refused",
      {{"status", status}, {"reason", message}, {"remote", exchange_->request().remote}});
  exchange_->send(std::move(response));
  // The sink is aborted after the answer, because the sink's Reply goes with it and this answer is
  // the better one.
  if (sink) sink->body->on_abort(base::invalid(std::string(message)));
}

}  // namespace rhumb::http
