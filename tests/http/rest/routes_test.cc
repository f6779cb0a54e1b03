#include "host/http/rest/routes.h"

#include <gtest/gtest.h>

#include <set>

#include "host/http/rest/resources/collections.h"
#include "host/http/rest/resources/export.h"
#include "host/http/rest/resources/import.h"
#include "host/http/rest/resources/points_read.h"
#include "host/http/rest/resources/points_write.h"
#include "host/http/rest/resources/query.h"
#include "host/http/rest/resources/service.h"

namespace rhumb::http::rest {
namespace {

TEST(RoutesTest, every_route_has_an_action_and_an_answer_and_is_found_by_its_own_pattern) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Route& route : routes()) {
    EXPECT_TRUE(seen.insert({route.method, route.pattern}).second)
        << "twice: " << route.method << " " << route.pattern;
    EXPECT_NE(route.run == nullptr, route.feature.empty())
        << route.pattern << ": a route either runs or names the feature that is not served yet";
    // Braces in a request's path are ordinary text.
    const Match match = match_route(route.method, route.pattern);
    EXPECT_EQ(match.route, &route) << route.method << " " << route.pattern;
    EXPECT_EQ(match.allow, "");
  }
}

TEST(RoutesTest, public_routes_reveal_nothing_and_writes_are_not_reads) {
  for (const Route& route : routes()) {
    const bool is_public = route.action == Action::kPublic;
    const bool may_be = route.pattern == "/" || route.pattern == "/auth/{what}";
    EXPECT_TRUE(!is_public || may_be) << route.pattern;
    if (route.method == "DELETE" || route.method == "PATCH")
      EXPECT_GE(route.action, Action::kManage) << route.pattern;
    if (route.method == "PUT") EXPECT_GE(route.action, Action::kWrite) << route.pattern;
    if (route.run == points::upsert || route.run == points::remove || route.run == points::batch ||
        route.run == points::import_buffered) {
      EXPECT_EQ(route.action, Action::kWrite) << route.pattern;
    }
  }
}

TEST(RoutesTest, captures_are_decoded_and_literals_beat_them) {
  const auto captured = [](std::string_view method, std::string_view path, const char* name) {
    const Match match = match_route(method, path);
    return match.route == nullptr ? "no route" : match.captures.at(name);
  };
  EXPECT_EQ(captured("GET", "/collections/books", "collection_name"), "books");
  EXPECT_EQ(captured("GET", "/collections/my%20b%C3%BCcher%2f1", "collection_name"),
            "my b\xc3\xbc"
            "cher/1")
      << "a slash in a name is no slash of the path";
  EXPECT_EQ(captured("GET", "/collections/a+b", "collection_name"), "a+b")
      << "a plus is a plus in a path";
  EXPECT_EQ(captured("GET", "/collections/b/points/5c56c793", "id"), "5c56c793");
  EXPECT_EQ(captured("DELETE", "/collections/b/index/a%5B%5D.b", "field_name"), "a[].b");
  EXPECT_EQ(captured("GET", "/collections/%7Bx%7D", "collection_name"), "{x}");
  EXPECT_EQ(captured("GET", "/collections//points/1", "collection_name"), "")
      << "an empty name is found to be none later";

  EXPECT_EQ(match_route("POST", "/collections/aliases").route->run, collections::change_aliases);
  EXPECT_EQ(match_route("GET", "/collections/aliases").route->run, collections::info)
      << "of a collection that is called so";
  EXPECT_EQ(match_route("POST", "/collections/b/points/count").route->run, points::count);
  EXPECT_EQ(match_route("GET", "/collections/b/points/count").route->run, points::get_one)
      << "a point may be called count";
}

TEST(RoutesTest, a_slash_at_the_end_changes_nothing) {
  EXPECT_EQ(match_route("GET", "/collections/").route->run, collections::list);
  EXPECT_EQ(match_route("GET", "/collections/books/").route->run, collections::info);
  EXPECT_EQ(match_route("GET", "/").route->run, service::version);
  EXPECT_EQ(match_route("GET", "/collections//").captures["collection_name"], "") << "but only one";
}

TEST(RoutesTest, a_wrong_method_is_answered_with_the_allowed_ones) {
  const std::pair<const char*, const char*> cases[] = {
      {"/collections", "GET"},
      {"/collections/books", "GET, PUT, PATCH, DELETE"},
      {"/collections/b/points/1", "GET"}};
  for (const auto& [path, allow] : cases) {
    const Match match = match_route("TRACE", path);
    EXPECT_EQ(match.route, nullptr);
    EXPECT_EQ(match.allow, allow) << path;
  }
  const Match match = match_route("GET", "/collections/b/points");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "PUT, POST");
}

TEST(RoutesTest, an_unknown_path_has_no_route) {
  for (const char* path : {"/nothing", "/collection", "/Collections", "/collections/b/nothing",
                           "/collections/b/points/1/more", "*", "", "/collections/%",
                           "/collections/%4", "/collections/%zz", "/collections/a%"}) {
    const Match match = match_route("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

TEST(PercentDecodeTest, table) {
  const auto decoded = [](std::string_view in, bool plus) {
    std::string out;
    return percent_decode(in, plus, out) ? out : "malformed";
  };
  EXPECT_EQ(decoded("", false), "");
  EXPECT_EQ(decoded("a%41%61%7a", false), "aAaz");
  EXPECT_EQ(decoded("%00", false), std::string(1, '\0'));
  EXPECT_EQ(decoded("%2525", false), "%25") << "once, not twice";
  EXPECT_EQ(decoded("a+b", true), "a b");
  EXPECT_EQ(decoded("a%2bb", true), "a+b");
  for (const char* bad : {"%", "a%", "%4", "%4g", "%g4", "%%41", "% 41"})
    EXPECT_EQ(decoded(bad, false), "malformed") << bad;
}

TEST(QueryStringTest, table) {
  using Values = std::map<std::string, std::string>;
  EXPECT_EQ(*parse_query_string(""), Values{});
  EXPECT_EQ(*parse_query_string("a=1&b=x%20y&c=p+q&d=&e"),
            (Values{{"a", "1"}, {"b", "x y"}, {"c", "p q"}, {"d", ""}, {"e", ""}}));
  EXPECT_EQ(*parse_query_string("&&a=1&&a=2&"), (Values{{"a", "2"}})) << "the last one counts";
  EXPECT_EQ(*parse_query_string("a=b=c&%61=d"), (Values{{"a", "d"}}));
  const auto bad = parse_query_string("a=1&b=%zz");
  EXPECT_EQ(bad.status().code(), base::Code::kMalformedQuery);
  EXPECT_NE(bad.status().message().find("'b=%zz'"), std::string::npos) << bad.status().message();
}

}  // namespace
}  // namespace rhumb::http::rest
