#include <gtest/gtest.h>

#include <thread>

#include "host/base/clock.h"
#include "tests/http/client.h"
#include "tests/http/test_handler.h"

namespace rhumb::http {
namespace {

TEST(Stop, stop_waits_for_a_handler_on_the_loop) {
  TestServer server;
  Client busy(server.port());
  ASSERT_TRUE(busy.send("GET /stall HTTP/1.1\r\nHost: a\r\n\r\n"));
  server.handler.wait_held(1);
  std::thread stopper([&] { server.server.stop(20'000); });
  server.handler.release();
  const Answer answer = busy.read();
  EXPECT_EQ(answer.body, "released");
  EXPECT_TRUE(answer.whole);
  EXPECT_TRUE(busy.closed_by_server());
  stopper.join();
}

TEST(Stop, stop_closes_idle_connections_and_lets_running_requests_finish) {
  TestServer server;
  Client idle(server.port());
  ASSERT_EQ(idle.get("/echo").status, 200);
  Client busy(server.port());
  ASSERT_TRUE(busy.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
  server.handler.wait_held(1);
  std::thread stopper([&] { server.server.stop(20'000); });
  EXPECT_TRUE(idle.closed_by_server());
  server.handler.release();
  const Answer answer = busy.read();
  EXPECT_EQ(answer.body, "released");
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_TRUE(busy.closed_by_server());
  stopper.join();
  EXPECT_THROW(Client late(server.port()), std::runtime_error);
}

TEST(Stop, stop_does_not_wait_beyond_its_deadline) {
  TestServer server;
  Client busy(server.port());
  ASSERT_TRUE(busy.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
  server.handler.wait_held(1);
  const uint64_t before = base::monotonic_ns();
  server.server.stop(100);
  EXPECT_LT(base::monotonic_ns() - before, 15'000'000'000u);
  EXPECT_TRUE(busy.closed_by_server());
  server.handler.release();  // a reply may come after the server is gone
}

TEST(Stop, a_restart_gets_the_port_at_once) {
  TestHandler handler;
  ServerOptions options;
  options.port = 0;
  auto first = std::make_unique<Server>(options, handler);
  ASSERT_TRUE(first->start().ok());
  options.port = first->port();
  Client client(options.port);
  ASSERT_EQ(client.get("/echo").status, 200);
  first.reset();
  Server second(options, handler);
  const base::Status status = second.start();
  EXPECT_TRUE(status.ok()) << status.to_string();
}

TEST(Stop, stop_works_under_load) {
  for (int round = 0; round < 10; ++round) {
    ServerOptions options;
    options.loops = 2;
    TestServer server(options);
    std::atomic<uint64_t> answered{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&, i] {
        try {
          while (true) {
            Client client(server.port());
            for (int n = 0; n < 20; ++n) {
              const Answer answer = client.get(i % 2 == 0 ? "/later" : "/export?3");
              if (!answer.whole) return;
              ++answered;
            }
          }
        } catch (const std::runtime_error&) {  // the server has stopped and refuses connections
        }
      });
    }
    const base::Deadline patience = base::Deadline::after_ms(20'000);
    while (answered < 50 && !patience.expired()) std::this_thread::yield();
    server.server.stop(10'000);
    for (auto& client : clients) client.join();
    EXPECT_GE(answered, 50u);
  }
}

}  // namespace
}  // namespace rhumb::http
