// The envelope of answers and the texts of failures, on which clients match.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/http/rest/call.h"
#include "host/http/rest/reply/json_write.h"
#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {
namespace {

using nlohmann::json;

TEST(FailureResponseTest, every_code_has_its_status_and_prefix) {
  const struct {
    Code code;
    int http;
    const char* prefix;
  } cases[] = {
      {Code::kInvalid, 400, "Wrong input: "},
      {Code::kUnprocessable, 422, "Validation error in JSON body: "},
      {Code::kNotFound, 404, "Not found: "},
      {Code::kExists, 409, "Wrong input: "},
      {Code::kTooLarge, 413, "Wrong input: "},
      {Code::kUnsupported, 501, "Not implemented: "},
      {Code::kBusy, 429, "Rate limiting: "},
      {Code::kUnavailable, 503, "Service unavailable: "},
      {Code::kTimeout, 408, "Timeout: "},
      {Code::kCancelled, 499, "Cancelled: "},
      {Code::kNoSpace, 507, "disk_full: "},
      {Code::kMemoryFull, 507, "memory_full: "},
      {Code::kMalformedBody, 400, "Format error in JSON body: "},
      {Code::kMalformedQuery, 400, "Deserialize error in query parameters: "},
      {Code::kIo, 500, "Service internal error: "},
      {Code::kCorrupt, 500, "Service internal error: "},
      {Code::kInternal, 500, "Service internal error: "},
  };
  for (const auto& c : cases) {
    const Response response = failure_response({c.code, "why \"so\""}, 0.25);
    EXPECT_EQ(response.status, c.http);
    EXPECT_EQ(response.content_type, "application/json");
    const json body = json::parse(response.body);
    EXPECT_EQ(body["status"]["error"], std::string(c.prefix) + "why \"so\"");
    EXPECT_EQ(body["time"], 0.25);
    EXPECT_FALSE(body.contains("result"));
    const bool retry = c.http == 429 || c.http == 503;
    ASSERT_EQ(response.headers.size(), retry ? 1u : 0u) << c.http;
    if (retry)
      EXPECT_EQ(response.headers[0], std::pair(std::string("Retry-After"), std::string("1")));
  }
}

TEST(FailureResponseTest, a_denied_permission_is_answered_in_plain_text) {
  for (const auto& [code, http] :
       {std::pair{Code::kUnauthenticated, 401}, {Code::kForbidden, 403}}) {
    const Response response = failure_response({code, "Must provide an API key"}, 0);
    EXPECT_EQ(response.status, http);
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(response.body, "Must provide an API key");
  }
}

TEST(FailureResponseTest, the_time_to_wait_comes_from_the_error_in_whole_seconds) {
  const auto header = [](uint32_t ms) {
    const base::Status busy(Code::kBusy, "too much");
    return failure_response(busy.with({.retry_after_ms = ms}), 0).headers.at(0).second;
  };
  EXPECT_EQ(header(0), "1") << "a client that asks at once would only be refused again";
  EXPECT_EQ(header(1000), "1");
  EXPECT_EQ(header(1001), "2");
  EXPECT_EQ(header(30'000), "30");
}

TEST(JsonWriteTest, numbers_read_back_the_same_and_floats_look_like_floats) {
  const auto text = [](auto value) {
    std::string out;
    append_number(out, value);
    return out;
  };
  EXPECT_EQ(text(0.5f), "0.5");
  EXPECT_EQ(text(0.1f), "0.1") << "the shortest, not 0.10000000149";
  EXPECT_EQ(text(1.0f), "1.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(1e30), "1e+30");
  EXPECT_EQ(text(uint64_t{18446744073709551615u}), "18446744073709551615");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "1.7976931348623157e+308");
  EXPECT_EQ(text(-std::numeric_limits<float>::infinity()), "-3.4028235e+38");
  EXPECT_EQ(text(std::numeric_limits<float>::quiet_NaN()), "0.0")
      << "JSON holds no null for a number";
}

TEST(JsonWriteTest, records_are_printed_in_every_shape) {
  const auto config = named_vectors();
  model::Record record;
  record.id = *model::PointId::from_string("a\"b");
  record.version = 3;
  record.score = 0.5f;
  record.payload = R"({"x":[1,2.0]})";
  record.vectors = {{"code", "\x01\xff"},
                    {"image", std::string("\x00\x3c\x00\xc0", 4)},
                    {"text", std::string("\0\0\x80\x3f\0\0\0\x3f\0\0\x40\x40", 12)}};
  const auto shown = [&](const RecordShape& shape) {
    std::string out;
    append_record(out, record, shape);
    return out;
  };
  EXPECT_EQ(shown({false, false, false, &config}), R"({"id":"a\"b"})");
  EXPECT_EQ(shown({true, true, false, &config}),
            R"({"id":"a\"b","version":3,"score":0.5,"payload":{"x":[1,2.0]}})");
  EXPECT_EQ(shown({false, false, true, &config}),
            R"({"id":"a\"b","vector":{"code":[1,255],"image":[1.0,-2.0],"text":[1.0,0.5,3.0]}})");
  record.payload.clear();
  record.vectors.clear();
  EXPECT_EQ(shown({false, true, true, &config}), R"({"id":"a\"b","payload":{},"vector":{}})");
  const auto single = single_vector();
  record.vectors = {{"", std::string("\0\0\x80\x3f\0\0\0\0\0\0\0\0\0\0\0\x80", 16)}};
  EXPECT_EQ(shown({false, false, true, &single}), R"({"id":"a\"b","vector":[1.0,0.0,0.0,-0.0]})")
      << "the only vector is bare";
  EXPECT_EQ(records_json({record, record}, {}), R"([{"id":"a\"b"},{"id":"a\"b"}])");
  EXPECT_EQ(records_json({}, {}), "[]");
}

TEST(JsonWriteTest, plans_are_printed) {
  EXPECT_EQ(plan_json({}), "[]");
  const model::SegmentPlan plan{1, "growing", "scan", "", 2, 3, 4, 5, 6};
  EXPECT_EQ(
      json::parse(plan_json({plan, {2, "sealed", "graph", "author", 0, 0, 0, 0, 0}})),
      json::parse(
          R"([{"segment":1,"state":"growing","strategy":"scan","index":null,"rows":2,"rows_examined":3,"passed":4,"distances":5,"tail":6},
                            {"segment":2,"state":"sealed","strategy":"graph","index":"author","rows":0,"rows_examined":0,"passed":0,"distances":0,"tail":0}])"));
}

}  // namespace
}  // namespace rhumb::http::rest
