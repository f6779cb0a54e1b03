// Members that are unknown, repeated or contradict each other. They are refused by name if they
// decide which points are meant; otherwise they are ignored and named in a warning.
#include <gtest/gtest.h>

#include "host/http/rest/parse/collection_body.h"
#include "host/http/rest/parse/parse_query.h"
#include "host/http/rest/parse/parse_reads.h"
#include "host/http/rest/parse/parse_writes.h"
#include "host/http/rest/parse/point_stream.h"
#include "tests/http/rest/expect.h"
#include "tests/model/text.h"

namespace rhumb::http::rest {
namespace {

using Warnings = std::vector<std::string>;

std::vector<Refused> in_filters(
    const std::vector<std::pair<std::string, std::string>>& conditions) {
  std::vector<Refused> out;
  for (const auto& [condition, says] : conditions) {
    for (const std::string& place :
         {std::string("must[0]"), std::string("should"), std::string("must_not[0].should[1]"),
          std::string("must[0].nested.filter.must[0]"), std::string("min_should.conditions[0]")}) {
      const std::string filter =
          place == "must[0]"  ? R"({"must":[)" + condition + "]}"
          : place == "should" ? R"({"should":)" + condition + "}"
          : place == "must_not[0].should[1]"
              ? R"({"must_not":[{"should":[{"has_id":[1]},)" + condition + "]}]}"
          : place.starts_with("must[0].n")
              ? R"({"must":[{"nested":{"key":"a","filter":{"must":[)" + condition + "]}}}]}"
              : R"({"min_should":{"conditions":[)" + condition + R"(],"min_count":1}})";
      out.push_back(
          {R"({"filter":)" + filter + "}", Code::kMalformedBody, "filter." + place + says});
    }
  }
  return out;
}

const std::vector<std::pair<std::string, std::string>>& wrong_conditions() {
  static const std::vector<std::pair<std::string, std::string>> conditions = {
      {R"({"key":"price","range":{"gt":1,"below":9}})",
       ".range: unknown field `below`, expected one of lt, lte, gt, gte"},
      {R"({"key":"price","range":{"GTE":1}})", ".range: unknown field `GTE`"},
      {R"({"key":"price","range":{"gt":1,"gt":2}})", ".range: field `gt` comes twice"},
      {R"({"key":"price","range":{"gt":null,"gt":2}})", ".range: field `gt` comes twice"},
      {R"({"key":"tags","values_count":{"equals":3}})", ".values_count: unknown field `equals`"},
      {R"({"key":"city","match":{"value":"x","any":["y"]}})",
       ".match: `value` and `any` do not go together"},
      {R"({"key":"city","match":{"except":["x"],"text":"y"}})",
       ".match: `except` and `text` do not go together"},
      {R"({"key":"city","match":{"value":"x","keyword":null}})", ".match: unknown field `keyword`"},
      {R"({"key":"city","match":{"value":"x"},"matches":{"value":"y"}})",
       ": unknown field `matches`, expected one of key, match, range"},
      {R"({"key":"city","key":"town","match":{"value":"x"}})", ": field `key` comes twice"},
      {R"({"key":"city","match":{"value":"x"},"range":{"gt":1}})",
       ": `match` and `range` do not go together"},
      {R"({"key":"city","match":{"value":"x"},"is_null":true})",
       ": `match` and `is_null` do not go together"},
      {R"({"key":"city","match":{"value":"x"},"has_id":[1]})",
       ": `key` and `has_id` do not go together"},
      {R"({"key":"city","match":{"value":"x"},"must_not":[]})",
       ": `key` and `must_not` do not go together"},
      {R"({"has_id":[1],"must_not":[{"has_id":[2]}]})",
       ": `has_id` and `must_not` do not go together"},
      {R"({"has_id":[1],"has_vector":""})", ": `has_id` and `has_vector` do not go together"},
      {R"({"is_null":{"key":"a"},"is_empty":{"key":"b"}})",
       ": `is_null` and `is_empty` do not go together"},
      {R"({"is_empty":{"key":"a","keys":["b"]}})",
       ".is_empty: unknown field `keys`, expected one of key"},
      {R"({"is_null":{"field":"a"}})", ".is_null: unknown field `field`"},
      {R"({"nested":{"key":"a","filter":{},"filters":{}}})",
       ".nested: unknown field `filters`, expected one of key, filter"},
      {R"({"nested":{"key":"a","filter":{}},"should":[]})",
       ": `nested` and `should` do not go together"},
      {R"({"slice":{"total":4,"index":1,"of":2}})", ".slice: unknown field `of`"},
      {R"({"must":[],"shoud":[]})", ": unknown field `shoud`"},
      {R"({"min_should":{"conditions":[],"min_count":1,"max_count":2}})",
       ".min_should: unknown field `max_count`"},
      {R"({"key":"at","geo_radius":{"centre":{"lon":1,"lat":2},"radius":3}})",
       ".geo_radius: unknown field `centre`"},
      {R"({"key":"at","geo_radius":{"center":{"lon":1,"latitude":2},"radius":3}})",
       ".geo_radius.center: unknown field `latitude`"},
      {R"({"key":"at","geo_bounding_box":{"top_left":{},"bottom_left":{}}})",
       ".geo_bounding_box: unknown field `bottom_left`"},
      {R"({"key":"at","geo_polygon":{"exterior":{"points":[{"lon":1,"lat":2},{"lng":1,"lat":2}]}}})",
       ".geo_polygon.exterior.points[1]: unknown field `lng`"},
      {R"({"match":{"value":"x"}})", ": missing field `key` beside `match`"},
      {R"({"range":{"gt":1}})", ": missing field `key` beside `range`"},
      {R"({"has_id":null})", ": `has_id` is null"},
      {R"({"nested":null,"must":null})", ": `nested` is null"},
      {R"({"key":null,"match":null})", ": `key` is null"},
      {R"({"must":[],"is_empty":null})", ": `is_empty` is null"},
  };
  return conditions;
}

TEST(MembersTest, every_member_of_a_filter_is_read_in_every_request) {
  const auto cases = in_filters(wrong_conditions());
  expect_refused(cases, [](const std::string& body) { return parse_count(body); });
  expect_refused(cases, [](const std::string& body) { return parse_scroll(body); });
  expect_refused(cases, [](const std::string& body) { return parse_delete_points(body); });
  expect_refused(cases, [](const std::string& body) {
    return parse_payload_change(body, model::OperationKind::kClearPayload);
  });
  expect_refused(cases, [](const std::string& body) { return parse_query(body, single_vector()); });
  const auto within = [](const std::string& start, const std::string& end,
                         const std::string& member, const std::string& place) {
    std::vector<Refused> out;
    for (const Refused& c : in_filters(wrong_conditions())) {
      const std::string filter = c.body.substr(10, c.body.size() - 11);
      out.push_back({start + "\"" + member + "\":" + filter + end, c.code,
                     place + member + c.says.substr(6)});
    }
    return out;
  };
  const auto batch = [](const std::string& body) { return parse_batch(body, single_vector()); };
  expect_refused(within(R"({"operations":[{"delete":{"points":[1]}},{"delete":{)", "}}]}", "filter",
                        "operations[1].delete."),
                 batch);
  expect_refused(within(R"({"operations":[{"set_payload":{"payload":{},)", "}}]}", "filter",
                        "operations[0].set_payload."),
                 batch);
  expect_refused(within(R"({"operations":[{"upsert":{"points":[],)", "}}]}", "update_filter",
                        "operations[0].upsert."),
                 batch);
  expect_refused(within(R"({"points":[],)", "}", "update_filter", ""), [](const std::string& body) {
    return parse_update_vectors(body, single_vector());
  });
  expect_refused(within(R"({"vector":[""],)", "}", "filter", ""), [](const std::string& body) {
    return parse_delete_vectors(body, single_vector());
  });
  expect_refused(within(R"({"searches":[{"query":1},{"query":1,)", "}]}", "filter", "searches[1]."),
                 [](const std::string& body) { return parse_query_batch(body, single_vector()); });
  expect_refused(within(R"({"searches":[{"vector":[1,0,0,0],)", "}]}", "filter", "searches[0]."),
                 [](const std::string& body) { return parse_search_batch(body, single_vector()); });
  auto deep = within(R"({"query":1,"prefetch":[{"query":1},{"prefetch":{)", "}}]}", "filter",
                     "prefetch[1].prefetch.");
  std::erase_if(deep, [](const Refused& c) {
    return c.says.find("missing field") != std::string::npos || c.says.ends_with("is null");
  });  // lines that are not parsed yet
  expect_refused(deep, [](const std::string& body) { return parse_query(body, single_vector()); });
}

TEST(MembersTest, points_are_selected_by_ids_or_by_filter_but_not_both) {
  const Refused both[] = {{R"({"points":[1],"filter":{"must":[]}})", Code::kMalformedBody,
                           "`points` and `filter` do not go together"},
                          {R"({"points":[],"filter":{}})", Code::kMalformedBody,
                           "`points` and `filter` do not go together"},
                          {R"({"filter":{},"filter":{"must":[]}})", Code::kMalformedBody,
                           "field `filter` comes twice"}};
  for (const Refused& c : both) {
    const std::string with = c.body.substr(0, c.body.size() - 1);
    expect_refused({c, {with + R"(,"points_":[1]})", Code::kMalformedBody, ""}},
                   [](const std::string& body) { return parse_delete_points(body); });
    expect_refused({c}, [](const std::string& body) {
      return parse_payload_change(body, model::OperationKind::kClearPayload);
    });
    expect_refused({{with + R"(,"payload":{}})", c.code, c.says}}, [](const std::string& body) {
      return parse_payload_change(body, model::OperationKind::kSetPayload);
    });
    expect_refused({{with + R"(,"keys":["a"]})", c.code, c.says}}, [](const std::string& body) {
      return parse_payload_change(body, model::OperationKind::kDeletePayload);
    });
    expect_refused({{with + R"(,"vector":[""]})", c.code, c.says}}, [](const std::string& body) {
      return parse_delete_vectors(body, single_vector());
    });
  }
  expect_refused(
      {{R"({"point":[1]})", Code::kMalformedBody,
        "unknown field `point`, expected one of points, filter, shard_key"},
       {R"({"filter":null})", Code::kMalformedBody, "either `points` or `filter` must be given"},
       {R"({"points":[1],"filters":{}})", Code::kMalformedBody, "unknown field `filters`"}},
      [](const std::string& body) { return parse_delete_points(body); });
  EXPECT_TRUE(parse_delete_points(R"({"points":[1],"filter":null,"shard_key":null})").ok());
}

TEST(MembersTest, every_member_of_queries_params_and_selectors_is_read) {
  const auto with = [](const std::string& members) {
    return R"({"query":[1,0,0,0],)" + members + "}";
  };
  const auto asks = [](const std::string& query) { return R"({"query":)" + query + "}"; };
  expect_refused(
      {{with(R"("params":{"ef":10})"), Code::kMalformedBody,
        "params: unknown field `ef`, expected one of hnsw_ef, exact"},
       {with(R"("params":{"exact":true,"exact":false})"), Code::kMalformedBody,
        "params: field `exact` comes twice"},
       {with(R"("params":{"quantization":{"rescored":true}})"), Code::kMalformedBody,
        "params.quantization: unknown field `rescored`"},
       {with(R"("params":{"acorn":{"enabled":true}})"), Code::kMalformedBody,
        "params.acorn: unknown field `enabled`"},
       {with(R"("params":{"idf":{"corpus":{"mus":[]}}})"), Code::kMalformedBody,
        "params.idf.corpus: unknown field `mus`"},
       {with(R"("with_payload":{"includes":["a"]})"), Code::kMalformedBody,
        "with_payload: unknown field `includes`, expected one of include, exclude"},
       {with(R"("with_payload":{"include":["a"],"exclude":["b"]})"), Code::kMalformedBody,
        "with_payload: `include` and `exclude` do not go together"},
       {with(R"("with_vector":true,"with_vectors":false)"), Code::kMalformedBody,
        "field `with_vectors` comes twice, as `with_vector` as well"},
       {with(R"("limit":3,"top":4)"), Code::kMalformedBody,
        "field `top` comes twice, as `limit` as well"},
       {with(R"("limit":3,"limit":4)"), Code::kMalformedBody, "field `limit` comes twice"},
       {asks(R"({"nearest":[1,0,0,0],"near":1})"), Code::kMalformedBody,
        "query: unknown field `near`, expected one of nearest, mmr"},
       {asks(R"({"nearest":[1,0,0,0],"fusion":"rrf"})"), Code::kMalformedBody,
        "query: `nearest` and `fusion` do not go together"},
       {asks(R"({"recommend":{},"discover":{}})"), Code::kMalformedBody,
        "query: `recommend` and `discover` do not go together"},
       {asks(R"({"vector_b64":"AAAA","indices":[1]})"), Code::kMalformedBody,
        "query: `vector_b64` and `indices` do not go together"},
       {asks(R"({"nearest":{"vector_b65":"AAAA"}})"), Code::kMalformedBody,
        "query.nearest: unknown field `vector_b65`"},
       {asks(R"({"nearest":{"vector_b64":"AAAA","name":"x"}})"), Code::kMalformedBody,
        "query.nearest: unknown field `name`"},
       {asks(R"({"text":"words","model":"m"})"), Code::kUnsupported, "inference (query)"},
       {asks(R"({"text":"words"})"), Code::kUnsupported, "text query (query)"},
       {asks(R"({"text":"words","nearest":1})"), Code::kMalformedBody,
        "query: `text` and `nearest` do not go together"}},
      [](const std::string& body) { return parse_query(body, single_vector()); });
  expect_refused({{R"({"vector":{"name":"","vector":[1,0,0,0],"names":[]}})", Code::kMalformedBody,
                   "vector: unknown field `names`"},
                  {R"({"vector":[1,0,0,0],"params":{"hnsw":1}})", Code::kMalformedBody,
                   "params: unknown field `hnsw`"},
                  {R"({"vector":{"name":"","vector_b64":"AAAA"}})", Code::kMalformedBody,
                   "vector: `name` and `vector_b64` do not go together"}},
                 [](const std::string& body) { return parse_search(body, single_vector()); });
  EXPECT_TRUE(
      parse_query(
          R"({"query":[1,0,0,0],"params":{"acorn":{"enable":true,"max_selectivity":0.4},"quantization":null,"idf":null},
                              "with_payload":{"include":["a"],"exclude":null},"with_vector":true,"limit":3})",
          single_vector())
          .ok());
}

