#include <gtest/gtest.h>

#include <thread>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/http/gzip.h"
#include "tests/http/client.h"
#include "tests/http/test_handler.h"

namespace rhumb::http {
namespace {

std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

TEST(StreamIn, a_streamed_body_may_be_larger_than_a_buffered_one) {
  ServerOptions options;
  options.max_body_bytes = 1000;
  TestServer server(options);
  const std::string body = pattern(3'000'000);
  Client client(server.port());
  EXPECT_EQ(client.post("/import", body).body, "imported 3000000");
  EXPECT_EQ(server.handler.imported, body);
  EXPECT_GT(server.handler.pieces, 5u);
  EXPECT_EQ(client.get("/echo").status, 200);
}

TEST(StreamIn, a_streamed_body_may_be_chunked_and_packed) {
  TestServer server;
  Client client(server.port());
  const std::string body = pattern(2'000'000);
  const std::string packed = gzip_body(body);
  std::string request =
      "POST /import HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Encoding: "
      "gzip\r\n\r\n";
  for (size_t at = 0; at < packed.size(); at += 1777)
    request += chunk(std::string_view(packed).substr(at, 1777));
  ASSERT_TRUE(client.send(request + "0\r\n\r\n"));
  EXPECT_EQ(client.read().body, "imported 2000000");
  EXPECT_EQ(server.handler.imported, body);
}

TEST(StreamIn, a_packed_bomb_comes_in_bounded_pieces) {
  TestServer server;
  Client client(server.port());
  const std::string bomb = gzip_body(std::string(50'000'000, 'x'));
  ASSERT_LT(bomb.size(), 400'000u);
  EXPECT_EQ(client.post("/import", bomb, "Content-Encoding: gzip\r\n").body, "imported 50000000");
  EXPECT_GE(server.handler.pieces, 50'000'000u / base::limits::kMaxStreamChunkBytes);
}

TEST(StreamIn, a_slow_sink_holds_the_sender_back) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(
      client.send("POST /import?slow HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n"));
  std::thread sender([&] { client.send(pattern(60'000'000)); });
  server.handler.wait_imported(1);
  Client other(server.port());
  for (int i = 0; i < 50; ++i) ASSERT_EQ(other.get("/echo").status, 200);
  {
    const std::lock_guard lock(server.handler.mutex);
    EXPECT_EQ(server.handler.pieces, 1u);  // one piece at a time
  }
  while (true) {
    server.handler.resume_import();
    const std::lock_guard lock(server.handler.mutex);
    if (server.handler.imported.size() == 60'000'000) break;
  }
  server.handler.resume_import();
  sender.join();
  EXPECT_EQ(client.read().body, "imported 60000000");
}

TEST(StreamIn, an_early_answer_ends_the_stream_and_is_read) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(
      client.send("POST /import HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\nBAD"));
  server.handler.wait_aborted();
  client.send(pattern(1'000'000));
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.fields.at("connection"), "close");
}

TEST(StreamIn, a_stream_can_be_refused_before_its_body) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send(
      "POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"));
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());
}

TEST(StreamIn, damage_and_disconnection_abort_the_sink) {
  const std::string head = "POST /import HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
  const auto aborts = [&](const std::string& bytes, int status, bool close) {
    ServerOptions options;
    options.body_timeout_ms = 200;
    TestServer server(options);
    Client client(server.port());
    ASSERT_TRUE(client.send(bytes));
    if (close) {
      // A reset that overtakes the request would leave nothing to abort.
      server.handler.wait_imported(5);
      client.reset();
    }
    server.handler.wait_aborted();
    if (status != 0) EXPECT_EQ(client.read().status, status);
  };
  aborts(head + "\r\n5\r\nhello\r\nzz\r\n", 400, false);
  aborts(head + "Content-Encoding: gzip\r\n\r\n5\r\nhello\r\n", 400, false);
  aborts(head + "Content-Encoding: gzip\r\n\r\n" + chunk(gzip_body("hello").substr(0, 15)) +
             "0\r\n\r\n",
         400, false);
  aborts(head + "\r\n5\r\nhello\r\n", 408, false);
  aborts(head + "\r\n5\r\nhello\r\n", 0, true);
}

TEST(StreamOut, pieces_arrive_complete_and_the_connection_goes_on) {
  TestServer server;
  Client client(server.port());
  for (const size_t pieces : {0u, 1u, 2u, 200u}) {
    const Answer answer = client.get("/export?" + std::to_string(pieces));
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.body.size(), pieces * 64 * 1024);
    EXPECT_EQ(client.get("/echo").status, 200);
  }
}

TEST(StreamOut, a_streamed_answer_can_be_packed) {
  TestServer server;
  Client client(server.port());
  const Answer answer = client.get("/export?20", "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.fields.at("content-encoding"), "gzip");
  const std::string body = gunzip(answer.body);
  ASSERT_EQ(body.size(), 20u * 64 * 1024);
  for (size_t i = 0; i < 20; ++i)
    ASSERT_EQ(body.substr(i * 64 * 1024, 64 * 1024), pattern(64 * 1024));
}

TEST(StreamOut, an_answer_to_http_1_0_ends_with_the_connection) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send("GET /export?5 HTTP/1.0\r\n\r\n"));
  const Answer answer = client.read();
  EXPECT_FALSE(answer.fields.contains("transfer-encoding"));
  EXPECT_EQ(answer.body.size(), 5u * 64 * 1024);
}

TEST(StreamOut, a_failed_stream_never_looks_complete) {
  TestServer server;
  Client client(server.port());
  const Answer answer = client.get("/broken");
  EXPECT_FALSE(answer.whole);
  EXPECT_EQ(answer.status, 200);
}

TEST(StreamOut, a_stream_is_produced_no_faster_than_it_is_read) {
  TestServer server;
  Client client(server.port(), 65536);
  ASSERT_TRUE(client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(client.read_some().empty());
  // The producer pauses once the socket's buffers and the low-water mark are full. Pulls stop while
  // other clients are served.
  Client other(server.port());
  const base::Deadline patience = base::Deadline::after_ms(20'000);
  for (uint64_t last = 0, same = 0; same < 200 && !patience.expired();) {
    ASSERT_EQ(other.get("/later").status, 200);
    const uint64_t pulled = server.handler.pulled;
    same = pulled == last ? same + 1 : 0;
    last = pulled;
  }
  EXPECT_FALSE(patience.expired());
  EXPECT_LT(server.handler.pulled, 400u);  // 25 MiB: the most that kernels buffer, plus the mark
  const uint64_t before = server.handler.pulled;
  size_t read = 0;
  while (read < 40'000'000) read += client.read_some().size();
  EXPECT_GT(server.handler.pulled, before);
  client.reset();
  while (server.handler.pulls_alive != 0 && !patience.expired()) std::this_thread::yield();
  EXPECT_EQ(server.handler.pulls_alive, 0u);  // the producer ends with the connection
}

}  // namespace
}  // namespace rhumb::http
