#include "host/peer/channel.h"
#include "host/peer/frame.h"

namespace rhumb::peer {
namespace {

void write_optional(base::ByteWriter& w, const std::optional<uint64_t>& value) {
  w.u8(value.has_value() ? 1 : 0);
  if (value) w.u64(*value);
}

std::optional<uint64_t> read_optional(base::ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  return in.u64();
}

std::string reply_frame(uint32_t request_id, uint16_t op, const base::Result<Box>& reply) {
  std::string body;
  base::ByteWriter w(body);
  if (reply.ok()) {
    (*reply)->encode(w);
    return make_frame(request_id, op, kFrameReply, body);
  }
  const base::ErrorDetail& detail = reply.status().detail();
  w.u8(static_cast<uint8_t>(reply.status().code()));
  w.blob(reply.status().message());
  w.blob(detail.field);
  write_optional(w, detail.limit);
  write_optional(w, detail.leader);
  write_optional(w, detail.retry_after_ms);
  return make_frame(request_id, op, kFrameReply | kFrameFailed, body);
}

base::Result<Box> read_reply(std::string_view bytes, Decoder decode) {
  RHUMB_ASSIGN(auto frame, read_frame(bytes));
  base::ByteReader in(frame.second);
  if ((frame.first.flags & kFrameFailed) == 0) return decode(in);
  const auto code = static_cast<base::Code>(in.u8());
  const std::string message(in.blob());
  base::ErrorDetail detail;
  detail.field = std::string(in.blob());
  detail.limit = read_optional(in);
  detail.leader = read_optional(in);
  if (const auto ms = read_optional(in)) detail.retry_after_ms = static_cast<uint32_t>(*ms);
  if (!in.done() || code == base::Code::kOk || code > base::kLastCode)
    return base::corrupt("peer reply: the body is not a status");
  return base::Status(code, message).with(std::move(detail));
}

}  // namespace

void LoopbackChannel::send(Op op, Box request, base::Deadline deadline, Decoder decode_reply,
                           BoxCallback done) {
  const Dispatcher::Entry* entry = dispatcher_.find(op);
  if (entry == nullptr) {
    return done(
        base::Status(base::Code::kUnavailable, "this node does not play the role that answers op " +
                                                   std::to_string(static_cast<int>(op))));
  }
  if (mode_ == LoopbackMode::kDirect)
    return entry->handle(std::move(request), deadline, std::move(done));
  send_encoded(*entry, op, *request, deadline, decode_reply, std::move(done));
}

void LoopbackChannel::send_encoded(const Dispatcher::Entry& entry, Op op, const Boxed& request,
                                   base::Deadline deadline, Decoder decode_reply,
                                   BoxCallback done) {
  const uint32_t id = next_request_.fetch_add(1, std::memory_order_relaxed);
  std::string body;
  base::ByteWriter w(body);
  request.encode(w);
  const std::string bytes = make_frame(id, static_cast<uint16_t>(op), 0, body);
  auto frame = read_frame(bytes);
  if (!frame.ok()) return done(frame.status());
  base::ByteReader in(frame->second);
  base::Result<Box> decoded = entry.decode_request(in);
  if (!decoded.ok()) return done(decoded.status());
  entry.handle(std::move(*decoded), deadline,
               [id, op, decode_reply, done = std::move(done)](base::Result<Box> reply) {
                 done(read_reply(reply_frame(id, static_cast<uint16_t>(op), reply), decode_reply));
               });
}

}  // namespace rhumb::peer
