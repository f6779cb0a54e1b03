#include "host/http/response.h"

#include <gtest/gtest.h>

namespace rhumb::http {
namespace {

TEST(Response, the_head_has_the_fields_that_apply) {
  Response response;
  response.status = 429;
  response.headers.emplace_back("Retry-After", "3");
  HeadContext context;
  context.content_length = 42;
  context.request_id = "abc";
  const std::string head = response_head(response, context);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << head;
  EXPECT_NE(head.find("\r\nContent-Length: 42\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nRetry-After: 3\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nX-Request-Id: abc\r\n"), std::string::npos);
  EXPECT_NE(head.find(" GMT\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_EQ(head.find("Connection"), std::string::npos);
}

TEST(Response, a_204_reply_has_no_content_length) {
  Response response;
  response.status = 204;
  EXPECT_EQ(response_head(response, {}).find("Content-"), std::string::npos);
}

TEST(Response, a_field_value_cannot_split_the_head) {
  Response response;
  response.headers.emplace_back("X-Good", "1");
  response.headers.emplace_back("X-Bad", "a\r\nSet-Cookie: b");
  response.headers.emplace_back("X Bad", "a");
  response.headers.emplace_back("", "a");
  const std::string head = response_head(response, {});
  EXPECT_NE(head.find("X-Good: 1\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Bad"), std::string::npos);
  EXPECT_EQ(head.find("Set-Cookie"), std::string::npos);
}

TEST(Response, errors_are_the_envelope_of_the_protocol) {
  const Response response = error_response(400, "Wrong input: \"x\"\n");
  EXPECT_EQ(response.body, "{\"status\":{\"error\":\"Wrong input: \\\"x\\\"\\n\"},\"time\":0}");
}

TEST(Response, chunks_are_framed) {
  EXPECT_EQ(chunk_frame("hello"), "5\r\nhello\r\n");
  EXPECT_EQ(chunk_frame(std::string(26, 'x')).substr(0, 4), "1a\r\n");
  EXPECT_EQ(chunk_frame(""), "");
}

}  // namespace
}  // namespace rhumb::http
