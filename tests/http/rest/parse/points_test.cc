// Bodies of upserts, by points and by columns, and of reads by id.
#include <gtest/gtest.h>

#include "host/http/rest/parse/parse_reads.h"
#include "host/http/rest/parse/parse_writes.h"
#include "tests/http/rest/expect.h"
#include "tests/model/text.h"

namespace rhumb::http::rest {
namespace {

using model::Operation;
using model::PointId;

base::Result<Operation> upsert(const std::string& body) {
  return parse_upsert(body, single_vector());
}

// Returns the payload that is stored for a client's payload.
std::string stored(const std::string& payload) {
  const auto operation =
      upsert(R"({"points":[{"id":1,"vector":[1,0,0,0],"payload":)" + payload + "}]}");
  EXPECT_TRUE(operation.ok()) << operation.status().message();
  return operation.ok() ? operation->points.at(0).payload : "";
}

TEST(ParseUpsertTest, points_have_ids_of_every_kind) {
  const auto operation = upsert(R"({"points":[
      {"id":18446744073709551615,"vector":[1,0,0,0],"payload":{"a":1}},
      {"id":"5C56C79369F34FBF87E6C4BF54C28C26","vector":[0,1,0,0],"payload":null},
      {"id":"gimp","vector":[0,0,1,0]}]})");
  ASSERT_TRUE(operation.ok()) << operation.status().message();
  EXPECT_EQ(operation->kind, model::OperationKind::kUpsert);
  EXPECT_EQ(operation->mode, model::UpdateMode::kUpsert);
  EXPECT_FALSE(operation->filter || operation->update_filter);
  ASSERT_EQ(operation->points.size(), 3u);
  EXPECT_EQ(operation->points[0].id, PointId::number(UINT64_MAX));
  EXPECT_EQ(operation->points[0].payload, R"({"a":1})");
  EXPECT_EQ(operation->points[1].id.to_text(), "5c56c793-69f3-4fbf-87e6-c4bf54c28c26");
  EXPECT_EQ(operation->points[1].payload, "");
  EXPECT_EQ(operation->points[2].id.to_text(), "gimp");
  EXPECT_EQ(operation->points[2].vectors.at(0).name, "");
  EXPECT_EQ(operation->points[2].vectors.at(0).bytes, floats({0, 0, 1, 0}));
  EXPECT_TRUE(upsert(R"({"points":[]})")->points.empty());
}

TEST(ParseUpsertTest, payloads_are_stored_minified_exact_and_without_duplicate_members) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", ""},
      {"null", ""},
      {R"({ "a" : [ 1 , { "b" : null } ] , "c" : "x y" })", R"({"a":[1,{"b":null}],"c":"x y"})"},
      {R"({"a":1,"b":2,"a":3})", R"({"b":2,"a":3})"},
      {R"({"a":{"x":1,"x":{"y":1,"y":2}}})", R"({"a":{"x":{"y":2}}})"},
      {R"({"a":18446744073709551615,"b":-9223372036854775808})",
       R"({"a":18446744073709551615,"b":-9223372036854775808})"},
      {R"({"a":1.0,"b":1e5,"c":0.1,"d":-0.0,"e":1e300})",
       R"({"a":1.0,"b":1e+05,"c":0.1,"d":-0.0,"e":1e+300})"},
      {R"({"a":"\u00e4\n\"\\\u0000"})", "{\"a\":\"\xc3\xa4\\n\\\"\\\\\\u0000\"}"},
      {R"({"":1," ":2})", R"({"":1," ":2})"},
      {R"({"a":true,"b":false})", R"({"a":true,"b":false})"},
  };
  for (const auto& [sent, kept] : cases) EXPECT_EQ(stored(sent), kept) << sent;
  // Larger than the size up to which duplicates are searched directly.
  std::string wide = "{", narrow;
  for (int i = 0; i < 40; ++i)
    wide += "\"k" + std::to_string(i % 20) + "\":" + std::to_string(i) + (i < 39 ? "," : "}");
  for (int i = 20; i < 40; ++i)
    narrow += (i > 20 ? ",\"k" : "{\"k") + std::to_string(i % 20) + "\":" + std::to_string(i);
  EXPECT_EQ(stored(wide), narrow + "}");
}

