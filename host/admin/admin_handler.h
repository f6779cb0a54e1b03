// Health probes and metrics, which this handler answers before the REST resources. It answers on
// the loop thread, so they work when the pool is full.
#pragma once

#include <functional>
#include <string>

#include "host/http/request.h"

namespace rhumb::admin {

struct AdminOptions {
  std::function<bool(std::string* why)> ready;  // On false, `why` says what is missing.
  std::function<base::Status(const http::Request&)> may_read_metrics;
};

// `next` answers all other requests. It outlives this handler.
class AdminHandler final : public http::Handler {
 public:
  AdminHandler(AdminOptions options, http::Handler& next)
      : options_(std::move(options)), next_(next) {}
  void handle(std::shared_ptr<http::Request> request, http::Reply reply) override;
  std::unique_ptr<http::BodySink> stream(const std::shared_ptr<http::Request>& head,
                                         http::Reply& reply) override {
    return next_.stream(head, reply);
  }

 private:
  const AdminOptions options_;
  http::Handler& next_;
};

}  // namespace rhumb::admin
