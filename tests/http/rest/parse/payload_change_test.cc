// Bodies of deletes, of changes of vectors and payloads, and of batches of operations.
#include <gtest/gtest.h>

#include "host/http/rest/parse/parse_writes.h"
#include "tests/http/rest/expect.h"
#include "tests/model/text.h"

namespace rhumb::http::rest {
namespace {

using model::OperationKind;
using model::PointId;

base::Result<model::Operation> set_payload(const std::string& body) {
  return parse_payload_change(body, OperationKind::kSetPayload);
}
base::Result<model::Operation> delete_payload(const std::string& body) {
  return parse_payload_change(body, OperationKind::kDeletePayload);
}
base::Result<model::Operation> delete_vectors(const std::string& body) {
  return parse_delete_vectors(body, named_vectors());
}
base::Result<model::Operation> update_vectors(const std::string& body) {
  return parse_update_vectors(body, named_vectors());
}
base::Result<Operations> batch(const std::string& body) {
  return parse_batch(body, single_vector());
}

TEST(ParseDeleteTest, points_are_deleted_by_ids_or_by_filter) {
  const auto by_ids = parse_delete_points(R"({"points":[3,"gimp",1,3]})");
  ASSERT_TRUE(by_ids.ok()) << by_ids.status().message();
  EXPECT_EQ(by_ids->kind, OperationKind::kDelete);
  EXPECT_FALSE(by_ids->filter);
  EXPECT_EQ(by_ids->ids, (std::vector<PointId>{PointId::number(3), *PointId::from_string("gimp"),
                                               PointId::number(1), PointId::number(3)}))
      << "The gateway knows what an id means that comes twice.";
  const auto by_filter = parse_delete_points(R"({"filter":{"must":[{"has_id":[1]}]}})");
  ASSERT_TRUE(by_filter.ok() && by_filter->filter);
  EXPECT_EQ(by_filter->filter->must.size(), 1u);
  EXPECT_TRUE(parse_delete_points(R"({"points":[]})")->ids.empty());
  EXPECT_TRUE(parse_delete_points(R"({"filter":{}})")->filter->empty())
      << "an empty filter is all points: it was asked for";
  expect_refused(
      {{"{}", Code::kMalformedBody, "either `points` or `filter` must be given"},
       {R"({"points":7})", Code::kMalformedBody, "points: expected an array"},
       {R"({"points":[{"id":1}]})", Code::kMalformedBody, "points[0]: a point id is"},
       {R"({"filter":{"mus":[]}})", Code::kMalformedBody, "filter: unknown field `mus`"},
       {R"({"points":[1],"shard_key":"a"})", Code::kUnsupported, "custom sharding (shard_key)"}},
      parse_delete_points);
}

TEST(ParseUpdateVectorsTest, an_update_of_vectors_takes_points_with_vectors_only) {
  const auto operation = update_vectors(
      R"({"points":[{"id":1,"vector":{"code":[1,2]},"payload":{"a":1}},{"id":1,"vector":{"code":[3,4]}}]})");
  ASSERT_TRUE(operation.ok()) << operation.status().message();
  EXPECT_EQ(operation->kind, OperationKind::kUpdateVectors);
  ASSERT_EQ(operation->points.size(), 2u);
  EXPECT_EQ(operation->points[0].vectors.at(0).bytes, "\x01\x02");
  EXPECT_EQ(operation->points[1].vectors.at(0).bytes, "\x03\x04");
  EXPECT_EQ(operation->points[0].payload, "");
  EXPECT_TRUE(update_vectors(R"({"points":[],"update_filter":{"must":[]}})")->update_filter);
  expect_refused(
      {{"{}", Code::kMalformedBody, "missing field `points`"},
       {R"({"points":[{"id":1}]})", Code::kMalformedBody, "points[0]: missing field `vector`"},
       {R"({"points":[{"id":1,"vector":{"nope":[1]}}]})", Code::kInvalid,
        "Not existing vector name error: nope"},
       {R"({"points":[],"shard_key":"a"})", Code::kUnsupported, "shard_key"}},
      update_vectors);
}

TEST(ParseDeleteVectorsTest, names_of_vectors_must_be_known) {
  const auto operation = delete_vectors(R"({"points":[1],"vector":["text","code"]})");
  ASSERT_TRUE(operation.ok()) << operation.status().message();
  EXPECT_EQ(operation->kind, OperationKind::kDeleteVectors);
  EXPECT_EQ(operation->names, (std::vector<std::string>{"text", "code"}));
  EXPECT_EQ(delete_vectors(R"({"filter":{},"vectors":["text"]})")->names.size(), 1u);
  expect_refused(
      {{R"({"points":[1]})", Code::kMalformedBody, "missing field `vector`"},
       {R"({"vector":["text"]})", Code::kMalformedBody, "either `points` or `filter`"},
       {R"({"points":[1],"vector":"text"})", Code::kMalformedBody, "vector: expected an array"},
       {R"({"points":[1],"vector":[]})", Code::kUnprocessable, "vector: no vector is named"},
       {R"({"points":[1],"vector":["text",7]})", Code::kMalformedBody,
        "vector[1]: expected a string"},
       {R"({"points":[1],"vector":["text","nope"]})", Code::kInvalid,
        "Not existing vector name error: nope (vector[1])"},
       {R"({"points":[1],"vector":[)" + repeated("\"text\"", 4097) + "]}", Code::kUnprocessable,
        "vector: 4097 entries, at most 4096"}},
      delete_vectors);
}

TEST(ParsePayloadChangeTest, set_overwrite_delete_and_clear_are_read) {
  const auto set = set_payload(R"({"points":[1],"payload":{ "a" : 1 },"key":"deep.er"})");
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_EQ(set->kind, OperationKind::kSetPayload);
  EXPECT_EQ(set->payload, R"({"a":1})");
  EXPECT_EQ(set->payload_key, "deep.er");
  const auto overwrite =
      parse_payload_change(R"({"filter":{},"payload":{}})", OperationKind::kOverwritePayload);
  EXPECT_EQ(overwrite->kind, OperationKind::kOverwritePayload);
  EXPECT_EQ(overwrite->payload, "");
  EXPECT_TRUE(overwrite->filter);
  const auto keys = delete_payload(R"({"points":[1],"keys":["a","b[0].c"]})");
  EXPECT_EQ(keys->names, (std::vector<std::string>{"a", "b[0].c"}));
  const auto clear = parse_payload_change(R"({"points":[1,2]})", OperationKind::kClearPayload);
  EXPECT_EQ(clear->kind, OperationKind::kClearPayload);
  EXPECT_EQ(clear->ids.size(), 2u);
}

TEST(ParsePayloadChangeTest, invalid_members_are_named) {
  expect_refused(
      {{R"({"points":[1]})", Code::kMalformedBody, "missing field `payload`"},
       {R"({"payload":{}})", Code::kMalformedBody, "either `points` or `filter`"},
       {R"({"points":[1],"payload":[1]})", Code::kMalformedBody, "payload: expected an object"},
       {R"({"points":[1],"payload":{},"key":7})", Code::kMalformedBody, "key: expected a string"},
       {R"({"points":[1],"payload":{},"key":"a["})", Code::kInvalid,
        "key: Invalid json path: 'a['"},
       {R"({"points":[1],"payload":{},"shard_key":1})", Code::kUnsupported, "shard_key"}},
      set_payload);
  expect_refused(
      {{R"({"points":[1]})", Code::kMalformedBody, "missing field `keys`"},
       {R"({"points":[1],"keys":"a"})", Code::kMalformedBody, "keys: expected an array"},
       {R"({"points":[1],"keys":[7]})", Code::kMalformedBody, "keys[0]: expected a string"},
       {R"({"points":[1],"keys":["a","b."]})", Code::kInvalid, "keys[1]: Invalid json path: 'b.'"},
       {R"({"points":[1],"keys":[)" + repeated("\"a\"", 4097) + "]}", Code::kUnprocessable,
        "keys: 4097 entries, at most 4096"}},
      delete_payload);
}

TEST(ParseBatchTest, every_operation_is_read_by_its_name_and_in_order) {
  const auto operations = batch(R"({"operations":[
      {"upsert":{"points":[{"id":1,"vector":[1,0,0,0]}]}}, {"delete":{"points":[2]}}, {"delete_points":{"points":[3]}},
      {"update_vectors":{"points":[{"id":4,"vector":[0,1,0,0]}]}}, {"delete_vectors":{"points":[5],"vector":[""]}},
      {"set_payload":{"points":[6],"payload":{"a":1}}}, {"overwrite_payload":{"points":[7],"payload":{}}},
      {"delete_payload":{"points":[8],"keys":["a"]}}, {"clear_payload":{"points":[9]}}]})");
  ASSERT_TRUE(operations.ok()) << operations.status().message();
  const OperationKind expected[] = {OperationKind::kUpsert,           OperationKind::kDelete,
                                    OperationKind::kDelete,           OperationKind::kUpdateVectors,
                                    OperationKind::kDeleteVectors,    OperationKind::kSetPayload,
                                    OperationKind::kOverwritePayload, OperationKind::kDeletePayload,
                                    OperationKind::kClearPayload};
  ASSERT_EQ(operations->size(), std::size(expected));
  for (size_t i = 0; i < operations->size(); ++i)
    EXPECT_EQ((*operations)[i].kind, expected[i]) << i;
  EXPECT_EQ(operations->at(8).ids.at(0), PointId::number(9));
  EXPECT_TRUE(batch(R"({"operations":[]})")->empty());
}

TEST(ParseBatchTest, an_invalid_operation_is_named_with_its_place) {
  const std::string one = R"({"clear_payload":{"points":[1]}})";
  EXPECT_TRUE(batch("{\"operations\":[" + repeated(one, limits::kMaxBatchOperations) + "]}").ok());
  expect_refused(
      {{"{}", Code::kMalformedBody, "missing field `operations`"},
       {R"({"operations":{}})", Code::kMalformedBody, "operations: expected an array"},
       {R"({"operations":[7]})", Code::kMalformedBody, "operations[0]: expected an object"},
       {R"({"operations":[{}]})", Code::kMalformedBody,
        "operations[0]: an operation is an object with one member"},
       {R"({"operations":[{"delete":{"points":[]},"upsert":{}}]})", Code::kMalformedBody,
        "operations[0]: `delete` and `upsert` do not go together"},
       {R"({"operations":[)" + one + R"(,{"explode":{}}]})", Code::kMalformedBody,
        "operations[1]: unknown field `explode`, expected one of upsert"},
       {R"({"operations":[)" + one + R"(,{"upsert":{"points":[{"id":1}]}}]})", Code::kMalformedBody,
        "operations[1].upsert.points[0]: missing field `vector`"},
       {R"({"operations":[{"set_payload":{"points":[1]}}]})", Code::kMalformedBody,
        "operations[0].set_payload: missing field `payload`"},
       {R"({"operations":[{"delete":{"points":[1],"shard_key":1}}]})", Code::kUnsupported,
        "custom sharding (operations[0].delete.shard_key)"},
       {"{\"operations\":[" + repeated(one, limits::kMaxBatchOperations + 1) + "]}",
        Code::kUnprocessable, "operations: 1025 entries, at most 1024"}},
      batch);
}

}  // namespace
}  // namespace rhumb::http::rest
