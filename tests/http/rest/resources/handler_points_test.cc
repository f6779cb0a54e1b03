// Points through the REST handler with a fake gateway: writes, reads, queries, sessions, export,
// and the start of an import.
#include <gtest/gtest.h>

#include "tests/http/rest/expect.h"
#include "tests/http/rest/fake_gateway.h"

namespace rhumb::http::rest {
namespace {

using base::Status;
using model::PointId;
using nlohmann::json;

model::Record hit(uint64_t id, float score = 0, std::string payload = {}) {
  model::Record r;
  r.id = PointId::number(id);
  r.version = id;
  r.score = score;
  r.payload = std::move(payload);
  return r;
}

class HandlerPointsTest : public testing::Test {
 protected:
  Answer post(const std::string& path, const std::string& body,
              const RestHarness::Fields& fields = {}) {
    return rest_.ask("POST", "/collections/books" + path, body, fields);
  }
  json result(const Answer& answer) {
    EXPECT_EQ(answer.response.status, 200) << answer.response.body;
    return answer.response.status == 200 ? answer.json()["result"] : json();
  }
  RestHarness rest_;
  FakeGateway& gateway_ = rest_.gateway;
};

TEST_F(HandlerPointsTest, each_write_route_sends_its_operation) {
  using Kind = model::OperationKind;
  const std::string points = R"({"points":[{"id":1,"vector":[1,0,0,0]}]})",
                    ids = R"({"points":[1]})";
  const struct {
    const char *method, *path;
    std::string body;
    Kind kind;
  } cases[] = {
      {"PUT", "/points", points, Kind::kUpsert},
      {"POST", "/points/delete", ids, Kind::kDelete},
      {"PUT", "/points/vectors", points, Kind::kUpdateVectors},
      {"POST", "/points/vectors/delete", R"({"points":[1],"vector":[""]})", Kind::kDeleteVectors},
      {"POST", "/points/payload", R"({"points":[1],"payload":{}})", Kind::kSetPayload},
      {"PUT", "/points/payload", R"({"points":[1],"payload":{}})", Kind::kOverwritePayload},
      {"POST", "/points/payload/delete", R"({"points":[1],"keys":["a"]})", Kind::kDeletePayload},
      {"POST", "/points/payload/clear", ids, Kind::kClearPayload}};
  for (const auto& c : cases) {
    const Answer answer = rest_.ask(c.method, "/collections/b" + std::string(c.path), c.body);
    EXPECT_EQ(result(answer), json::parse(R"({"operation_id":100,"status":"acknowledged"})"))
        << c.path;
    ASSERT_EQ(gateway_.operations.size(), 1u);
    EXPECT_EQ(gateway_.operations[0].kind, c.kind) << c.path;
    const Answer bad = rest_.ask(c.method, "/collections/b" + std::string(c.path), "{}");
    EXPECT_EQ(bad.response.status, 400) << c.path << bad.response.body;
  }
  EXPECT_EQ(gateway_.calls, 8);
  const Answer batch = post("/points/batch?wait=true", R"({"operations":[{"delete":)" + ids +
                                                           R"(},{"clear_payload":)" + ids + "}]}");
  EXPECT_EQ(
      result(batch),
      json::parse(
          R"([{"operation_id":100,"status":"acknowledged"},{"operation_id":101,"status":"acknowledged"}])"));
  EXPECT_EQ(result(post("/points/batch", R"({"operations":[]})")), json::array());
  // The number of changed points is known only then.
  gateway_.update_status = gateway::UpdateStatus::kCompleted;
  EXPECT_EQ(result(post("/points/delete?wait=true", ids)),
            json::parse(R"({"operation_id":100,"status":"completed","affected":7})"));
  const Answer done = post("/points/batch?wait=true", R"({"operations":[{"delete":)" + ids +
                                                          R"(},{"clear_payload":)" + ids + "}]}");
  EXPECT_EQ(result(done).at(1),
            json::parse(R"({"operation_id":101,"status":"completed","affected":8})"));
}

// A request is identified by its id and its whole content. The same request sent again is the same
// one, but another request with the same trace id is not.
TEST_F(HandlerPointsTest, a_requests_identity_is_made_of_id_method_target_and_body) {
  const auto identity = [&](const std::string& body, const RestHarness::Fields& fields,
                            const std::string& query = "") {
    EXPECT_EQ(post("/points/delete" + query, body, fields).response.status, 200);
    return gateway_.write_options.request_id;
  };
  const std::string one = R"({"points":[1]})", two = R"({"points":[2]})";
  const auto first = identity(one, {{"X-Request-Id", "trace-7"}});
  EXPECT_EQ(identity(one, {{"x-request-id", "trace-7"}}), first);
  EXPECT_NE(identity(two, {{"X-Request-Id", "trace-7"}}), first);
  EXPECT_NE(identity(one, {{"X-Request-Id", "trace-8"}}), first);
  EXPECT_NE(identity(one, {{"X-Request-Id", "trace-7"}}, "?wait=true"), first);
  EXPECT_NE(identity(" " + one, {{"X-Request-Id", "trace-7"}}), first)
      << "the bytes count, not what they mean";
  EXPECT_EQ(identity(one, {}), (std::array<uint8_t, 16>{})) << "without an id none is made up";
}

TEST_F(HandlerPointsTest, a_session_token_is_read_and_returned) {
  gateway_.token = "tok";
  EXPECT_EQ(post("/points/delete", R"({"points":[1]})").header("X-Rhumb-Session"), "")
      << "nothing is promised without wait";
  EXPECT_EQ(post("/points/delete?wait=true", R"({"points":[1]})").header("X-Rhumb-Session"), "tok");
  EXPECT_EQ(post("/points/count", "", {{"X-Rhumb-Session", "mine"}}).header("X-Rhumb-Session"),
            "tok");
  EXPECT_EQ(gateway_.read_options.session, "mine");
  EXPECT_EQ(post("/points/query", "{}").header("X-Rhumb-Session"), "tok");
  gateway_.failure = Status(Code::kTimeout, "late");
  EXPECT_EQ(post("/points/count", "").header("X-Rhumb-Session"), "")
      << "a failure has seen nothing";
  gateway_.failure.reset();
  gateway_.token.clear();
  EXPECT_TRUE(post("/points/count", "").response.headers.empty());
}

TEST_F(HandlerPointsTest, points_are_read_by_id) {
  gateway_.records = {hit(7, 0, R"({"a":1})")};
  gateway_.records[0].vectors = {{"", std::string("\0\0\x80\x3f\0\0\0\0\0\0\0\0\0\0\0\0", 16)}};
  EXPECT_EQ(result(rest_.ask("GET", "/collections/books/points/7")),
            json::parse(R"({"id":7,"payload":{"a":1},"vector":[1.0,0.0,0.0,0.0]})"));
  EXPECT_EQ(gateway_.gets.back().ids.at(0), PointId::number(7));
  EXPECT_EQ(result(post("/points", R"({"ids":[7],"with_payload":false})")),
            json::parse(R"([{"id":7}])"));
  EXPECT_EQ(result(post("/points", R"({"ids":[7]})")),
            json::parse(R"([{"id":7,"payload":{"a":1}}])"));
  gateway_.records.clear();
  const Answer missing = rest_.ask("GET", "/collections/books/points/my%20book");
  EXPECT_EQ(missing.response.status, 404);
  EXPECT_EQ(missing.json()["status"]["error"], "Not found: Point with id my book does not exists!");
  EXPECT_EQ(rest_.ask("GET", "/collections/books/points/%FF").response.status, 400);
}

TEST_F(HandlerPointsTest, pages_and_counts_are_answered) {
  gateway_.records = {hit(7), hit(8)};
  gateway_.next = PointId::number(9);
  EXPECT_EQ(result(post("/points/scroll", R"({"with_payload":false,"limit":2})")),
            json::parse(R"({"points":[{"id":7},{"id":8}],"next_page_offset":9})"));
  EXPECT_EQ(gateway_.scrolls.back().limit, 2u);
  EXPECT_EQ(result(post("/points/scroll", "{}"))["next_page_offset"], nullptr);
  gateway_.counts = 18446744073709551615u;
  EXPECT_EQ(result(post("/points/count", R"({"exact":false})"))["count"], 18446744073709551615u);
  EXPECT_FALSE(gateway_.counted.exact);
}

TEST_F(HandlerPointsTest, a_query_by_vector_has_an_offset_and_shows_its_plan) {
  gateway_.results.resize(1);
  gateway_.results[0].points = {hit(2, 0.8f, R"({"a":1})"), hit(3, 0.7f)};
  gateway_.results[0].plan = {{.segment = 5, .state = "growing", .strategy = "scan"}};
  const Answer answer = post(
      "/points/query", R"({"query":[1,0,0,0],"limit":2,"offset":1,"params":{"explain":true}})");
  EXPECT_EQ(
      result(answer),
      json::parse(
          R"({"points":[{"id":2,"version":2,"score":0.8},{"id":3,"version":3,"score":0.7}]})"));
  EXPECT_EQ(answer.json()["explain"][0]["strategy"], "scan");
  ASSERT_EQ(gateway_.queries.size(), 1u);
  EXPECT_EQ(gateway_.queries[0].search.limit, 2u);
  EXPECT_EQ(gateway_.queries[0].offset, 1u) << "The gateway leaves out what is before the offset.";
  gateway_.results[0].points.pop_back();
  const Answer plain = post("/points/query", R"({"query":[1,0,0,0],"with_payload":true})");
  EXPECT_EQ(result(plain),
            json::parse(R"({"points":[{"id":2,"version":2,"score":0.8,"payload":{"a":1}}]})"));
  EXPECT_FALSE(plain.json().contains("explain"));
  EXPECT_EQ(result(post("/points/search", R"({"vector":[1,0,0,0]})")),
            json::parse(R"([{"id":2,"version":2,"score":0.8}])"))
      << "a bare list";
  gateway_.results.clear();
  EXPECT_EQ(result(post("/points/query", R"({"query":[1,0,0,0]})")),
            json::parse(R"({"points":[]})"));
}

TEST_F(HandlerPointsTest, a_query_by_id_and_one_without_a_query_go_to_the_gateway_as_such) {
  EXPECT_EQ(post("/points/query", R"({"query":7,"filter":{"must":[{"key":"a","is_null":true}]}})")
                .response.status,
            200);
  ASSERT_EQ(gateway_.queries.size(), 1u);
  EXPECT_EQ(gateway_.queries[0].like_id, PointId::number(7));
  EXPECT_EQ(gateway_.queries[0].search.filter->must.size(), 1u);
  gateway_.results.resize(1);
  gateway_.results[0].points = {hit(2, 1)};
  const Answer ordered =
      post("/points/query", R"({"limit":2,"offset":1,"params":{"explain":true}})");
  EXPECT_EQ(result(ordered), json::parse(R"({"points":[{"id":2,"version":2,"score":1.0}]})"));
  EXPECT_FALSE(ordered.json().contains("explain")) << "No segment was searched.";
  EXPECT_TRUE(gateway_.queries[0].by_id_order);
  EXPECT_EQ(gateway_.queries[0].offset, 1u);
}

// The warnings come beside the result, which is the same as without the ignored members.
TEST_F(HandlerPointsTest, ignored_members_are_warnings_of_the_reply) {
  gateway_.records = {hit(1)};
  gateway_.results = {{.points = {hit(1, 0.5f)}, .plan = {}}};
  const std::string plain = R"({"points":[{"id":1,"vector":[1,0,0,0]}])",
                    ids = R"({"points":[1],"payload":{})";
  const struct {
    const char *method, *path;
    std::string body;
  } cases[] = {{"PUT", "/points", plain},
               {"PUT", "/points/vectors", plain},
               {"POST", "/points/vectors/delete", R"({"points":[1],"vector":[""])"},
               {"POST", "/points/payload", ids},
               {"PUT", "/points/payload", ids},
               {"POST", "/points/payload/delete", R"({"points":[1],"keys":["a"])"},
               {"POST", "/points/batch", R"({"operations":[])"},
               {"POST", "/points", R"({"ids":[1])"},
               {"POST", "/points/scroll", R"({"limit":1)"},
               {"POST", "/points/count", R"({"exact":true)"},
               {"POST", "/points/query", R"({"query":[1,0,0,0])"},
               {"POST", "/points/query", R"({"limit":1)"},
               {"POST", "/points/query/batch", R"({"searches":[{"query":[1,0,0,0]}])"},
               {"POST", "/points/search", R"({"vector":[1,0,0,0])"},
               {"POST", "/points/search/batch", R"({"searches":[{"vector":[1,0,0,0]}])"},
               {"PUT", "/index", R"({"field_name":"a","field_schema":"keyword")"},
               {"PATCH", "", R"({"metadata":{})"}};
  for (const auto& c : cases) {
    const std::string path = "/collections/books" + std::string(c.path);
    const Answer without = rest_.ask(c.method, path, c.body + "}");
    const Answer with = rest_.ask(c.method, path, c.body + R"(,"sp\"ell":{"must":[]}})");
    EXPECT_EQ(result(with), result(without)) << c.path;
    EXPECT_FALSE(without.json().contains("warnings")) << c.path;
    EXPECT_EQ(with.json()["warnings"],
              json::parse(R"(["Unknown member 'sp\"ell' of the request body was ignored"])"))
        << c.path;
  }
  const Answer made = rest_.ask("PUT", "/collections/new",
                                R"({"vectors":{"size":4,"distance":"Dot"},"replicas":3})");
  EXPECT_EQ(made.json()["warnings"],
            json::parse(R"(["Unknown member 'replicas' of the request body was ignored"])"))
      << made.response.body;
  const Answer refused = post("/points/scroll", R"({"spell":1,"limit":0})");
  EXPECT_EQ(refused.response.status, 422);
  const Answer missing =
      rest_.ask("POST", "/collections/books/points/payload", R"({"points":[1],"paylod":{"a":1}})");
  EXPECT_EQ(missing.response.status, 400) << missing.response.body;
  EXPECT_EQ(missing.json()["warnings"],
            json::parse(R"(["Unknown member 'paylod' of the request body was ignored"])"))
      << "the missing member is present under a misspelt name";
}

TEST_F(HandlerPointsTest, a_batch_answers_in_its_own_order) {
  gateway_.results.resize(3);
  gateway_.results[0].points = {hit(7, 1)};
  gateway_.results[1].points = {hit(100)};
  gateway_.results[1].plan = {{.segment = 5, .state = "growing", .strategy = "scan"}};
  gateway_.results[2].points = {hit(200)};
  const Answer answer =
      post("/points/query/batch",
           R"({"searches":[{},{"query":[0,1,0,0],"params":{"explain":true}},{"query":7}]})");
  const json lists = result(answer);
  ASSERT_EQ(lists.size(), 3u);
  EXPECT_EQ(lists[0]["points"][0]["id"], 7);
  EXPECT_EQ(lists[1]["points"][0]["id"], 100);
  EXPECT_EQ(lists[2]["points"][0]["id"], 200);
  ASSERT_EQ(answer.json()["explain"].size(), 1u) << "Of the one that asked for it.";
  EXPECT_EQ(answer.json()["explain"][0][0]["strategy"], "scan");
  ASSERT_EQ(gateway_.queries.size(), 3u);
  EXPECT_TRUE(gateway_.queries[0].by_id_order);
  EXPECT_TRUE(gateway_.queries[2].like_id);
  EXPECT_EQ(result(post("/points/query/batch", R"({"searches":[]})")), json::array());
  const json search = result(
      post("/points/search/batch", R"({"searches":[{"vector":[1,0,0,0]},{"vector":[1,0,0,0]}]})"));
  EXPECT_EQ(search[1][0]["id"], 100) << "bare lists";
}

TEST_F(HandlerPointsTest, failures_of_the_gateway_are_reported) {
  gateway_.failure = Status(Code::kBusy, "the log is full");
  for (const auto& [path, body] : {std::pair{"/points/count", "{}"},
                                   {"/points/scroll", "{}"},
                                   {"/points", R"({"ids":[1]})"},
                                   {"/points/query", R"({"query":[1,0,0,0]})"},
                                   {"/points/query", R"({"query":7})"},
                                   {"/points/query", "{}"},
                                   {"/points/delete", R"({"points":[1]})"},
                                   {"/points/batch", R"({"operations":[]})"}}) {
    const Answer answer = post(path, body);
    EXPECT_EQ(answer.response.status, 429) << path;
    EXPECT_EQ(answer.json()["status"]["error"], "Rate limiting: the log is full");
    EXPECT_EQ(answer.header("Retry-After"), "1");
  }
}

TEST_F(HandlerPointsTest, export_streams_page_after_page) {
  gateway_.records = {hit(1, 0, R"({"a":1})"), hit(2)};
  gateway_.next = PointId::number(3);
  const Answer answer = rest_.ask("GET", "/collections/books/export");
  EXPECT_EQ(answer.response.content_type, "application/x-ndjson");
  const std::string page = R"({"id":1,"payload":{"a":1},"vector":{}})"
                           "\n"
                           R"({"id":2,"payload":{},"vector":{}})"
                           "\n";
  EXPECT_EQ(answer.streamed, page + page);
  ASSERT_EQ(gateway_.scrolls.size(), 2u);
  EXPECT_FALSE(gateway_.scrolls[0].offset);
  EXPECT_EQ(*gateway_.scrolls[1].offset, PointId::number(3));
  for (const auto& [target, fields] :
       {std::pair<const char*, RestHarness::Fields>{"/collections/books/export?format=binary", {}},
        {"/collections/books/export", {{"Accept", "application/x-rhumb-points"}}}}) {
    const Answer binary = rest_.ask("GET", target, "", fields);
    EXPECT_EQ(binary.response.content_type, "application/x-rhumb-points");
    EXPECT_TRUE(binary.streamed.starts_with("RHPOINTS"));
  }
  EXPECT_EQ(rest_.ask("GET", "/collections/books/export?format=xml").response.status, 400);
  gateway_.failure = Status(Code::kTimeout, "late");
  EXPECT_EQ(rest_.ask("GET", "/collections/books/export").streamed, "<failed: late>")
      << "a broken stream, never half an export";
}

TEST_F(HandlerPointsTest, a_diff_streams_what_differs_and_then_the_numbers) {
  auto map = std::make_shared<model::ClusterMap>(*gateway_.cluster_map);
  auto films = std::make_shared<model::Collection>(*map->collections["books"]);
  films->name = "films";
  map->collections["films"] = films;
  gateway_.cluster_map = map;
  const auto point = [](uint64_t id, uint8_t content) {
    model::PointHash hash{PointId::number(id), {}};
    hash.hash[15] = content;
    return hash;
  };
  gateway_.hashes_of["books"] = {point(1, 1), point(2, 1), point(3, 1), point(4, 1), point(5, 1)};
  gateway_.hashes_of["films"] = {point(2, 1), point(3, 9), point(5, 1),
                                 point(6, 1), point(7, 1), point(8, 1)};
  const Answer answer = rest_.ask("GET", "/collections/books/diff/films");
  EXPECT_EQ(answer.response.content_type, "application/x-ndjson");
  EXPECT_EQ(answer.streamed,
            "{\"id\":1,\"change\":\"gone\"}\n{\"id\":3,\"change\":\"changed\"}\n"
            "{\"id\":4,\"change\":\"gone\"}\n{\"id\":6,\"change\":\"new\"}\n"
            "{\"id\":7,\"change\":\"new\"}\n{\"id\":8,\"change\":\"new\"}\n"
            "{\"new\":3,\"gone\":2,\"changed\":1}\n");
  EXPECT_EQ(rest_.ask("GET", "/collections/books/diff/books").streamed,
            "{\"new\":0,\"gone\":0,\"changed\":0}\n");
  EXPECT_EQ(rest_.ask("GET", "/collections/books/diff/none").response.status, 404);
  gateway_.failure = Status(Code::kTimeout, "late");
  EXPECT_EQ(rest_.ask("GET", "/collections/books/diff/films").streamed, "<failed: late>");
}

TEST_F(HandlerPointsTest, only_an_import_streams_its_body) {
  std::optional<Answer> answered;
  bool taken = true;
  EXPECT_EQ(rest_.stream("PUT", "/collections/books/points", answered, taken), nullptr);
  EXPECT_FALSE(taken) << "an ordinary body";
  EXPECT_EQ(rest_.stream("POST", "/collections/books/points/import", answered, taken), nullptr);
  EXPECT_TRUE(taken) << "no such path: answered before the body is read";
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->response.status, 405) << "GET of a point that is called import";

  rest_.permission = Status(Code::kForbidden, "no");
  EXPECT_EQ(rest_.stream("POST", "/collections/books/import", answered, taken), nullptr);
  EXPECT_EQ(answered->response.status, 403) << "before a byte of it is read";
  rest_.permission = base::ok();
  EXPECT_EQ(rest_.stream("POST", "/collections/films/import", answered, taken), nullptr);
  EXPECT_EQ(answered->response.status, 404);
}

}  // namespace
}  // namespace rhumb::http::rest
