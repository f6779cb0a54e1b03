// The REST handler with a fake gateway: routing, permissions, parameters, and the definition of
// collections.
#include <gtest/gtest.h>

#include "host/http/rest/resources/collections.h"
#include "host/http/rest/resources/snapshot_upload.h"
#include "host/http/rest/resources/snapshots.h"
#include "host/http/rest/routes.h"
#include "tests/http/rest/expect.h"
#include "tests/http/rest/fake_gateway.h"

namespace rhumb::http::rest {
namespace {

using base::Status;
using nlohmann::json;

class HandlerTest : public testing::Test {
 protected:
  // Expects a refusal with that status, whose error contains `says`.
  void refused(const Answer& answer, int status, const std::string& says) {
    EXPECT_EQ(answer.response.status, status) << answer.response.body;
    EXPECT_NE(answer.response.body.find(says), std::string::npos) << answer.response.body;
  }
  void good(const Answer& answer, const std::string& result) {
    ASSERT_EQ(answer.response.status, 200) << answer.response.body;
    const json body = answer.json();
    EXPECT_EQ(body["result"], json::parse(result));
    EXPECT_EQ(body["status"], "ok");
    EXPECT_TRUE(body["time"].is_number_float() && body["time"] >= 0.0) << body["time"];
  }
  RestHarness rest_;
  FakeGateway& gateway_ = rest_.gateway;
};

TEST_F(HandlerTest, the_version_is_public_and_has_no_envelope) {
  const Answer answer = rest_.ask("GET", "/");
  EXPECT_EQ(answer.response.status, 200);
  EXPECT_TRUE(answer.json()["version"].is_string());
  EXPECT_FALSE(answer.json().contains("result"));
  EXPECT_TRUE(rest_.authorized.empty());
}

TEST_F(HandlerTest, unknown_paths_methods_and_parameters_are_refused) {
  refused(rest_.ask("GET", "/nothing"), 404, "there is no path /nothing");
  const Answer method = rest_.ask("PATCH", "/collections/books/points");
  refused(method, 405, "Method PATCH is not allowed here; allowed: PUT, POST");
  EXPECT_EQ(method.header("Allow"), "PUT, POST");
  refused(rest_.ask("GET", "/collections?x=%zz"), 400,
          "Deserialize error in query parameters: 'x=%zz'");
  EXPECT_TRUE(rest_.authorized.empty()) << "none of it got that far";
}

TEST_F(HandlerTest, permission_is_asked_of_every_route_but_the_public_ones) {
  rest_.permission = Status(Code::kForbidden, "no");
  for (const Route& route : routes()) {
    std::string path(route.pattern);
    if (const size_t name = path.find("{collection_name}"); name != std::string::npos)
      path.replace(name, 17, "books");
    rest_.authorized.clear();
    const Answer answer = rest_.ask(route.method, path);
    if (route.action == Action::kPublic) {
      EXPECT_TRUE(rest_.authorized.empty()) << path;
      continue;
    }
    EXPECT_EQ(answer.response.status, 403) << route.method << " " << path;
    EXPECT_EQ(answer.response.body, "no") << "plain text";
    ASSERT_EQ(rest_.authorized.size(), 1u);
    EXPECT_EQ(rest_.authorized[0].first, route.action);
    EXPECT_EQ(rest_.authorized[0].second,
              route.pattern.find("{collection_name}") == std::string::npos ? "" : "books");
  }
  EXPECT_EQ(gateway_.calls, 0);
  rest_.permission = Status(Code::kUnauthenticated, "who are you");
  refused(rest_.ask("GET", "/collections"), 401, "who are you");
}

TEST_F(HandlerTest, a_feature_that_is_not_served_yet_is_named) {
  size_t found = 0;
  for (const Route& route : routes()) {
    if (route.run != nullptr) continue;
    ++found;
    refused(rest_.ask(route.method, route.pattern), 501,
            "Not implemented: " + std::string(route.feature) + " (" + std::string(route.method) +
                " " + std::string(route.pattern) + ")");
  }
  EXPECT_GT(found, 0u);
}

TEST_F(HandlerTest, a_full_pool_answers_429_and_a_handler_that_throws_answers_500) {
  rest_.options.points = []() -> uint64_t { throw std::runtime_error("thrown on purpose"); };
  const Answer thrown = rest_.ask("GET", "/telemetry");
  EXPECT_TRUE(thrown.dropped);
  refused(thrown, 500, "Service internal error");
  rest_.pool.stop();
  const Answer busy = rest_.ask("PUT", "/collections/books");
  refused(busy, 503, "Service unavailable: too many requests are waiting");
  EXPECT_EQ(busy.header("Retry-After"), "1");
}

TEST_F(HandlerTest, collections_are_listed_and_found) {
  good(rest_.ask("GET", "/collections"), R"({"collections":[{"name":"books"}]})");
  good(rest_.ask("GET", "/collections/books/exists"), R"({"exists":true})");
  good(rest_.ask("GET", "/collections/b/exists"), R"({"exists":true})");
  good(rest_.ask("GET", "/collections/films/exists"), R"({"exists":false})");
  good(rest_.ask("GET", "/aliases"),
       R"({"aliases":[{"alias_name":"b","collection_name":"books"}]})");
  good(rest_.ask("GET", "/collections/b/aliases"),
       R"({"aliases":[{"alias_name":"b","collection_name":"books"}]})");
  EXPECT_EQ(rest_.ask("GET", "/collections/b").json()["result"]["points_count"], 7);
  EXPECT_EQ(gateway_.asked_name, "books");
  EXPECT_EQ(rest_.ask("GET", "/collections/books/cluster").json()["result"]["shard_count"], 1);
}

TEST_F(HandlerTest, a_collection_that_is_not_there_is_not_found_by_any_route) {
  for (const Route& route : routes()) {
    const bool may_lack = route.run == nullptr || route.run == collections::create ||
                          route.run == collections::drop || route.run == collections::exists ||
                          route.run == snapshots::recover ||
                          route.run == snapshots::upload_buffered;
    if (may_lack || route.pattern.find("{collection_name}") == std::string::npos) continue;
    std::string path(route.pattern);
    path.replace(path.find("{collection_name}"), 17, "films");
    refused(rest_.ask(route.method, path, "{}"), 404,
            "Not found: Collection `films` doesn't exist!");
  }
  EXPECT_EQ(gateway_.calls, 0);
}

// Two of the routes with a collection take only its real name. The gateway itself refuses aliases
// there (tests/gateway/definition_test.cc).
TEST_F(HandlerTest, an_alias_works_like_the_name_in_every_route_but_create_and_drop) {
  gateway_.records.emplace_back();
  gateway_.records.back().id = model::PointId::number(1);
  size_t walked = 0;
  for (const Route& route : routes()) {
    const size_t place = route.pattern.find("{collection_name}");
    if (route.run == nullptr || place == std::string::npos) continue;
    const auto ask = [&](const char* name) {
      std::string path(route.pattern);
      path.replace(place, 17, name);
      if (const size_t other = path.find("{other_collection}"); other != std::string::npos)
        path.replace(other, 18, "books");
      gateway_.asked_name.clear();
      const Answer answer = rest_.ask(route.method, path, "{}");
      return std::pair(answer.response.status, gateway_.asked_name);
    };
    const bool by_real_name = route.run == collections::create || route.run == collections::drop;
    if (by_real_name) {
      EXPECT_EQ(ask("b").second, "b")
          << route.method << " " << route.pattern << ": resolved, where it must not be";
      continue;
    }
    ++walked;
    const auto by_alias = ask("b"), by_name = ask("books");
    EXPECT_EQ(by_alias, by_name) << route.method << " " << route.pattern;
    if (route.pattern.find("{snapshot_name}") == std::string::npos)  // there is no snapshot
      EXPECT_NE(by_alias.first, 404) << route.method << " " << route.pattern;
  }
  EXPECT_GT(walked, 20u);
}

TEST_F(HandlerTest, definitions_reach_the_gateway) {
  good(rest_.ask("PUT", "/collections/my%20films?timeout=7",
                 R"({"vectors":{"size":9,"distance":"Dot"}})"),
       "true");
  EXPECT_EQ(gateway_.asked_name, "my films");
  EXPECT_EQ(gateway_.config.vectors.at("").size, 9u);
  EXPECT_LE(gateway_.deadline.at_ns, base::monotonic_ns() + 7'000'000'000);
  EXPECT_GT(gateway_.deadline.at_ns, base::monotonic_ns());

  good(rest_.ask("PATCH", "/collections/b", R"({"params":{"on_disk_payload":false}})"), "true");
  EXPECT_EQ(gateway_.asked_name, "books");
  EXPECT_EQ(gateway_.seen_version, 42u) << "the version it was made from goes along";
  EXPECT_FALSE(gateway_.config.on_disk_payload);

  good(rest_.ask("DELETE", "/collections/films"), "true");
  gateway_.dropped = false;
  good(rest_.ask("DELETE", "/collections/films"), "false");

  good(rest_.ask("POST", "/collections/aliases",
                 R"({"actions":[{"delete_alias":{"alias_name":"b"}}]})"),
       "true");
  EXPECT_EQ(gateway_.aliases.at(0).alias, "b");

  gateway_.update_status = gateway::UpdateStatus::kCompleted;
  good(rest_.ask("PUT", "/collections/books/index?wait=true",
                 R"({"field_name":"a","field_schema":"keyword"})"),
       R"({"operation_id":43,"status":"completed"})");
  EXPECT_TRUE(gateway_.write_options.wait);
  EXPECT_EQ(gateway_.config.payload_indexes.at("a").type, model::FieldType::kKeyword);
  gateway_.update_status = gateway::UpdateStatus::kWaitTimeout;
  good(rest_.ask("DELETE", "/collections/books/index/a%5B%5D.b"),
       R"({"operation_id":44,"status":"wait_timeout"})");
  EXPECT_EQ(gateway_.field, "a[].b");
}

TEST_F(HandlerTest, invalid_definitions_do_not_reach_the_gateway) {
  refused(rest_.ask("PUT", "/collections/a%2Fb", "{}"), 422,
          "Validation error in JSON body: [collection_name: a name must not hold");
  refused(rest_.ask("PUT", "/collections/%FF", "{}"), 422, "a name must be UTF-8");
  refused(rest_.ask("PUT", "/collections/films", R"({"vectors":7})"), 400,
          R"("error":"Format error in JSON body: vectors: expected an object")");
  refused(rest_.ask("PUT", "/collections/films?timeout=soon", "{}"), 400,
          "timeout: 'soon' is not a number of seconds from 1 to 3600");
  refused(rest_.ask("PATCH", "/collections/books", "7"), 400, "expected an object");
  refused(rest_.ask("POST", "/collections/aliases", "{}"), 400, "actions: expected an array");
  refused(rest_.ask("PUT", "/collections/books/index", "{}"), 400, "field_name");
  EXPECT_EQ(gateway_.calls, 0);
  gateway_.failure = Status(Code::kExists, "Collection `films` already exists!");
  refused(rest_.ask("PUT", "/collections/films", "{}"), 409,
          "Wrong input: Collection `films` already exists!");
}

TEST_F(HandlerTest, parameters_are_checked_and_named) {
  const std::pair<const char*, const char*> writes[] = {
      {"wait=maybe", "wait: 'maybe' is neither true nor false"},
      {"timeout=0", "timeout: '0' is not a number of seconds from 1 to 3600"},
      {"timeout=3601", "timeout: '3601'"},
      {"timeout=1s", "timeout: '1s'"},
      {"timeout=-1", "timeout: '-1'"},
      {"ordering=random", "ordering: 'random' is not one of weak, medium, strong"},
  };
  for (const auto& [query, says] : writes) {
    refused(rest_.ask("POST", "/collections/books/points/delete?" + std::string(query),
                      R"({"points":[1]})"),
            400, "Deserialize error in query parameters: " + std::string(says));
  }
  refused(rest_.ask("POST", "/collections/books/points/count?consistency=some", "{}"), 400,
          "consistency: 'some' is not one of");
  refused(rest_.ask("POST", "/collections/books/points/count?consistency=0", "{}"), 400,
          "consistency: '0'");
  EXPECT_EQ(gateway_.calls, 0);
  for (const char* query : {"", "?wait=false", "?wait=", "?timeout=", "?ordering=strong",
                            "?timeout=3600&ordering=weak", "?unknown=1"}) {
    EXPECT_EQ(rest_
                  .ask("POST", "/collections/books/points/delete" + std::string(query),
                       R"({"points":[1]})")
                  .response.status,
              200)
        << query;
    EXPECT_FALSE(gateway_.write_options.wait);
  }
  for (const char* level : {"majority", "quorum", "all", "1", "3", ""}) {
    EXPECT_EQ(
        rest_.ask("POST", "/collections/books/points/count?consistency=" + std::string(level), "")
            .response.status,
        200)
        << level;
    EXPECT_FALSE(gateway_.read_options.linearizable);
  }
  EXPECT_EQ(rest_.ask("POST", "/collections/books/points/count?consistency=linearizable", "")
                .response.status,
            200);
  EXPECT_TRUE(gateway_.read_options.linearizable);
}

TEST_F(HandlerTest, the_service_routes_answer) {
  rest_.options.plugins = [] {
    plugin::PluginInfo one, two;
    one.id = "one";
    one.loaded = true;
    one.abi_major = 1;
    one.engines = {{"index", "flat", "2.0", 5, 4096}};
    two.id = "two";
    two.file = "two.so";
    two.error = "of another ABI";
    return std::vector{one, two};
  };
  rest_.options.points = [] { return uint64_t{77}; };
  const std::string one = R"({"id":"one","version":"","license":"","file":"","status":"loaded",
      "abi":{"major":1,"minor_min":0,"minor_built":0,"draft":false},
      "engines":[{"kind":"index","id":"flat","version":"2.0","capabilities":5,
                  "memory_bytes":4096}]})";
  const std::string two = R"({"id":"two","version":"","license":"","file":"two.so",
      "status":"refused","error":"of another ABI",
      "abi":{"major":0,"minor_min":0,"minor_built":0,"draft":false},"engines":[]})";
  good(rest_.ask("GET", "/plugins"), R"({"plugins":[)" + one + "," + two + "]}");
  good(rest_.ask("GET", "/plugins/two"), two);
  refused(rest_.ask("GET", "/plugins/three"), 404, "Plugin `three` is not loaded");
  const auto telemetry = rest_.ask("GET", "/telemetry").json()["result"];
  EXPECT_EQ(telemetry["collections"],
            nlohmann::json::parse(R"({"number_of_collections":1,"points":77})"));
  EXPECT_EQ(telemetry["app"]["name"], "rhumb");
  good(rest_.ask("GET", "/issues"), R"({"issues":[]})");
  good(rest_.ask("GET", "/cluster"), R"({"status":"disabled"})");
}

TEST_F(HandlerTest, verification_and_contract_are_asked_of_the_gateway) {
  gateway_.verification = {true, 9, {}};
  good(rest_.ask("GET", "/collections/b/verify"), R"({"ok":true,"points":9,"shards":[]})");
  EXPECT_EQ(gateway_.asked_name, "books");
  gateway_.contract_report.asked = 0.95;
  const auto contract = rest_.ask("GET", "/collections/b/contract").json()["result"];
  EXPECT_EQ(contract["asked"]["recall"], 0.95);
  EXPECT_EQ(gateway_.calls, 2);
  gateway_.failure = base::Status(base::Code::kIo, "cannot be read");
  for (const char* path : {"/collections/b/verify", "/collections/b/contract"})
    refused(rest_.ask("GET", path), 500, "Service internal error: cannot be read");
}

}  // namespace
}  // namespace rhumb::http::rest
