// The REST front finds the route, asks for permission, and runs the call on the loop or in the
// pool. The only state that it keeps is how long searches take.
#pragma once

#include "host/http/request.h"
#include "host/http/rest/call.h"
#include "host/http/rest/latency/search_latency.h"

namespace rhumb::http::rest {

class RestHandler final : public Handler {
 public:
  explicit RestHandler(RestOptions options);
  void handle(std::shared_ptr<Request> request, Reply reply) override;
  std::unique_ptr<BodySink> stream(const std::shared_ptr<Request>& head, Reply& reply) override;

 private:
  SearchLatencies latencies_;
  const RestOptions options_;
};

}  // namespace rhumb::http::rest