TEST(ParseUpsertTest, modes_and_conditions_of_an_upsert_are_read) {
  const auto with = [](const std::string& members) {
    return upsert(R"({"points":[])" + members + "}");
  };
  EXPECT_EQ(with(R"(,"update_mode":"upsert")")->mode, model::UpdateMode::kUpsert);
  EXPECT_EQ(with(R"(,"update_mode":"insert_only")")->mode, model::UpdateMode::kInsertOnly);
  EXPECT_EQ(with(R"(,"update_mode":"update_only")")->mode, model::UpdateMode::kUpdateOnly);
  EXPECT_EQ(with(R"(,"update_mode":null)")->mode, model::UpdateMode::kUpsert);
  const auto conditional = with(R"(,"update_filter":{"must":[{"key":"a","is_null":true}]})");
  ASSERT_TRUE(conditional.ok() && conditional->update_filter);
  EXPECT_EQ(conditional->update_filter->must.size(), 1u);
}

TEST(ParseUpsertTest, columns_give_the_same_points) {
  const auto rows = upsert(
      R"({"points":[{"id":1,"vector":[1,2,3,4],"payload":{"a":1}},{"id":"x","vector":[0,0,0,1]}]})");
  const auto columns = upsert(
      R"({"batch":{"ids":[1,"x"],"vectors":[[1,2,3,4],[0,0,0,1]],"payloads":[{"a":1},null]}})");
  ASSERT_TRUE(rows.ok() && columns.ok()) << columns.status().message();
  EXPECT_EQ(model::text_of(*columns), model::text_of(*rows));
  const auto bare = upsert(R"({"batch":{"ids":[1],"vectors":[[1,2,3,4]]}})");
  ASSERT_TRUE(bare.ok());
  EXPECT_EQ(bare->points.at(0).payload, "");

  const auto named = parse_upsert(
      R"({"batch":{"ids":[1,2],"vectors":{"text":[[1,2,3],[4,5,6]],"code":[[1,2],[3,255]]}}})",
      named_vectors());
  ASSERT_TRUE(named.ok()) << named.status().message();
  ASSERT_EQ(named->points[1].vectors.size(), 2u);
  EXPECT_EQ(named->points[1].vectors[0].bytes, floats({4, 5, 6}));
  EXPECT_EQ(named->points[1].vectors[1].name, "code");
  EXPECT_EQ(named->points[1].vectors[1].bytes, "\x03\xff");
  const auto twice = parse_upsert(
      R"({"batch":{"ids":[1],"vectors":{"code":[[1,2]],"code":[[3,4]]}}})", named_vectors());
  ASSERT_EQ(twice->points[0].vectors.size(), 1u) << "a name twice counts once, the last";
  EXPECT_EQ(twice->points[0].vectors[0].bytes, "\x03\x04");
}

