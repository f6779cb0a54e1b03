#include "host/http/server.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"
#include "host/base/metrics.h"
#include "host/http/gzip.h"
#include "tests/http/client.h"
#include "tests/http/test_handler.h"

namespace rhumb::http {
namespace {

TEST(Server, answers_on_the_loop_and_from_a_pool_over_one_connection) {
  TestServer server;
  Client client(server.port());
  for (int i = 0; i < 50; ++i) {
    const Answer inline_answer = client.get("/echo?i=" + std::to_string(i));
    EXPECT_EQ(inline_answer.status, 200);
    EXPECT_EQ(inline_answer.body, "GET /echo?i=" + std::to_string(i) + " ");
    const Answer pool_answer = client.post("/later", "body " + std::to_string(i));
    EXPECT_EQ(pool_answer.body, "POST /later body " + std::to_string(i));
  }
  EXPECT_EQ(server.server.connections(), 1u);
  EXPECT_EQ(server.handler.handled, 100u);
}

TEST(Server, a_turn_of_the_loop_has_a_time_budget) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(
      client.send("GET /spare HTTP/1.1\r\nHost: a\r\n\r\nGET /busy HTTP/1.1\r\nHost: a\r\n\r\nGET "
                  "/spare HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(client.read().body, "time left");
  EXPECT_EQ(client.read().body, "done");
  EXPECT_EQ(client.read().body, "none left");
  EXPECT_EQ(client.get("/spare").body, "time left") << "another turn";
}

TEST(Server, pipelined_requests_are_answered_in_order_one_at_a_time) {
  TestServer server;
  Client client(server.port());
  std::string all;
  constexpr int kRequests = 500;  // enough for several turns of the loop
  for (int i = 0; i < kRequests; ++i) {
    const std::string body = std::to_string(i);
    const std::string path = i % 3 == 0 ? "/later" : "/echo";
    all += "POST " + path +
           " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < kRequests; ++i) {
    const Answer answer = client.read();
    ASSERT_EQ(answer.status, 200) << i;
    ASSERT_EQ(answer.body,
              std::string(i % 3 == 0 ? "POST /later " : "POST /echo ") + std::to_string(i));
  }
}

TEST(Server, only_one_request_of_a_connection_runs) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(
      client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
  server.handler.wait_held(1);
  Client other(server.port());
  EXPECT_EQ(other.get("/echo").status, 200);  // the loop is free
  // The second request of the first connection was not started.
  EXPECT_EQ(server.handler.handled, 2u);
  server.handler.release();
  EXPECT_EQ(client.read().body, "released");
  EXPECT_EQ(client.read().body, "GET /echo ");
}

TEST(Server, several_loops_share_the_connections) {
  ServerOptions options;
  options.loops = 3;
  TestServer server(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(std::make_unique<Client>(server.port()));
  for (int round = 0; round < 20; ++round) {
    for (const auto& client : clients)
      ASSERT_TRUE(client->send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (const auto& client : clients) ASSERT_EQ(client->read().status, 200);
  }
}

TEST(Server, head_has_the_head_of_get_and_no_body) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send("HEAD /big?500 HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Answer head = client.read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields.at("content-length"), "500");
  EXPECT_EQ(client.get("/echo").status, 200);
  ASSERT_TRUE(client.send("HEAD /export?3 HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(client.read(true).status, 200);
  EXPECT_EQ(client.get("/echo").body, "GET /echo ");
}

TEST(Server, keep_alive_follows_the_version_and_the_connection_field) {
  TestServer server;
  {
    Client client(server.port());
    EXPECT_EQ(client.get("/echo", "Connection: close\r\n").fields.at("connection"), "close");
    EXPECT_TRUE(client.closed_by_server());
  }
  {
    Client client(server.port());
    ASSERT_TRUE(client.send("GET /echo HTTP/1.0\r\n\r\n"));
    EXPECT_EQ(client.read().status, 200);
    EXPECT_TRUE(client.closed_by_server());
  }
  {
    Client client(server.port());
    ASSERT_TRUE(client.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(client.read().fields.at("connection"), "keep-alive");
    EXPECT_EQ(client.get("/echo").status, 200);
  }
}

TEST(Server, large_answers_are_packed_for_clients_that_accept_it) {
  TestServer server;
  Client client(server.port());
  const Answer packed = client.get("/big?100000", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.fields.at("content-encoding"), "gzip");
  EXPECT_EQ(packed.fields.at("vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), 50'000u);
  EXPECT_EQ(gunzip(packed.body), pattern(100'000));
  const Answer plain = client.get("/big?100000");
  EXPECT_FALSE(plain.fields.contains("content-encoding"));
  EXPECT_EQ(plain.body, pattern(100'000));
  EXPECT_FALSE(
      client.get("/big?1000", "Accept-Encoding: gzip\r\n").fields.contains("content-encoding"));
}

TEST(Server, packed_bodies_are_read_and_have_the_json_parsers_padding) {
  TestServer server;
  Client client(server.port());
  const std::string body = pattern(300'000);
  const Answer answer = client.post("/echo", gzip_body(body), "Content-Encoding: gzip\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "POST /echo " + body);
  for (const size_t n : {1u, 15u, 16u, 64u, 1000u, 65'536u}) {
    EXPECT_EQ(client.post("/padding", std::string(n, 'x')).body, "padded") << n;
    EXPECT_EQ(
        client.post("/padding", gzip_body(std::string(n, 'x')), "Content-Encoding: gzip\r\n").body,
        "padded")
        << n;
  }
  EXPECT_EQ(
      client.post("/echo", gzip_body(body).substr(0, 1000), "Content-Encoding: gzip\r\n").status,
      400);
}

TEST(Server, chunked_bodies_are_read) {
  TestServer server;
  Client client(server.port());
  std::string request = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 1; i < 300; ++i) {
    const std::string piece(static_cast<size_t>(i), static_cast<char>('a' + i % 26));
    body += piece;
    char size[16];
    std::snprintf(size, sizeof(size), "%x", i);
    request += std::string(size) + "\r\n" + piece + "\r\n";
  }
  ASSERT_TRUE(client.send(request + "0\r\nTrailer: x\r\n\r\n"));
  EXPECT_EQ(client.read().body, "POST /echo " + body);
  EXPECT_EQ(client.get("/echo").status, 200);
}

TEST(Server, expect_continue_is_answered) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read().status, 100);
  ASSERT_TRUE(client.send("hello"));
  EXPECT_EQ(client.read().body, "POST /echo hello");
  // A client that asks first learns the limit before it sends the body.
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\nExpect: "
                  "100-continue\r\n\r\n"));
  EXPECT_EQ(client.read().status, 413);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, request_ids_are_echoed_or_made) {
  TestServer server;
  Client client(server.port());
  EXPECT_EQ(client.get("/echo", "X-Request-Id: my-id_1\r\n").fields.at("x-request-id"), "my-id_1");
  const std::string made = client.get("/echo").fields.at("x-request-id");
  EXPECT_EQ(made.size(), 16u);
  EXPECT_NE(client.get("/echo").fields.at("x-request-id"), made);
  EXPECT_EQ(client
                .get("/echo", "X-Request-Id: " +
                                  std::string(base::limits::kMaxRequestIdBytes + 1, 'a') + "\r\n")
                .fields.at("x-request-id")
                .size(),
            16u);
  EXPECT_EQ(client.get("/echo", "X-Request-Id: a b\r\n").fields.at("x-request-id").size(), 16u);
}

TEST(Server, a_handler_that_fails_answers_500_and_the_connection_lives) {
  TestServer server;
  Client client(server.port());
  EXPECT_EQ(client.get("/throw").status, 500);
  EXPECT_EQ(client.get("/drop").status, 500);
  const Answer answer = client.get("/echo");
  EXPECT_EQ(answer.status, 200);
}

TEST(Server, cors_allows_any_origin) {
  TestServer server;
  Client client(server.port());
  EXPECT_EQ(
      client.get("/echo", "Origin: https://a.example\r\n").fields.at("access-control-allow-origin"),
      "*");
  EXPECT_FALSE(client.get("/echo").fields.contains("access-control-allow-origin"));
  ASSERT_TRUE(
      client.send("OPTIONS /collections HTTP/1.1\r\nHost: a\r\nOrigin: "
                  "https://a.example\r\nAccess-Control-Request-Method: PUT\r\n"
                  "Access-Control-Request-Headers: api-key,content-type\r\n\r\n"));
  const Answer preflight = client.read();
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.fields.at("access-control-allow-headers"), "api-key,content-type");
  EXPECT_NE(preflight.fields.at("access-control-allow-methods").find("PUT"), std::string::npos);
  EXPECT_EQ(server.handler.handled, 2u);
  ASSERT_TRUE(client.send("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n"));  // not a CORS preflight
  EXPECT_EQ(client.read().body, "OPTIONS /echo ");
}

TEST(Server, cors_allows_listed_origins_and_can_be_off) {
  ServerOptions options;
  options.cors.origins = {"https://a.example", "https://b.example"};
  TestServer server(options);
  Client client(server.port());
  const Answer listed = client.get("/echo", "Origin: https://b.example\r\n");
  EXPECT_EQ(listed.fields.at("access-control-allow-origin"), "https://b.example");
  EXPECT_NE(listed.fields.at("vary").find("Origin"), std::string::npos);
  EXPECT_FALSE(client.get("/echo", "Origin: https://evil.example\r\n")
                   .fields.contains("access-control-allow-origin"));
  options.cors.enabled = false;
  TestServer off(options);
  Client other(off.port());
  EXPECT_FALSE(other.get("/echo", "Origin: https://a.example\r\n")
                   .fields.contains("access-control-allow-origin"));
}

TEST(Server, a_client_that_half_closes_gets_its_answer) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
  client.shutdown_send();
  server.handler.wait_held(1);
  // When a connection that came later on the same loop was served, the server has seen the end of
  // the first client's input.
  Client other(server.port());
  while (true) {
    ASSERT_EQ(other.get("/echo").status, 200);
    const std::lock_guard lock(server.handler.mutex);
    if (server.handler.held[0].first->cancelled()) break;
  }
  server.handler.release();
  EXPECT_EQ(client.read().body, "cancelled");
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, answers_to_closed_connections_are_dropped) {
  TestServer server;
  for (int i = 0; i < 20; ++i) {
    Client client(server.port());
    ASSERT_TRUE(client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
    server.handler.wait_held(1);
    client.reset();
    server.handler.release();
  }
  Client client(server.port());
  EXPECT_EQ(client.get("/echo").status, 200);
}

TEST(Server, the_error_says_why_the_server_cannot_listen) {
  TestServer server;
  TestHandler handler;
  ServerOptions options;
  options.port = server.port();
  Server second(options, handler);
  const base::Status in_use = second.start();
  EXPECT_EQ(in_use.code(), base::Code::kUnavailable);
  EXPECT_NE(in_use.message().find("127.0.0.1:" + std::to_string(server.port()) +
                                  ": the address is in use"),
            std::string::npos)
      << in_use.message();
  options.port = 0;
  options.host = "no.such.host.invalid";
  Server third(options, handler);
  EXPECT_NE(third.start().message().find("no.such.host.invalid"), std::string::npos);
  options.host = "192.0.2.1";
  Server fourth(options, handler);
  EXPECT_NE(fourth.start().message().find("192.0.2.1:0"), std::string::npos);
}

TEST(Server, requests_and_connections_are_counted) {
  TestServer server;
  Client client(server.port());
  EXPECT_EQ(client.get("/echo").status, 200);
  const std::string text = base::metrics_text();
  EXPECT_NE(text.find("\nrhumb_http_responses_total{status=\"200\"} "), std::string::npos);
  EXPECT_NE(text.find("\nrhumb_http_connections 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nrhumb_http_request_seconds_count{route=\"none\"} "), std::string::npos);
}

}  // namespace
}  // namespace rhumb::http