TEST(MembersTest, members_of_rhumb_are_checked_strictly_in_lenient_bodies_too) {
  expect_refused({{R"({"points":[{"id":1,"vector":[1,0,0,0],"vector_b64":"AAAA"}]})",
                   Code::kMalformedBody, "points[0]: `vector` and `vector_b64` do not go together"},
                  {R"({"points":[{"id":1,"vector":{"vector_b64":"AAAA","size":1}}]})",
                   Code::kMalformedBody, "points[0].vector: unknown field `size`"},
                  {R"({"points":[],"batch":{"ids":[],"vectors":[]}})", Code::kMalformedBody,
                   "`points` and `batch` do not go together"},
                  {R"({"points":[{"id":1,"id":2,"vector":[1,0,0,0]}]})", Code::kMalformedBody,
                   "points[0]: field `id` comes twice"},
                  {R"({"points":[],"update_filter":{"musst":[]}})", Code::kMalformedBody,
                   "update_filter: unknown field `musst`"}},
                 [](const std::string& body) { return parse_upsert(body, single_vector()); });
  const std::string start = R"({"vectors":{"size":4,"distance":"Dot"},)";
  expect_refused(
      {{start + R"("contract":{"recall":0.95,"recal":0.99}})", Code::kMalformedBody,
        "contract: unknown field `recal`, expected one of recall"},
       {start + R"("quantization_config":{"scalar":{"type":"int8"},"binary":{}}})",
        Code::kMalformedBody, "quantization_config: `scalar` and `binary` do not go together"},
       {start + R"("quantization_config":{"scalr":{"type":"int8"}}})", Code::kMalformedBody,
        "quantization_config: unknown field `scalr`"},
       {start + R"("shard_number":1,"shard_number":2})", Code::kMalformedBody,
        "field `shard_number` comes twice"},
       {R"({"vectors":{"size":4,"size":8,"distance":"Dot"}})", Code::kMalformedBody,
        "vectors: field `size` comes twice"},
       {R"({"vectors":{"a":{"size":4,"distance":"Dot","size":8}}})", Code::kMalformedBody,
        "vectors.a: field `size` comes twice"}},
      [](const std::string& body) { return parse_create_collection(body); });
  expect_refused(
      {{R"({"actions":[{"create_alias":{"alias_name":"a","collection_name":"b"},"delete_alias":{"alias_name":"a"}}]})",
        Code::kMalformedBody, "actions[0]: `create_alias` and `delete_alias` do not go together"}},
      [](const std::string& body) { return parse_alias_actions(body); });
}