TEST(ParseUpsertTest, members_of_the_wrong_form_are_named) {
  const auto point = [](const std::string& members) {
    return R"({"points":[{"id":0,"vector":[1,0,0,0]},{)" + members + "}]}";
  };
  const std::string vector = R"("vector":[1,0,0,0])";
  expect_refused(
      {
          {"", Code::kMalformedBody, "the body is empty"},
          {"{", Code::kMalformedBody, ""},
          {"{\"points\":[]} x", Code::kMalformedBody, ""},
          {"{\"points\":\"\xff\"}", Code::kMalformedBody, ""},
          {"[]", Code::kMalformedBody, "expected an object, got an array"},
          {"{}", Code::kMalformedBody, "missing field `points` or `batch`"},
          {R"({"points":null})", Code::kMalformedBody, "missing field `points` or `batch`"},
          {R"({"points":7})", Code::kMalformedBody, "points: expected an array, got an integer"},
          {R"({"points":[7]})", Code::kMalformedBody,
           "points[0]: expected an object, got an integer"},
          {point(vector), Code::kMalformedBody, "points[1]: missing field `id`"},
          {point(R"("id":null,)" + vector), Code::kMalformedBody, "points[1]: missing field `id`"},
          {point(R"("id":-1,)" + vector), Code::kMalformedBody,
           "points[1].id: a point id is an unsigned 64-bit integer, a UUID or a string, got an "
           "integer"},
          {point(R"("id":1.0,)" + vector), Code::kMalformedBody, "points[1].id: a point id is"},
          {point(R"("id":true,)" + vector), Code::kMalformedBody, "got a boolean"},
          {point(R"("id":"7",)" + vector), Code::kInvalid,
           "points[1].id: point id \"7\" is a number in quotes"},
          {point(R"("id":"",)" + vector), Code::kInvalid,
           "points[1].id: a string id has 1 to 256 bytes, this one has 0"},
          {point("\"id\":\"" + std::string(257, 'x') + "\"," + vector), Code::kInvalid,
           "this one has 257"},
          {point(R"("id":1)"), Code::kMalformedBody, "points[1]: missing field `vector`"},
          {point(R"("id":1,"payload":[],)" + vector), Code::kMalformedBody,
           "points[1].payload: expected an object, got an array"},
          {R"({"points":[],"update_mode":"sometimes"})", Code::kMalformedBody,
           "update_mode: 'sometimes' is not one of upsert, insert_only, update_only"},
          {R"({"points":[],"update_mode":7})", Code::kMalformedBody,
           "update_mode: expected a string"},
          {R"({"points":[],"update_filter":{"x":1}})", Code::kMalformedBody,
           "update_filter: unknown field `x`"},
          {R"({"points":[],"shard_key":"a"})", Code::kUnsupported, "custom sharding (shard_key)"},
          {R"({"batch":7})", Code::kMalformedBody, "batch: expected an object"},
          {R"({"batch":{"ids":[1],"vectors":[[1,0,0,0]],"shard_key":"a"}})", Code::kUnsupported,
           "custom sharding (batch.shard_key)"},
          {R"({"batch":{"ids":[1]}})", Code::kMalformedBody,
           "batch: a batch needs `ids` and `vectors`"},
          {R"({"batch":{"ids":[1,-1],"vectors":[]}})", Code::kMalformedBody,
           "batch.ids[1]: a point id is"},
          {R"({"batch":{"ids":[1,2],"vectors":[[1,0,0,0]]}})", Code::kInvalid,
           "batch.vectors: 1 vectors for 2 ids"},
          {R"({"batch":{"ids":[1],"vectors":[[1,0,0]]}})", Code::kInvalid,
           "expected dim: 4, got 3 (batch.vectors[0])"},
          {R"({"batch":{"ids":[1],"vectors":{"nope":[[1]]}}})", Code::kInvalid,
           "Not existing vector name error: nope (batch.vectors.nope)"},
          {R"({"batch":{"ids":[1],"vectors":7}})", Code::kMalformedBody,
           "batch.vectors: expected an object"},
          {R"({"batch":{"ids":[1],"vectors":[[1,0,0,0]],"payloads":[]}})", Code::kInvalid,
           "batch.payloads: 0 payloads for 1 ids"},
          {R"({"batch":{"ids":[1],"vectors":[[1,0,0,0]],"payloads":[7]}})", Code::kMalformedBody,
           "batch.payloads[0]: expected an object"},
      },
      upsert);
}

