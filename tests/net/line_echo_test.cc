// What host/net gives to a protocol, shown with one that echoes lines.
#include "tests/net/line_echo.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/base/clock.h"
#include "tests/net/socket_client.h"

namespace rhumb::net {
namespace {

// False if it does not come within 20 s.
bool wait_for_connections(const EchoServer& server, uint32_t count) {
  const base::Deadline patience = base::Deadline::after_ms(20'000);
  while (server.group->connections != count && !patience.expired()) std::this_thread::yield();
  return server.group->connections == count;
}

// A client that the server has accepted.
SocketClient admitted(const EchoServer& server, int receive_buffer = 0) {
  SocketClient client(server.port(), receive_buffer);
  EXPECT_TRUE(client.send("in\n"));
  EXPECT_EQ(client.read_line(), "in\n");
  return client;
}

// The value of a counter without labels.
double counted(const std::string& name) {
  const std::string text = base::metrics_text();
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(LineEcho, lines_come_back_in_order_whatever_the_pieces) {
  EchoServer server;
  SocketClient client(server.port());
  ASSERT_TRUE(client.send("one\ntw"));
  EXPECT_EQ(client.read_line(), "one\n");
  ASSERT_TRUE(client.send("o\n\nfour\n"));
  EXPECT_EQ(client.read_line(), "two\n");
  EXPECT_EQ(client.read_line(), "\n");
  EXPECT_EQ(client.read_line(), "four\n");
}

TEST(LineEcho, a_long_pipeline_is_served_in_turns) {
  EchoServer server;
  SocketClient client(server.port());
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::to_string(i) + "\n";
  ASSERT_TRUE(client.send(lines));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.read_line(), std::to_string(i) + "\n");
}

TEST(LineEcho, a_connection_that_ends_before_its_turn_is_not_touched) {
  EchoServer server;
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "x\n";
  for (int i = 0; i < 50; ++i) {
    SocketClient client = admitted(server);
    ASSERT_TRUE(client.send(lines));
    client.reset();
  }
  EXPECT_TRUE(wait_for_connections(server, 0));
  const SocketClient fresh = admitted(server);
}

TEST(LineEcho, the_last_line_arrives_though_the_client_keeps_sending) {
  EchoServer server;
  SocketClient client(server.port());
  ASSERT_TRUE(client.send("quit\n" + std::string(1'000'000, 'x')));
  EXPECT_EQ(client.read_line(), "bye\n");
  client.shutdown_send();
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(wait_for_connections(server, 0));
}

TEST(LineEcho, a_line_over_the_limit_of_the_protocol_ends_the_connection) {
  EchoServer server;
  SocketClient client(server.port());
  client.send(std::string(LineEcho::kMaxLineBytes + 1, 'x'));
  EXPECT_TRUE(client.closed_by_server());
}

TEST(LineEcho, an_idle_connection_meets_its_deadline) {
  EchoServer server({}, 100);
  SocketClient client(server.port());
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(wait_for_connections(server, 0));
}

TEST(LineEcho, a_peer_that_does_not_read_is_closed_before_the_deadline_of_the_protocol) {
  EchoServer server({.write_timeout_ms = 500}, 600'000);
  SocketClient silent = admitted(server, 4096);
  ASSERT_TRUE(silent.send("pour 20000000\n"));
  SocketClient slow = admitted(server);
  ASSERT_TRUE(slow.send("pour 20000000\n"));
  EXPECT_EQ(slow.read_line().size(), 20'000'001u);
  EXPECT_TRUE(wait_for_connections(server, 1));
}

// With one deadline for both, the write's 10 minutes would take the place of the protocol's.
TEST(LineEcho, queued_writes_leave_the_deadline_of_the_protocol_alone) {
  EchoServer server({.write_timeout_ms = 600'000}, 500);
  SocketClient silent = admitted(server, 4096);
  const double sent = counted("test_sent_bytes_total");
  ASSERT_TRUE(silent.send("pour 20000000\n"));
  ASSERT_TRUE(wait_for_connections(server, 0));
  EXPECT_EQ(counted("test_sent_bytes_total"), sent + 20'000'001);
}

TEST(LineEcho, connections_over_the_cap_get_the_refusal) {
  EchoServer server({.max_connections = 2});
  const SocketClient first = admitted(server);
  auto second = std::make_unique<SocketClient>(admitted(server));
  const double refused = counted("test_refused_total");
  SocketClient third(server.port());
  EXPECT_EQ(third.read_line(), "full\n");
  EXPECT_TRUE(third.closed_by_server());
  EXPECT_EQ(counted("test_refused_total"), refused + 1);
  second.reset();
  ASSERT_TRUE(wait_for_connections(server, 1));
  const SocketClient fourth = admitted(server);
}

TEST(LineEcho, a_single_write_may_exceed_the_budget) {
  EchoServer server({.max_unsent_bytes = 1'000'000});
  SocketClient client(server.port());
  ASSERT_TRUE(client.send("pour 20000000\n"));
  EXPECT_EQ(client.read_line().size(), 20'000'001u);
  EXPECT_EQ(server.group->unsent->used, 0u);
}

// 50,000 writes of 1,000 bytes. If small writes never counted, all of them would stay in memory.
TEST(LineEcho, many_small_writes_that_nobody_reads_exhaust_the_budget) {
  EchoServer server({.max_unsent_bytes = 1'000'000});
  const double dropped = counted("test_dropped_total");
  SocketClient silent = admitted(server, 4096);
  ASSERT_TRUE(silent.send("drip 50000\n"));
  ASSERT_TRUE(wait_for_connections(server, 0));
  EXPECT_EQ(counted("test_dropped_total"), dropped + 1);
  EXPECT_EQ(server.group->unsent->used, 0u);
}

TEST(LineEcho, stop_ends_the_idle_and_lets_the_busy_finish) {
  EchoServer server;
  SocketClient idle = admitted(server);
  SocketClient busy(server.port());
  ASSERT_TRUE(busy.send("first\nhal"));
  ASSERT_EQ(busy.read_line(), "first\n");
  std::thread stopper([&] { server.stop(20'000); });
  EXPECT_TRUE(idle.closed_by_server());
  ASSERT_TRUE(busy.send("f\n"));
  EXPECT_EQ(busy.read_line(), "half\n");
  EXPECT_TRUE(busy.closed_by_server());
  busy.shutdown_send();
  idle.shutdown_send();
  stopper.join();
  EXPECT_EQ(server.group->connections, 0u);
  EXPECT_THROW(SocketClient late(server.port()), std::runtime_error);
}

TEST(LineEcho, stop_does_not_wait_beyond_its_time) {
  EchoServer server;
  SocketClient busy(server.port());
  ASSERT_TRUE(busy.send("first\nhal"));
  ASSERT_EQ(busy.read_line(), "first\n");
  server.stop(50);
  EXPECT_TRUE(busy.closed_by_server());
  EXPECT_EQ(server.group->connections, 0u);
}

TEST(Loop, runs_tasks_on_its_thread_and_drops_those_that_come_after_its_end) {
  auto started = Loop::start("alone");
  ASSERT_TRUE(started.ok());
  const std::shared_ptr<Loop> loop = *started;
  EXPECT_FALSE(loop->on_loop_thread());
  std::promise<bool> there;
  loop->run([&] { there.set_value(loop->on_loop_thread()); });
  EXPECT_TRUE(there.get_future().get());
  loop->close(0);
  loop->join();
  auto destroyed = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = destroyed;
  loop->run([destroyed = std::move(destroyed)] { ADD_FAILURE() << "the loop has ended"; });
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace rhumb::net
