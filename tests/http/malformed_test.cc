// Malformed requests, among them those that two servers could read differently, get 400 and a
// closed connection. The bytes after them are never read as a request.
#include <gtest/gtest.h>

#include "tests/http/client.h"
#include "tests/http/test_handler.h"

namespace rhumb::http {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  std::string bytes;
  int status = 400;
};

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: a\r\n";

std::vector<Case> cases() {
  return {
      {"two_equal_lengths", kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
      {"two_different_lengths", kPost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
      {"length_list", kPost + "Content-Length: 13, 13\r\n\r\n0123456789abc"},
      {"negative_length", kPost + "Content-Length: -5\r\n\r\nhello"},
      {"plus_length", kPost + "Content-Length: +5\r\n\r\nhello"},
      {"hex_length", kPost + "Content-Length: 0x5\r\n\r\nhello"},
      {"empty_length", kPost + "Content-Length: \r\n\r\n"},
      {"letters_length", kPost + "Content-Length: abc\r\n\r\n"},
      {"overflowing_length", kPost + "Content-Length: 18446744073709551621\r\n\r\nhello"},
      {"length_and_chunked",
       kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunked_and_length",
       kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"two_codings",
       kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"xchunked", kPost + "Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
      {"identity_coding", kPost + "Transfer-Encoding: identity\r\n\r\nhello"},
      {"chunked_identity", kPost + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
      {"gzip_chunked", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"chunked_twice_in_one", kPost + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
      {"quoted_chunked", kPost + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
      {"tab_chunked_vertical", kPost + "Transfer-Encoding: \x0b"
                                       "chunked\r\n\r\n0\r\n\r\n"},
      {"chunked_in_1_0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"space_before_colon", kPost + "Content-Length : 5\r\n\r\nhello"},
      {"space_before_name", "POST /echo HTTP/1.1\r\n Host: a\r\nContent-Length: 5\r\n\r\nhello"},
      {"fold", kPost + "X: a\r\n b\r\n\r\n"},
      {"fold_with_tab", kPost + "X: a\r\n\tb\r\n\r\n"},
      {"fold_in_length", kPost + "Content-Length:\r\n 5\r\n\r\nhello"},
      {"no_host", "GET /echo HTTP/1.1\r\n\r\n"},
      {"two_hosts", "GET /echo HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
      {"two_hosts_1_0", "GET /echo HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"bare_lf", "GET /echo HTTP/1.1\nHost: a\n\n"},
      {"bare_lf_in_fields", "GET /echo HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"},
      {"bare_cr_in_value", "GET /echo HTTP/1.1\r\nHost: a\rb\r\n\r\n"},
      {"cr_cr_lf", "GET /echo HTTP/1.1\r\nHost: a\r\r\n\r\n"},
      {"nul_in_value", "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s},
      {"nul_in_name", "GET /echo HTTP/1.1\r\nHost: a\r\nX\0Y: a\r\n\r\n"s},
      {"nul_in_target", "GET /e\0cho HTTP/1.1\r\nHost: a\r\n\r\n"s},
      {"control_in_value", "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n"},
      {"empty_name", "GET /echo HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"},
      {"no_colon", "GET /echo HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n"},
      {"raw_utf8_target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"fragment_in_target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"relative_target", "GET echo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"other_scheme", "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"authority_target", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"asterisk_get", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"two_spaces", "GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"space_in_target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no_version", "GET /echo\r\nHost: a\r\n\r\n"},
      {"version_0_9", "GET /echo HTTP/0.9\r\nHost: a\r\n\r\n"},
      {"version_2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"version_1_2", "GET /echo HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"lower_version", "GET /echo http/1.1\r\nHost: a\r\n\r\n"},
      {"bad_method", "G@T /echo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no_method", " /echo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"empty_lines", "\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"tls_hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
      {"chunk_size_letters", kPost + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n"},
      {"chunk_size_negative", kPost + "Transfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n"},
      {"chunk_size_0x", kPost + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"},
      {"chunk_size_space", kPost + "Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n"},
      {"chunk_size_overflow",
       kPost + "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"},
      {"chunk_size_huge",
       kPost + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello\r\n0\r\n\r\n", 413},
      {"chunk_too_long_for_its_size",
       kPost + "Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n"},
      {"chunk_bare_lf", kPost + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"},
      {"chunk_lf_after_data", kPost + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n"},
      {"expect_other", kPost + "Content-Length: 5\r\nExpect: surprise\r\n\r\nhello", 417},
      {"content_coding", kPost + "Content-Length: 5\r\nContent-Encoding: br\r\n\r\nhello", 415},
      {"not_gzip", kPost + "Content-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello"},
  };
}

TEST(Malformed, a_malformed_request_is_refused_and_the_connection_closed) {
  TestServer server;
  const std::string smuggled = "GET /echo?smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const uint64_t handled = server.handler.handled;
    Client client(server.port());
    ASSERT_TRUE(client.send(c.bytes + smuggled));
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(answer.fields.contains("connection") ? answer.fields.at("connection") : "", "close");
    EXPECT_TRUE(answer.body.starts_with("{\"status\":{\"error\":\"")) << answer.body;
    EXPECT_TRUE(client.closed_by_server());
    EXPECT_EQ(server.handler.handled, handled) << "a handler saw it";
  }
}

TEST(Malformed, a_malformed_request_is_refused_byte_by_byte_too) {
  TestServer server;
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const uint64_t handled = server.handler.handled;
    Client client(server.port());
    for (const char byte : c.bytes) {
      if (!client.send({&byte, 1})) break;
    }
    EXPECT_EQ(client.read().status, c.status);
    EXPECT_EQ(server.handler.handled, handled);
  }
}

TEST(Malformed, one_empty_line_before_a_request_is_ignored) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send(
      "\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(client.read().status, 200);
}

TEST(Malformed, a_request_cut_short_is_not_handled) {
  TestServer server;
  const std::string request = kPost + "Content-Length: 5\r\n\r\nhell";
  for (size_t n = 0; n <= request.size(); n += 3) {
    Client client(server.port());
    ASSERT_TRUE(client.send(request.substr(0, n)));
    client.shutdown_send();
    EXPECT_TRUE(client.closed_by_server());
  }
  EXPECT_EQ(server.handler.handled, 0u);
}

}  // namespace
}  // namespace rhumb::http
