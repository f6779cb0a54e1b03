// The leader turns operations that depend on the state into commands that do not.
#include <gtest/gtest.h>

#include <array>
#include <future>

#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

using model::Operation;
using model::OperationKind;
using model::PointId;

class ResolveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    h.options.resolve_chunk_points = 8;
    h.open();
    std::vector<model::PointWrite> points;
    for (uint64_t id = 0; id < 20; ++id)
      points.push_back(
          point(id, embeddings.next_bytes(), id < 18 ? R"({"old":true})" : R"({"old":false})"));
    ASSERT_TRUE(h.write(upsert(points)).ok());
  }
  void run(Operation operation) {
    auto resolved = h->resolve(std::move(operation), {});
    ASSERT_TRUE(resolved.ok()) << resolved.status().to_string();
    parts = resolved->parts();
    while (!resolved->done()) ASSERT_TRUE(h.write(resolved->next()).ok());
  }
  uint64_t count() { return *h->count({}, {}); }
  Harness h;
  Embeddings embeddings{3, kDim};
  uint32_t parts = 0;
};

TEST_F(ResolveTest, a_filter_becomes_chunks_of_ids_with_the_versions_seen) {
  Operation operation;
  operation.kind = OperationKind::kDelete;
  operation.filter = match("old", true);
  auto resolved = h->resolve(std::move(operation), {});
  ASSERT_TRUE(resolved.ok());
  ASSERT_EQ(resolved->parts(), 3u);  // 18 points, 8 per part
  const std::array commands{resolved->next(), resolved->next(), resolved->next()};
  EXPECT_TRUE(resolved->done());
  EXPECT_EQ(commands[0].targets.size(), 8u);
  EXPECT_EQ(commands[0].parts, 3u);
  EXPECT_EQ(commands[0].targets[0].expected_version, 1u);
  EXPECT_EQ(commands[2].targets.size(), 2u);
  // Points that changed before the command is applied are tested again: 3 still passes, 4 does not.
  ASSERT_TRUE(h.write(set_payload(3, R"({"x":1})")).ok());
  ASSERT_TRUE(h.write(set_payload(4, R"({"old":false})")).ok());
  for (const model::Command& command : commands) ASSERT_TRUE(h.write(command).ok());
  EXPECT_EQ(count(), 3u);  // 4, 18, 19
}

TEST_F(ResolveTest, conditions_on_named_points_travel_in_the_command) {
  Operation operation;
  operation.points = {point(1, embeddings.next_bytes()), point(300, embeddings.next_bytes())};
  operation.mode = model::UpdateMode::kUpdateOnly;
  operation.update_filter = match("old", true);
  auto resolved = h->resolve(std::move(operation), {});
  ASSERT_TRUE(resolved.ok());
  ASSERT_EQ(resolved->parts(), 1u);
  const model::Command command = resolved->next();
  ASSERT_EQ(command.targets.size(), 2u);  // whatever is stored now
  EXPECT_EQ(command.targets[0].expected_version, model::kAnyVersion);
  EXPECT_EQ(command.mode, model::UpdateMode::kUpdateOnly);
  EXPECT_NE(command.filter, nullptr);
}

TEST_F(ResolveTest, the_bytes_of_named_points_are_not_copied) {
  Operation operation;
  operation.points = {
      point(1, embeddings.next_bytes(), R"({"text":"longer than a short string"})")};
  const char* const payload = operation.points[0].payload.data();
  const char* const vector = operation.points[0].vectors[0].bytes.data();
  auto resolved = h->resolve(std::move(operation), {});
  ASSERT_TRUE(resolved.ok());
  const model::Command command = resolved->next();
  EXPECT_EQ(command.points.at(0).payload.data(), payload);
  EXPECT_EQ(command.points.at(0).vectors.at(0).bytes.data(), vector);
}

TEST_F(ResolveTest, points_that_an_earlier_part_changed_are_left_out) {
  const auto mark = [] {
    Operation operation;
    operation.kind = OperationKind::kSetPayload;
    operation.payload = R"({"marked":1})";
    operation.filter = match("old", true);
    return operation;
  };
  auto resolved = h->resolve(mark(), {});
  ASSERT_TRUE(resolved.ok());
  ASSERT_TRUE(h.write(resolved->next()).ok());
  const std::vector<uint64_t> done_at{h->applied_index()};
  auto again = h->resolve(mark(), {}, done_at);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->targets(), 10u);  // 18 without the 8 of the first part
}

