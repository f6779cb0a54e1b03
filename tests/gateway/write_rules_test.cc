// What ids mean that an operation names more than once, and which writes are refused before a shard
// is asked.
#include "host/gateway/write_rules.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"
#include "tests/gateway/fake_cluster.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;
using model::Operation;
using model::OperationKind;
using model::PointId;
namespace limits = base::limits;

// title: 4 floats, as the vector without a name has them; code: 2 bytes; tokens: rows of 2 halves.
model::CollectionConfig config() {
  model::CollectionConfig config;
  config.vectors["title"] = {.size = 4};
  config.vectors["code"] = {.size = 2, .datatype = model::Scalar::kUint8};
  config.vectors["tokens"] = {.size = 2, .datatype = model::Scalar::kFloat16};
  config.vectors["tokens"].multivector = true;
  return config;
}

model::PointWrite point(uint64_t id, std::vector<model::NamedVector> vectors = {},
                        std::string payload = {}) {
  return {PointId::number(id), std::move(payload), std::move(vectors)};
}
Operation of(OperationKind kind, std::vector<model::PointWrite> points) {
  Operation o;
  o.kind = kind;
  o.points = std::move(points);
  return o;
}
std::vector<Operation> alone(Operation operation) {
  std::vector<Operation> out;
  out.push_back(std::move(operation));
  return out;
}
std::string shown(const Operation& o) {
  std::string out;
  for (const model::PointWrite& p : o.points) {
    out += (out.empty() ? "" : " ") + p.id.to_text() + p.payload;
    for (const model::NamedVector& v : p.vectors) out += "," + v.name + "=" + v.bytes;
  }
  for (const PointId& id : o.ids) out += (out.empty() ? "" : " ") + id.to_text();
  return out;
}

TEST(EqualIdsTest, of_an_upserts_points_the_last_one_counts) {
  Operation o = of(OperationKind::kUpsert, {point(5, {}, "a"), point(6, {}, "b"), point(5, {}, "c"),
                                            point(7, {}, "d"), point(5, {}, "e")});
  merge_equal_ids(o);
  EXPECT_EQ(shown(o), "6b 7d 5e");
  Operation distinct = of(OperationKind::kUpsert, {point(9), point(1), point(4)});
  merge_equal_ids(distinct);
  EXPECT_EQ(shown(distinct), "9 1 4") << "They stay as they came.";
}

TEST(EqualIdsTest, new_vectors_of_a_point_are_put_together) {
  Operation o = of(OperationKind::kUpdateVectors,
                   {point(5, {{"title", "old"}}), point(6, {{"code", "99"}}),
                    point(5, {{"code", "78"}}), point(5, {{"title", "new"}}), point(6)});
  merge_equal_ids(o);
  EXPECT_EQ(shown(o), "5,title=new,code=78 6,code=99");
  Operation twice = of(OperationKind::kUpdateVectors, {point(1, {})});
  put_vector(twice.points[0].vectors, "code", "12");
  put_vector(twice.points[0].vectors, "code", "34");
  merge_equal_ids(twice);
  EXPECT_EQ(shown(twice), "1,code=34");
}

TEST(EqualIdsTest, an_id_that_is_named_twice_is_one_id) {
  Operation o;
  o.kind = OperationKind::kDelete;
  for (const uint64_t id : {3, 1, 3, 2, 1}) o.ids.push_back(PointId::number(id));
  merge_equal_ids(o);
  EXPECT_EQ(shown(o), "1 2 3");
}

TEST(EqualIdsTest, a_write_is_sent_with_equal_ids_merged) {
  FakeCluster cluster;
  const CollectionPtr films = cluster.add("films", 1);
  std::vector<std::string> sent;
  cluster.on_write = [&](const peer::WriteRequest& m) {
    for (const Operation& o : m.operations) sent.push_back(shown(o));
    return peer::WriteReply{std::vector<peer::WriteOutcome>(m.operations.size(), {1, true})};
  };
  cluster.on_get = [](const peer::GetMessage& m) {
    peer::RecordsReply reply;
    for (const PointId& id : m.request.ids) {
      reply.records.emplace_back();
      reply.records.back().id = id;
    }
    return reply;
  };
  const std::string a(16, 'a'), b(16, 'b');
  std::vector<Operation> operations;
  operations.push_back(of(OperationKind::kUpsert, {point(1, {{"", a}}), point(1, {{"", b}})}));
  operations.push_back(
      of(OperationKind::kUpdateVectors, {point(2, {{"", a}}), point(2, {{"", b}})}));
  operations.emplace_back().kind = OperationKind::kDelete;
  operations[2].ids = {PointId::number(4), PointId::number(4)};
  Got<std::vector<UpdateResult>> got;
  cluster.gateway().write(films, std::move(operations), {}, got.take());
  ASSERT_TRUE(got.result.ok()) << got.result.status().message();
  EXPECT_EQ(sent, (std::vector<std::string>{"1,=" + b, "2,=" + b, "4"}));
}

