#include "host/http/parser.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"

namespace rhumb::http {
namespace {

struct Outcome {
  int status = 0;  // status of a refusal; 0: complete; -1: incomplete
  std::string body;
  size_t used = 0;
  std::shared_ptr<Request> request;
};

// Feeds `text` in pieces of `step` bytes, and keeps the bytes that were not consumed, as a
// connection does.
Outcome parse(std::string_view text, size_t step) {
  Parser parser(base::limits::kMaxHeaderBytes);
  Outcome out;
  out.request = parser.request();
  std::string pending;
  for (size_t at = 0; at < text.size() || at == 0; at += step) {
    pending += text.substr(at, step);
    while (true) {
      size_t consumed = 0;
      const Parser::Event event = parser.step(pending, consumed, out.body);
      pending.erase(0, consumed);
      out.used += consumed;
      if (event == Parser::Event::kError) {
        out.status = parser.error().status;
        return out;
      }
      if (event == Parser::Event::kHead && parser.content_length() > 1000) {
        out.status = 413;
        return out;
      }
      if (event == Parser::Event::kHead) parser.limit_body(1000);
      if (event == Parser::Event::kDone || (event == Parser::Event::kHead && !parser.has_body()))
        return out;
      if (event == Parser::Event::kNeedMore) break;
    }
  }
  out.status = -1;
  return out;
}

Outcome parse_all_ways(std::string_view text) {
  const Outcome whole = parse(text, text.size());
  for (const size_t step : {1, 2, 3, 7}) {
    const Outcome pieces = parse(text, step);
    EXPECT_EQ(pieces.status, whole.status) << "step " << step << " of " << text;
    if (whole.status == 0) {
      EXPECT_EQ(pieces.body, whole.body) << text;
      EXPECT_EQ(pieces.used, whole.used) << text;
    }
  }
  return whole;
}

TEST(Parser, reads_a_plain_request_and_leaves_what_follows) {
  const std::string first =
      "POST /collections/a%20b/points?wait=true&x HTTP/1.1\r\nhost: a\r\nX-Thing:  some value "
      "\r\nContent-Length: 5\r\n\r\nhello";
  const Outcome out = parse_all_ways(first + "GET / HTTP/1.1\r\n");
  ASSERT_EQ(out.status, 0);
  EXPECT_EQ(out.used, first.size());
  EXPECT_EQ(out.body, "hello");
  EXPECT_EQ(out.request->method, "POST");
  EXPECT_EQ(out.request->path, "/collections/a%20b/points");
  EXPECT_EQ(out.request->query, "wait=true&x");
  EXPECT_EQ(out.request->header("x-THING"), "some value");
  EXPECT_TRUE(out.request->has_header("Host"));
  EXPECT_FALSE(out.request->has_header("Hos"));
}

TEST(Parser, chunks_are_joined_and_trailers_are_ignored) {
  const Outcome out = parse_all_ways(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "Chunked\r\n\r\n5\r\nhello\r\n6;name=\"v\"\r\n world\r\n0\r\nX-Evil: 1\r\n\r\n");
  ASSERT_EQ(out.status, 0);
  EXPECT_EQ(out.body, "hello world");
  EXPECT_FALSE(out.request->has_header("x-evil"));
}

TEST(Parser, every_form_of_the_target_is_read) {
  EXPECT_EQ(parse_all_ways("GET http://a:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n").request->target,
            "/x?y");
  EXPECT_EQ(parse_all_ways("GET HTTP://a HTTP/1.1\r\nHost: a\r\n\r\n").request->path, "/");
  EXPECT_EQ(parse_all_ways("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").request->path, "*");
  const Outcome head = parse_all_ways("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.request->method, "GET");
  EXPECT_TRUE(head.request->head_only);
  EXPECT_EQ(parse_all_ways("GET / HTTP/1.0\r\n\r\n").status, 0);  // HTTP/1.0 needs no Host
}

TEST(Parser, the_size_of_each_part_is_bounded) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(
      parse_all_ways(head + "X: " + std::string(base::limits::kMaxHeaderBytes, 'a') + "\r\n\r\n")
          .status,
      431);
  EXPECT_EQ(parse_all_ways("GET /" + std::string(base::limits::kMaxHeaderBytes, 'a') +
                           " HTTP/1.1\r\nHost: a\r\n\r\n")
                .status,
            414);
  std::string many = head;
  for (uint32_t i = 0; i < base::limits::kMaxHeaderFields; ++i)
    many += "X" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(parse_all_ways(many + "\r\n").status, 431);
  EXPECT_EQ(parse_all_ways(head + "Content-Length: 1001\r\n\r\n").status, 413);
  EXPECT_EQ(parse_all_ways(head + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n").status, 413);
  EXPECT_EQ(parse_all_ways(head + "Transfer-Encoding: chunked\r\n\r\n1f4\r\n" +
                           std::string(500, 'x') + "\r\n1f5\r\n")
                .status,
            413);
  EXPECT_EQ(parse_all_ways(head + "Transfer-Encoding: chunked\r\n\r\n1;" +
                           std::string(base::limits::kMaxChunkLineBytes + 1, 'a'))
                .status,
            400);
  EXPECT_EQ(parse_all_ways(head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " +
                           std::string(base::limits::kMaxChunkLineBytes + 1, 'a'))
                .status,
            400);
}

TEST(Parser, codings_and_expectations_are_recognised) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n";
  EXPECT_EQ(parse_all_ways(head + "Content-Encoding: br\r\n\r\nx").status, 415);
  EXPECT_EQ(
      parse_all_ways(head + "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\nx").status,
      415);
  EXPECT_EQ(parse_all_ways(head + "Content-Encoding: identity\r\n\r\nx").status, 0);
  EXPECT_EQ(parse_all_ways(head + "Expect: 200-maybe\r\n\r\nx").status, 417);
}

TEST(Parser, tiny_chunks_with_long_lines_are_refused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string honest = head, greedy = head;
  for (int i = 0; i < 900; ++i) {
    honest += "1\r\na\r\n";
    greedy += "1;" + std::string(40, 'x') + "\r\na\r\n";
  }
  EXPECT_EQ(parse_all_ways(honest + "0\r\n\r\n").status, 0);
  EXPECT_EQ(parse_all_ways(greedy + "0\r\n\r\n").status, 400);
}

TEST(Parser, the_parser_asks_for_more_until_the_end_of_the_request) {
  const std::string text =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  for (size_t n = 1; n < text.size(); ++n) EXPECT_EQ(parse(text.substr(0, n), n).status, -1) << n;
  EXPECT_EQ(parse(text, text.size()).status, 0);
}

}  // namespace
}  // namespace rhumb::http
