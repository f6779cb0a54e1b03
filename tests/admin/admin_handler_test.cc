#include "host/admin/admin_handler.h"

#include <gtest/gtest.h>

#include "host/base/metric_table.h"
#include "host/base/metrics.h"

namespace rhumb::admin {
namespace {

// Answers every request that reaches it with 418.
class Next final : public http::Handler {
 public:
  void handle(std::shared_ptr<http::Request>, http::Reply reply) override {
    http::Response response;
    response.status = 418;
    reply(std::move(response));
  }
  std::unique_ptr<http::BodySink> stream(const std::shared_ptr<http::Request>&,
                                         http::Reply& reply) override {
    http::Response response;
    response.status = 418;
    reply(std::move(response));
    return nullptr;
  }
};

class Kept final : public http::ReplySink {
 public:
  void send(http::Response response) override { answer = std::move(response); }
  void stream(http::Response head, http::Pull) override { answer = std::move(head); }
  http::Response answer;
};

class AdminTest : public ::testing::Test {
 protected:
  http::Response ask(const char* method, const char* target) {
    auto sink = std::make_shared<Kept>();
    handler_.handle(http::Request::make(method, target), http::Reply(sink));
    return sink->answer;
  }
  bool ready_ = true;
  base::Status metrics_allowed_;
  Next next_;
  AdminHandler handler_{{[this](std::string* why) {
                           if (!ready_) *why = "no leader of group 1";
                           return ready_;
                         },
                         [this](const http::Request&) { return metrics_allowed_; }},
                        next_};
};

TEST_F(AdminTest, probes_answer_with_the_texts_that_clients_match) {
  EXPECT_EQ(ask("GET", "/healthz").body, "healthz check passed");
  EXPECT_EQ(ask("GET", "/livez").status, 200);
  EXPECT_EQ(ask("GET", "/livez/").status, 200);
  EXPECT_EQ(ask("GET", "/readyz").body, "all shards are ready");
  EXPECT_EQ(ask("GET", "/readyz?verbose").status, 200);
}

TEST_F(AdminTest, a_node_that_is_not_ready_answers_503_with_the_reason_and_is_alive) {
  ready_ = false;
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  EXPECT_EQ(ask("GET", "/readyz").body, "no leader of group 1");
  EXPECT_EQ(ask("GET", "/livez").status, 200);
}

TEST_F(AdminTest, metrics_are_text_and_need_the_permission_to_read) {
  base::add_metric_row({"rhumb_admin_test_total", base::MetricKind::kCounter});
  base::counter("rhumb_admin_test_total").add(3);
  const http::Response response = ask("GET", "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.content_type.starts_with("text/plain; version=0.0.4"));
  EXPECT_NE(response.body.find("\nrhumb_admin_test_total 3\n"), std::string::npos);
  metrics_allowed_ = {base::Code::kUnauthenticated, "a key is needed"};
  EXPECT_EQ(ask("GET", "/metrics").status, 401);
  EXPECT_EQ(ask("GET", "/metrics").body.find("rhumb_admin_test_total"), std::string::npos);
  metrics_allowed_ = {base::Code::kForbidden, "not with this key"};
  EXPECT_EQ(ask("GET", "/metrics").status, 403);
}

TEST_F(AdminTest, other_paths_go_to_the_next_handler) {
  EXPECT_EQ(ask("GET", "/").status, 418);
  EXPECT_EQ(ask("GET", "/healthzz").status, 418);
  EXPECT_EQ(ask("POST", "/healthz").status, 418);
  auto sink = std::make_shared<Kept>();
  http::Reply reply(sink);
  EXPECT_EQ(handler_.stream(http::Request::make("POST", "/metrics"), reply), nullptr);
  EXPECT_EQ(sink->answer.status, 418);
}

}  // namespace
}  // namespace rhumb::admin