TEST(ParseUpsertTest, an_exceeded_limit_is_named) {
  const auto payload = [](size_t bytes) {
    return R"({"points":[{"id":1,"vector":[1,0,0,0],"payload":{"a":")" +
           std::string(bytes - 8, 'x') + "\"}}]}";
  };
  EXPECT_TRUE(upsert(payload(limits::kMaxPayloadBytes)).ok());
  EXPECT_EQ(upsert("{\"points\":[" +
                   repeated(R"({"id":1,"vector":[1,0,0,0]})", limits::kMaxBatchPoints) + "]}")
                ->points.size(),
            limits::kMaxBatchPoints);
  expect_refused(
      {
          {payload(limits::kMaxPayloadBytes + 1), Code::kInvalid,
           "points[0].payload: 4194305 bytes of payload, at most 4194304"},
          {"{\"points\":[" + repeated("7", limits::kMaxBatchPoints + 1) + "]}",
           Code::kUnprocessable, "points: 65537 entries, at most 65536"},
          {R"({"batch":{"vectors":[],"ids":[)" + repeated("7", limits::kMaxBatchPoints + 1) + "]}}",
           Code::kUnprocessable, "batch.ids: 65537 entries, at most 65536"},
          {std::string(200, '[') + std::string(200, ']'), Code::kMalformedBody,
           "nested deeper than 128 levels"},
      },
      upsert);
}

TEST(ParseReadTest, a_get_request_is_read) {
  const auto request =
      parse_get(R"({"ids":[3,"gimp",3],"with_payload":["a.b"],"with_vector":["text"]})");
  ASSERT_TRUE(request.ok()) << request.status().message();
  ASSERT_EQ(request->ids.size(), 3u) << "as asked";
  EXPECT_EQ(request->with_payload.mode, model::PayloadSelector::Mode::kInclude);
  EXPECT_EQ(request->with_payload.keys, std::vector<std::string>{"a.b"});
  EXPECT_EQ(request->with_vector.names, std::vector<std::string>{"text"});
  const auto plain = parse_get(R"({"ids":[]})");
  EXPECT_EQ(plain->with_payload.mode, model::PayloadSelector::Mode::kAll)
      << "payloads come by themselves";
  EXPECT_EQ(plain->with_vector.mode, model::VectorSelector::Mode::kNone);
  expect_refused({{"{}", Code::kMalformedBody, "missing field `ids`"},
                  {R"({"ids":7})", Code::kMalformedBody, "ids: expected an array"},
                  {R"({"ids":[1,-1]})", Code::kMalformedBody, "ids[1]: a point id is"},
                  {R"({"ids":[],"shard_key":1})", Code::kUnsupported, "shard_key"},
                  {"{\"ids\":[" + repeated("1", limits::kMaxBatchPoints + 1) + "]}",
                   Code::kUnprocessable, "ids: 65537 entries, at most 65536"}},
                 parse_get);
}