TEST_F(ResolveTest, a_long_filter_is_sent_with_more_points_per_part) {
  const auto parts_with = [this](size_t ids) {
    model::HasId list;
    for (uint64_t id = 0; id < ids; ++id) list.ids.push_back(PointId::number(id));
    Operation operation;
    operation.kind = OperationKind::kDelete;
    operation.filter.emplace().must.push_back({"", std::move(list)});
    auto resolved = h->resolve(std::move(operation), {});
    EXPECT_TRUE(resolved.ok());
    return resolved.ok() ? resolved->parts() : 0;
  };
  EXPECT_EQ(parts_with(10), 2u);    // 20 points, 8 per part
  EXPECT_EQ(parts_with(1000), 1u);  // all 20 of at most 128
}

TEST_F(ResolveTest, uuid_fields_travel_with_the_filter) {
  auto config = config_of();
  config.payload_indexes["u"].type = model::FieldType::kUuid;
  ASSERT_TRUE(h.configure(config).ok());
  Operation operation;
  operation.kind = OperationKind::kDelete;
  operation.filter = match("u", std::string("6F9619FF-8B86-D011-B42D-00C04FC964FF"));
  auto resolved = h->resolve(std::move(operation), {});
  ASSERT_TRUE(resolved.ok());
  EXPECT_EQ(resolved->next().uuid_fields, std::vector<std::string>{"u"});
}

TEST_F(ResolveTest, an_empty_selection_still_has_a_place_in_the_log) {
  Operation operation;
  operation.kind = OperationKind::kDelete;
  operation.filter = match("old", std::string("no such"));
  run(std::move(operation));
  EXPECT_EQ(parts, 1u);
  EXPECT_EQ(count(), 20u);
}

TEST_F(ResolveTest, update_modes_are_resolved) {
  const auto v = embeddings.next_bytes();
  Operation insert;
  insert.points = {point(1, v, R"({"new":1})"), point(100, v, R"({"new":1})")};
  insert.mode = model::UpdateMode::kInsertOnly;
  run(std::move(insert));
  EXPECT_EQ(count(), 21u);
  Operation update;
  update.points = {point(2, v, R"({"new":1})"), point(200, v, R"({"new":1})")};
  update.mode = model::UpdateMode::kUpdateOnly;
  run(std::move(update));
  EXPECT_EQ(count(), 21u);
  Operation filtered;  // 18 and 19 are not old and stay; 300 is new and is inserted
  filtered.points = {point(17, v, R"({"new":1})"), point(18, v, R"({"new":1})"),
                     point(300, v, R"({"new":1})")};
  filtered.update_filter = match("old", true);
  run(std::move(filtered));
  EXPECT_EQ(count(), 22u);
  model::CountRequest fresh;
  fresh.filter = match("new", int64_t{1});
  EXPECT_EQ(*h->count(fresh, {}), 4u);  // 100, 2, 17, 300
}

TEST_F(ResolveTest, new_vectors_can_have_a_condition) {
  const auto v = embeddings.next_bytes();
  Operation update;  // 18 is not old and 300 does not exist, so neither gets the vector
  update.kind = OperationKind::kUpdateVectors;
  update.points = {point(17, v), point(18, v), point(300, v)};
  update.update_filter = match("old", true);
  run(std::move(update));
  EXPECT_EQ(count(), 20u);
  model::SearchRequest same = nearest(v, 3);
  same.score_threshold = 0.9999f;
  const auto found = h->search(same, {});
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  ASSERT_EQ(found->points.size(), 1u);
  EXPECT_EQ(found->points[0].id.as_number(), 17u);
}

TEST_F(ResolveTest, explicit_ids_are_one_command) {
  Operation operation;
  operation.kind = OperationKind::kDelete;
  for (uint64_t id = 0; id < 20; ++id) operation.ids.push_back(PointId::number(id));
  run(std::move(operation));
  EXPECT_EQ(parts, 1u);
  EXPECT_EQ(count(), 0u);
}

TEST_F(ResolveTest, a_refused_admission_says_why) {
  EXPECT_TRUE(h->admit().ok());
  h.close();
  h.options.disk_reserve_bytes = ~0ull;
  h.options.disk_reserve_divisor = 1;
  h.open();
  EXPECT_EQ(h->admit().code(), base::Code::kNoSpace);
  EXPECT_TRUE(h->admit(OperationKind::kDelete).ok());
}

}  // namespace
}  // namespace rhumb::shard::test
