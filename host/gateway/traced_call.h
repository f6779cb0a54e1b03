// Sends a message to a shard or to the placement role. If the request is traced, the message gets a
// span, and the callback continues in the context of the caller.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "host/base/span.h"
#include "host/peer/channel.h"

namespace rhumb::gateway {

template <typename Req>
void traced_call(peer::Channel& channel, const std::string& collection, Req request,
                 base::Deadline deadline,
                 std::function<void(base::Result<typename Req::Reply>)> done) {
  base::Span span = base::Span::child("message", base::SpanKind::kClient);
  if (!span) return channel.call<Req>(std::move(request), deadline, std::move(done));
  span.rename("message " + std::string(op_name(Req::kOp)));
  span.set("rhumb.message", op_name(Req::kOp));
  if (!collection.empty()) span.set("db.collection.name", collection);
  if constexpr (requires { request.shard; }) span.set("rhumb.shard", request.shard);
  const base::TraceContext context = span.context();
  auto ended = base::ending(std::move(span), std::move(done));
  const base::TraceScope scope(context);
  channel.call<Req>(std::move(request), deadline, std::move(ended));
}

}  // namespace rhumb::gateway