TEST(ParseReadTest, selectors_are_read) {
  using Payload = model::PayloadSelector::Mode;
  using Vector = model::VectorSelector::Mode;
  const auto with = [](const std::string& members) {
    return parse_get(R"({"ids":[],)" + members + "}");
  };
  const struct {
    const char* members;
    Payload payload;
    Vector vector;
  } cases[] = {
      {R"("with_payload":true,"with_vector":true)", Payload::kAll, Vector::kAll},
      {R"("with_payload":false,"with_vector":false)", Payload::kNone, Vector::kNone},
      {R"("with_payload":null,"with_vectors":true)", Payload::kAll, Vector::kAll},
      {R"("with_payload":[],"with_vector":[])", Payload::kInclude, Vector::kNames},
      {R"("with_payload":{"include":["a"]})", Payload::kInclude, Vector::kNone},
      {R"("with_payload":{"exclude":["a","b"],"include":null})", Payload::kExclude, Vector::kNone},
  };
  for (const auto& c : cases) {
    const auto request = with(c.members);
    ASSERT_TRUE(request.ok()) << c.members << request.status().message();
    EXPECT_EQ(request->with_payload.mode, c.payload) << c.members;
    EXPECT_EQ(request->with_vector.mode, c.vector) << c.members;
  }
  expect_refused(
      {{R"("with_payload":7)", Code::kMalformedBody, "with_payload: expected an object"},
       {R"("with_payload":{})", Code::kMalformedBody,
        "with_payload: expected true, false, a list, include or exclude"},
       {R"("with_payload":{"include":["a"],"exclude":["b"]})", Code::kMalformedBody,
        "with_payload: `include` and `exclude` do not go together"},
       {R"("with_payload":{"only":["a"]})", Code::kMalformedBody,
        "with_payload: unknown field `only`"},
       {R"("with_payload":["a",7])", Code::kMalformedBody, "with_payload[1]: expected a string"},
       {R"("with_payload":["a","b..c"])", Code::kInvalid,
        "with_payload[1]: Invalid json path: 'b..c'"},
       {R"("with_payload":{"exclude":["["]})", Code::kInvalid,
        "with_payload.exclude[0]: Invalid json path"},
       {"\"with_payload\":[\"" + std::string(513, 'a') + "\"]", Code::kUnprocessable,
        "with_payload[0]: 513 bytes, at most 512"},
       {"\"with_payload\":[" + repeated("\"a\"", 4097) + "]", Code::kUnprocessable,
        "with_payload: 4097 names, at most 4096"},
       {R"("with_vector":7)", Code::kMalformedBody, "with_vector: expected an array"},
       {R"("with_vectors":[7])", Code::kMalformedBody, "with_vector[0]: expected a string"}},
      with);
}

TEST(ParseReadTest, a_scroll_request_is_read) {
  const auto request = parse_scroll(
      R"({"offset":"gimp","limit":7,"filter":{"must":[]},"with_payload":false,"with_vector":true})");
  ASSERT_TRUE(request.ok()) << request.status().message();
  EXPECT_EQ(request->offset->to_text(), "gimp");
  EXPECT_EQ(request->limit, 7u);
  EXPECT_TRUE(request->filter);
  const auto plain = parse_scroll("{}");
  EXPECT_FALSE(plain->offset || plain->filter);
  EXPECT_EQ(plain->limit, 10u);
  EXPECT_EQ(plain->with_payload.mode, model::PayloadSelector::Mode::kAll);
  EXPECT_EQ(parse_scroll(R"({"limit":2000000})")->limit, 2'000'000u);
  for (const char* everything : {R"({"limit":5000000000})", R"({"limit":18446744073709551615})"}) {
    EXPECT_EQ(parse_scroll(everything)->limit, limits::kMaxLimit) << "more than there can be";
  }
  expect_refused(
      {{R"({"limit":0})", Code::kUnprocessable, "limit: 0 is not from 1 to"},
       {R"({"limit":-1})", Code::kMalformedBody, "limit: expected a whole number from 1 to"},
       {R"({"limit":"7"})", Code::kMalformedBody, "limit: expected a whole number, got a string"},
       {R"({"offset":-1})", Code::kMalformedBody, "offset: a point id is"},
       {R"({"filter":7})", Code::kMalformedBody, "filter: expected an object"},
       {R"({"order_by":"a"})", Code::kUnsupported, "order_by"}},
      parse_scroll);
}

TEST(ParseReadTest, a_count_request_is_read) {
  EXPECT_TRUE(parse_count("")->exact);
  EXPECT_TRUE(parse_count("{}")->exact);
  EXPECT_FALSE(parse_count("{}")->filter);
  EXPECT_FALSE(parse_count(R"({"exact":false})")->exact);
  expect_refused({{R"({"exact":1})", Code::kMalformedBody, "exact: expected true or false"},
                  {R"({"shard_key":1})", Code::kUnsupported, "shard_key"}},
                 parse_count);
}

}  // namespace
}  // namespace rhumb::http::rest