TEST(MembersTest, other_members_are_ignored_and_named) {
  IgnoredMembers ignored;
  ASSERT_TRUE(
      parse_upsert(
          R"({"points":[{"id":1,"vector":[1,0,0,0],"payloads":{"a":1}},{"id":2,"vector":[1,0,0,0],"payloads":null}],"wait":true})",
          single_vector(), &ignored)
          .ok());
  EXPECT_EQ(ignored.warnings(),
            (Warnings{"Unknown member 'payloads' of points[0] was ignored; 1 more object has it",
                      "Unknown member 'wait' of the request body was ignored"}));
  ASSERT_TRUE(
      parse_batch(
          R"({"operations":[{"set_payload":{"points":[1],"payload":{"any":{"thing":1}},"ky":"a"}}],"atomic":true})",
          single_vector(), &ignored)
          .ok());
  EXPECT_EQ(ignored.warnings(),
            (Warnings{"Unknown member 'ky' of operations[0].set_payload was ignored",
                      "Unknown member 'atomic' of the request body was ignored"}));
  ASSERT_TRUE(parse_query(R"({"query":[1,0,0,0],"filters":{"must":[]},"with_payloads":true})",
                          single_vector(), &ignored)
                  .ok());
  EXPECT_EQ(ignored.warnings(),
            (Warnings{"Unknown member 'filters' of the request body was ignored",
                      "Unknown member 'with_payloads' of the request body was ignored"}));
  ASSERT_TRUE(parse_query_batch(R"({"searches":[{"query":1},{"query":1,"limits":3}]})",
                                single_vector(), &ignored)
                  .ok());
  EXPECT_EQ(ignored.warnings(), (Warnings{"Unknown member 'limits' of searches[1] was ignored"}));
  ASSERT_TRUE(parse_scroll(R"({"offst":3})", &ignored).ok() && ignored.warnings().size() == 1);
  ASSERT_TRUE(parse_count(R"({"exactly":true})", &ignored).ok() && ignored.warnings().size() == 1);
  ASSERT_TRUE(parse_get(R"({"ids":[],"id":1})", &ignored).ok() && ignored.warnings().size() == 1);
  ASSERT_TRUE(parse_get(R"({"ids":[],"with_payload":true})", &ignored).ok());
  EXPECT_TRUE(ignored.empty()) << "of the body that was read last";
  EXPECT_TRUE(parse_get(R"({"ids":[],"id":1})").ok())
      << "a caller need not ask for the ignored members";
}

