// Health probes and metrics, in front of the REST resources. Answered on the loop thread: they work
// when the pool is full.
#pragma once

#include <functional>
#include <string>

#include "host/http/request.h"

namespace rhumb::admin {

struct AdminOptions {
  std::function<bool(std::string* why)> ready;  // false: why not
  std::function<base::Status(const http::Request&)> may_read_metrics;
};

// `next` answers everything else; it outlives this.
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