void refused(std::vector<Operation> operations, Code code, const std::string& message,
             const base::ErrorDetail& detail) {
  const Status status = check(operations, config());
  EXPECT_EQ(status.code(), code) << message;
  EXPECT_EQ(status.message(), message);
  EXPECT_EQ(status.detail(), detail) << status.detail().field;
}

TEST(WriteRulesTest, what_fits_the_collection_is_taken) {
  EXPECT_TRUE(check(std::vector<Operation>(), config()).ok());
  EXPECT_TRUE(check(alone(of(OperationKind::kUpsert,
                             {point(1, {{"title", std::string(16, '\1')}, {"code", "12"}}),
                              point(2, {{"tokens", "123412341234"}}), point(3)})),
                    config())
                  .ok());
}

TEST(WriteRulesTest, a_vector_of_another_size_or_name_is_refused_with_its_place) {
  refused(alone(of(OperationKind::kUpsert, {point(1), point(2, {{"title", "123456789012"}})})),
          Code::kInvalid, "Vector dimension error: expected dim: 4, got 3 (points[1].vector.title)",
          {.field = "points[1].vector.title", .limit = 4});
  refused(alone(of(OperationKind::kUpdateVectors, {point(1, {{"tokens", "123"}})})), Code::kInvalid,
          "Vector dimension error: expected dim: 2, got 1 (points[0].vector.tokens)",
          {.field = "points[0].vector.tokens", .limit = 2});
  refused(alone(of(OperationKind::kUpsert, {point(1, {{"", "1234"}})})), Code::kInvalid,
          "Not existing vector name error:  (points[0].vector)", {.field = "points[0].vector"});
  std::vector<Operation> batch;
  batch.push_back(of(OperationKind::kUpsert, {}));
  batch.emplace_back().kind = OperationKind::kDeleteVectors;
  batch[1].names = {"code", "colour"};
  refused(std::move(batch), Code::kInvalid,
          "Not existing vector name error: colour (operations[1].names[1])",
          {.field = "operations[1].names[1]"});
}

TEST(WriteRulesTest, what_is_too_large_is_refused_with_its_limit) {
  const std::string large(limits::kMaxPayloadBytes + 1, ' ');
  refused(alone(of(OperationKind::kUpsert, {point(1, {}, large)})), Code::kInvalid,
          "points[0].payload: 4194305 bytes of payload, at most 4194304",
          {.field = "points[0].payload", .limit = limits::kMaxPayloadBytes});
  Operation set;
  set.kind = OperationKind::kSetPayload;
  set.payload = large;
  refused(alone(std::move(set)), Code::kInvalid,
          "payload: 4194305 bytes of payload, at most 4194304",
          {.field = "payload", .limit = limits::kMaxPayloadBytes});
  Operation many;
  many.kind = OperationKind::kDelete;
  many.ids.resize(limits::kMaxBatchPoints + 1, PointId::number(1));
  refused(alone(std::move(many)), Code::kUnprocessable, "points: 65537 entries, at most 65536",
          {.field = "points", .limit = limits::kMaxBatchPoints});
  refused(std::vector<Operation>(limits::kMaxBatchOperations + 1), Code::kUnprocessable,
          "operations: 1025 entries, at most 1024",
          {.field = "operations", .limit = limits::kMaxBatchOperations});
}

TEST(WriteRulesTest, a_refused_write_reaches_no_shard) {
  FakeCluster cluster;
  const CollectionPtr films = cluster.add("films", 2);
  int asked = 0;
  cluster.on_write = [&](const peer::WriteRequest&) -> base::Result<peer::WriteReply> {
    ++asked;
    return base::internal("unexpected");
  };
  std::vector<Operation> operations;
  operations.push_back(of(OperationKind::kUpsert, {point(1, {{"", std::string(16, 'a')}})}));
  operations.push_back(of(OperationKind::kUpsert, {point(2, {{"", "short"}})}));
  Got<std::vector<UpdateResult>> got;
  cluster.gateway().write(films, std::move(operations), {}, got.take());
  EXPECT_EQ(got.result.status().code(), Code::kInvalid);
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace rhumb::gateway