TEST(MembersTest, warnings_are_bounded_in_number_and_length) {
  std::string body = R"({"ids":[])";
  for (int i = 0; i < 100; ++i) body += ",\"m" + std::to_string(i) + "\":1";
  IgnoredMembers ignored;
  ASSERT_TRUE(parse_get(body + "}", &ignored).ok());
  ASSERT_EQ(ignored.warnings().size(), IgnoredMembers::kMaxNamed + 1);
  EXPECT_EQ(ignored.warnings().back(),
            std::to_string(100 - IgnoredMembers::kMaxNamed) + " more unknown members were ignored");
  std::string wide(63, 'x');
  for (int i = 0; i < 1000; ++i) wide += "\xc3\xa4";
  ASSERT_TRUE(parse_get("{\"ids\":[],\"" + wide + "\":1}", &ignored).ok());
  EXPECT_EQ(ignored.warnings(), (Warnings{"Unknown member '" + std::string(63, 'x') +
                                          "...' of the request body was ignored"}))
      << "cut between characters";
  expect_refused({{R"({"filter":{")" + wide + "\":[]}}", Code::kMalformedBody,
                   "filter: unknown field `" + std::string(63, 'x') + "...`, expected"}},
                 [](const std::string& text) { return parse_count(text); });
}

TEST(MembersTest, errors_of_an_import_name_the_line) {
  const auto config = single_vector();
  PointReader reader(PointFormat::kNdjson, config);
  std::vector<model::PointWrite> points;
  ASSERT_TRUE(reader
                  .feed("{\"id\":1,\"vector\":[1,0,0,0]}\n\n{\"id\":2,\"vector\":[1,0,0,0],\"pay\":"
                        "1}\n{\"id\":3,\"vector\":[1,0,0,0],"
                        "\"pay\":1,\"load\":2}\n",
                        points)
                  .ok());
  EXPECT_EQ(points.size(), 3u);
  EXPECT_EQ(reader.ignored().warnings(),
            (Warnings{"Unknown member 'pay' of line 3 was ignored; 1 more object has it",
                      "Unknown member 'load' of line 4 was ignored"}));
  const base::Status twice =
      reader.feed("{\"id\":4,\"vector\":[1,0,0,0],\"vector_b64\":\"AAAA\"}\n", points);
  EXPECT_EQ(twice.message(), "line 5: `vector` and `vector_b64` do not go together")
      << "one prefix, in front";
}

