// The cost of slow, idle, greedy and silent clients is bounded.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "host/base/clock.h"
#include "host/http/connection.h"
#include "host/http/gzip.h"
#include "tests/http/client.h"
#include "tests/http/test_handler.h"

namespace rhumb::http {
namespace {

ServerOptions impatient() {
  ServerOptions options;
  options.header_timeout_ms = 150;
  options.body_timeout_ms = 150;
  options.idle_timeout_ms = 150;
  options.write_timeout_ms = 150;
  return options;
}

uint64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
  }
  return 0;
}

TEST(Limits, a_dripping_head_is_answered_408) {
  TestServer server(impatient());
  Client client(server.port());
  ASSERT_TRUE(client.send("GET /echo HTTP/1.1\r\nHost: a\r\n"));
  // Sends a byte every few milliseconds. Such progress must not extend the time-out.
  pollfd answered{client.fd(), POLLIN, 0};
  const base::Deadline patience = base::Deadline::after_ms(20'000);
  while (::poll(&answered, 1, 5) == 0 && !patience.expired()) client.send("X");
  EXPECT_FALSE(patience.expired());
  EXPECT_EQ(client.read().status, 408);
}

TEST(Limits, a_body_that_does_not_come_is_answered_408) {
  TestServer server(impatient());
  Client client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"));
  EXPECT_EQ(client.read().status, 408);
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_EQ(server.handler.handled, 0u);
}

TEST(Limits, idle_connections_are_closed_without_an_answer) {
  TestServer server(impatient());
  Client fresh(server.port());
  EXPECT_TRUE(fresh.closed_by_server());
  Client used(server.port());
  EXPECT_EQ(used.get("/echo").status, 200);
  EXPECT_TRUE(used.closed_by_server());
}

TEST(Limits, a_connection_that_waits_for_its_answer_is_not_idle) {
  TestServer server(impatient());
  Client client(server.port());
  ASSERT_TRUE(client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
  server.handler.wait_held(1);
  Client idle(server.port());
  EXPECT_TRUE(idle.closed_by_server());  // a connection that came later has seen all time-outs pass
  server.handler.release();
  EXPECT_EQ(client.read().body, "released");
}

TEST(Limits, a_client_that_does_not_read_is_closed_and_one_that_reads_slowly_is_served) {
  ServerOptions options = impatient();
  options.write_timeout_ms = 2000;  // The slow client may wait for a CPU that long.
  TestServer server(options);
  Client silent(server.port(), 4096);
  ASSERT_TRUE(silent.send("GET /big?20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  Client slow(server.port(), 65536);
  ASSERT_TRUE(slow.send("GET /big?20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Answer answer = slow.read();
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body.size(), 20'000'000u);
  const base::Deadline patience = base::Deadline::after_ms(20'000);
  while (server.server.connections() > 0 && !patience.expired()) std::this_thread::yield();
  EXPECT_EQ(server.server.connections(), 0u);
  EXPECT_FALSE(silent.read().whole);
}

TEST(Limits, bodies_over_the_limit_are_refused) {
  ServerOptions options;
  options.max_body_bytes = 10'000;
  TestServer server(options);
  for (const int kind : {0, 1, 2}) {
    Client client(server.port());
    if (kind == 0) {
      EXPECT_EQ(client.post("/echo", pattern(10'001)).status, 413);
    } else if (kind == 1) {
      ASSERT_TRUE(client.send(
          "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" +
          pattern(5000) + "\r\n1389\r\n" + pattern(5001)));
      EXPECT_EQ(client.read().status, 413);
    } else {
      const std::string bomb = gzip_body(std::string(8'000'000, '\0'));
      ASSERT_LT(bomb.size(), 10'000u * 4);
      EXPECT_EQ(client.post("/echo", bomb.substr(0, 9000), "Content-Encoding: gzip\r\n").status,
                413);
    }
    EXPECT_TRUE(client.closed_by_server());
  }
  Client client(server.port());
  EXPECT_EQ(client.post("/echo", pattern(10'000)).status, 200);
  EXPECT_EQ(client.post("/echo", gzip_body(pattern(10'000)), "Content-Encoding: gzip\r\n").status,
            200);
  EXPECT_EQ(client.post("/echo", gzip_body(pattern(10'001)), "Content-Encoding: gzip\r\n").status,
            413);
  EXPECT_EQ(server.handler.handled, 2u);
}

TEST(Limits, a_refused_client_that_keeps_sending_still_reads_the_answer) {
  ServerOptions options;
  options.max_body_bytes = 1000;
  TestServer server(options);
  Client client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n"));
  client.send(pattern(30'000'000));  // the server may close in the middle
  EXPECT_EQ(client.read().status, 413);
}

TEST(Limits, bodies_in_flight_are_bounded_over_all_connections) {
  ServerOptions options;
  options.max_inflight_body_bytes = 100'000;
  TestServer server(options);
  Client first(server.port());
  ASSERT_TRUE(first.send("POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n" +
                         pattern(80'000)));
  server.handler.wait_held(1);
  EXPECT_EQ(server.server.inflight_body_bytes(), 80'000u);
  Client second(server.port());
  const Answer refused = second.post("/echo", pattern(30'000));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.fields.at("retry-after"), "1");
  server.handler.release();
  EXPECT_EQ(first.read().status, 200);
  Client third(server.port());
  EXPECT_EQ(third.post("/echo", pattern(30'000)).status, 200);
  EXPECT_EQ(first.get("/echo").status, 200);
  const base::Deadline patience = base::Deadline::after_ms(20'000);
  while (server.server.inflight_body_bytes() != 0 && !patience.expired()) std::this_thread::yield();
  EXPECT_EQ(server.server.inflight_body_bytes(), 0u);
}

TEST(Limits, replies_that_clients_do_not_read_are_bounded_over_all_connections) {
  ServerOptions options;
  options.max_unsent_bytes = 20'000'000;
  TestServer server(options);
  constexpr std::string_view kBig = "GET /big?30000000 HTTP/1.1\r\nHost: a\r\n\r\n";
  std::vector<Client> silent;
  for (int i = 0; i < 6; ++i) {
    silent.emplace_back(server.port(), 4096);
    ASSERT_TRUE(silent.back().send(kBig));
  }
  EXPECT_EQ(Client(server.port()).get("/echo").status, 200);  // small requests are still served
  const base::Deadline patience = base::Deadline::after_ms(20'000);
  while (server.server.connections() > 2 && !patience.expired()) std::this_thread::yield();
  EXPECT_EQ(server.server.connections(), 2u);  // two connections stay, the others were closed
  silent.clear();
  while (server.server.connections() > 0 && !patience.expired()) std::this_thread::yield();
  Client reader(server.port());
  ASSERT_TRUE(reader.send(kBig));
  // An answer above the budget is allowed when it is the only one.
  EXPECT_EQ(reader.read().body.size(), 30'000'000u);
}

TEST(Limits, connections_over_the_limit_are_told_to_retry) {
  ServerOptions options;
  options.max_connections = 3;
  TestServer server(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(server.port()));
    ASSERT_EQ(clients.back()->get("/echo").status, 200);
  }
  Client refused(server.port());
  const Answer answer = refused.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.fields.at("retry-after"), "1");
  EXPECT_TRUE(refused.closed_by_server());
  clients.pop_back();
  const base::Deadline patience = base::Deadline::after_ms(20'000);
  while (server.server.connections() >= 3 && !patience.expired()) std::this_thread::yield();
  Client admitted(server.port());
  EXPECT_EQ(admitted.get("/echo").status, 200);
}

TEST(Limits, a_thousand_idle_connections_cost_little_and_block_no_other) {
  TestServer server;
  EXPECT_LT(sizeof(Connection), 768u);
  std::vector<std::unique_ptr<Client>> idle;
  const auto connect = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      idle.push_back(std::make_unique<Client>(server.port()));
      ASSERT_EQ(idle.back()->post("/echo", pattern(11'000)).status, 200);
    }
  };
  connect(100);  // memory that the process takes once
  const uint64_t before = resident_kib();
  connect(1000);
  const uint64_t after = resident_kib();
  EXPECT_EQ(server.server.connections(), 1100u);
#if !defined(RHUMB_SANITIZED)
  // The memory of the client's objects is included.
  EXPECT_LT((after - before) * 1024 / 1000, 2048u) << "bytes a connection";
#else
  EXPECT_GT(after, 0u);
  EXPECT_GT(before, 0u);
#endif
  Client fresh(server.port());
  EXPECT_EQ(fresh.get("/later").status, 200);
  for (size_t i = 0; i < idle.size(); i += 97) EXPECT_EQ(idle[i]->get("/echo").status, 200);
}

TEST(Limits, the_server_recovers_from_running_out_of_file_descriptors) {
  TestServer server;
  Client working(server.port());
  ASSERT_EQ(working.get("/echo").status, 200);
  rlimit original{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &original), 0);
  std::vector<std::unique_ptr<Client>> greedy;
  for (int i = 0; i < 8; ++i) greedy.push_back(std::make_unique<Client>(server.port()));
  for (auto& client : greedy) ASSERT_EQ(client->get("/echo").status, 200);
  {
    // No more descriptors can be opened. A connection that the kernel accepted waits in the
    // backlog.
    const int next = ::dup(0);
    ::close(next);
    const int raw = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rlimit tight = original;
    tight.rlim_cur = static_cast<rlim_t>(std::max(next, raw)) + 1;
    ::close(raw);
    Client waiting(server.port());
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    ASSERT_TRUE(waiting.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(working.get("/echo").status, 200);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &original), 0);
    EXPECT_EQ(waiting.read().status, 200);
  }
}

}  // namespace
}  // namespace rhumb::http