// Strictly typed clients refuse answers with unknown members, so ignored members must not be stored
// and shown again.
TEST(MembersTest, ignored_members_are_not_stored_with_the_collection) {
  IgnoredMembers ignored;
  const auto config = parse_create_collection(
      R"({"vectors":{"a":{"size":4,"distance":"Dot","colour":1,"hnsw_config":{"m":8,"n":9},
                                                      "quantization_config":{"scalar":{"type":"int8","speed":1}}}},
                                                 "optimizers_config":{"flush_interval_sec":3,"speed":9},"metadata":{"any":{"thing":1,"thing2":2}},
                                                 "on_disc_payload":true})",
      &ignored);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->vectors.at("a").quantization_json, R"({"scalar":{"type":"int8"}})");
  EXPECT_EQ(config->vectors.at("a").hnsw_json, R"({"m":8})");
  EXPECT_EQ(config->settings_json.at("optimizers_config"), R"({"flush_interval_sec":3})");
  EXPECT_EQ(config->settings_json.at("metadata"), R"({"any":{"thing":1,"thing2":2}})");
  EXPECT_EQ(ignored.warnings(),
            (Warnings{"Unknown member 'colour' of vectors.a was ignored",
                      "Unknown member 'n' of vectors.a.hnsw_config was ignored",
                      "Unknown member 'speed' of vectors.a.quantization_config.scalar was ignored",
                      "Unknown member 'speed' of optimizers_config was ignored",
                      "Unknown member 'on_disc_payload' of the request body was ignored"}));
  const auto other_names = parse_create_collection(
      R"({"vectors":{"size":4,"distance":"Dot","quantization":{"binary":{}}},"quantization":{"scalar":{"type":"int8"}},
                                                       "optimizer_config":{"flush_interval_sec":3}})",
      &ignored);
  ASSERT_TRUE(other_names.ok()) << other_names.status().message();
  EXPECT_TRUE(ignored.empty());
  EXPECT_EQ(other_names->vectors.at("").quantization_json, R"({"binary":{}})");
  EXPECT_EQ(other_names->settings_json.at("quantization_config"), R"({"scalar":{"type":"int8"}})");
  EXPECT_EQ(other_names->settings_json.at("optimizers_config"), R"({"flush_interval_sec":3})");
  EXPECT_EQ(parse_create_index(R"({"field_name":"a","field_type":"integer"})")->second.type,
            model::FieldType::kInteger);
  expect_refused(
      {{R"({"quantization":{"binary":{}},"quantization_config":{"binary":{}}})",
        Code::kMalformedBody, "field `quantization_config` comes twice, as `quantization` as well"},
       {R"({"optimizers_config":{},"optimizer_config":null})", Code::kMalformedBody,
        "field `optimizer_config` comes twice, as `optimizers_config` as well"}},
      [](const std::string& body) { return parse_create_collection(body); });
  ASSERT_TRUE(
      parse_create_collection(
          R"({"vectors":{"size":{"size":4,"distance":"Dot"},"distance":{"size":4,"distance":"Dot"}}})",
          &ignored)
          .ok());
  EXPECT_TRUE(ignored.empty()) << "vectors have any name";
  const auto index = parse_create_index(
      R"({"field_name":"a","field_schema":{"type":"keyword","is_tenant":true,"tenant":true}})",
      &ignored);
  EXPECT_EQ(index->second.params_json, R"({"is_tenant":true,"type":"keyword"})");
  EXPECT_EQ(ignored.warnings(), (Warnings{"Unknown member 'tenant' of field_schema was ignored"}));
  const auto changed = parse_update_collection(
      R"({"params":{"replicas":3},"vectors":{"a":{"on_disk":true,"disk":true}},"wal_config":{"wal_capacity_mb":8,"x":1}})",
      *config, &ignored);
  ASSERT_TRUE(changed.ok()) << changed.status().message();
  EXPECT_EQ(changed->settings_json.at("wal_config"), R"({"wal_capacity_mb":8})");
  EXPECT_EQ(ignored.warnings().size(), 3u);
}

}  // namespace
}  // namespace rhumb::http::rest
