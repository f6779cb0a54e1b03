// Conditions are tested where a command is applied, on the row that exists then, with the same
// result at every replay.
#include <gtest/gtest.h>

#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

using model::Command;
using model::OperationKind;
using model::UpdateMode;

class ConditionsTest : public ::testing::Test {
 protected:
  void SetUp() override { h.open(); }
  void ok(const base::Status& status) { ASSERT_TRUE(status.ok()) << status.to_string(); }
  std::string payload(uint64_t id) {
    model::GetRequest request;
    request.ids = {model::PointId::number(id)};
    request.with_payload.mode = model::PayloadSelector::Mode::kAll;
    auto found = h->get(request);
    EXPECT_TRUE(found.ok()) << found.status().to_string();
    return !found.ok() || found->empty() ? "absent" : found->front().payload;
  }
  // Applies the command and returns how many points it changed.
  uint64_t affected(Command command) {
    command.attempt = ++attempts_;
    h->outcomes().expect(command.attempt);
    ok(h.write(command));
    return h->outcomes().take(command.attempt).affected;
  }
  Command put(uint64_t id, const std::string& text, UpdateMode mode = UpdateMode::kUpsert) {
    Command command = upsert({point(id, embeddings.next_bytes(), text)});
    command.mode = mode;
    return command;
  }
  static std::shared_ptr<const model::Filter> when(const std::string& key,
                                                   model::MatchValue value) {
    return std::make_shared<const model::Filter>(match(key, std::move(value)));
  }

  Harness h;
  Embeddings embeddings{11, kDim};
  uint64_t attempts_ = 0;
};

TEST_F(ConditionsTest, update_modes_are_decided_when_the_write_is_applied) {
  // In one batch each command sees the effects of the previous ones.
  h.propose(put(1, R"({"n":1})", UpdateMode::kUpdateOnly));  // absent: nothing happens
  h.propose(put(1, R"({"n":2})", UpdateMode::kInsertOnly));  // inserted
  h.propose(put(1, R"({"n":3})", UpdateMode::kInsertOnly));  // exists: nothing happens
  ok(h.apply());
  EXPECT_EQ(payload(1), R"({"n":2})");
  h.propose(put(1, R"({"n":4})", UpdateMode::kUpdateOnly));
  h.propose(on(OperationKind::kDelete, {1}));
  h.propose(put(1, R"({"n":5})", UpdateMode::kUpdateOnly));
  ok(h.apply());
  EXPECT_EQ(payload(1), "absent");
}

TEST_F(ConditionsTest, of_two_swaps_from_one_value_the_first_wins) {
  ok(h.write(put(1, R"({"n":1})")));
  Command first = put(1, R"({"n":2})", UpdateMode::kUpdateOnly),
          second = put(1, R"({"n":3})", UpdateMode::kUpdateOnly);
  first.filter = second.filter = when("n", int64_t{1});
  EXPECT_EQ(affected(first), 1u);
  EXPECT_EQ(affected(second), 0u);
  EXPECT_EQ(payload(1), R"({"n":2})");
}

TEST_F(ConditionsTest, a_point_that_changed_meanwhile_is_tested_again_and_not_skipped) {
  ok(h.write(upsert({point(1, embeddings.next_bytes(), R"({"n":1})"),
                     point(2, embeddings.next_bytes(), R"({"n":1})"),
                     point(3, embeddings.next_bytes(), R"({"n":1})")})));
  Command label = on(OperationKind::kSetPayload, {1, 2, 3});
  label.payload = R"({"label":true})";
  label.filter = when("n", int64_t{1});
  // The versions that the leader saw.
  for (model::Target& target : label.targets) target.expected_version = h->applied_index();
  ok(h.write(set_payload(1, R"({"price":5})")));  // still passes
  ok(h.write(set_payload(2, R"({"n":2})")));      // does not pass any more
  EXPECT_EQ(affected(label), 2u);
  EXPECT_EQ(payload(1), R"({"n":1,"price":5,"label":true})");
  EXPECT_EQ(payload(2), R"({"n":2})");
  EXPECT_EQ(payload(3), R"({"n":1,"label":true})");
}

TEST_F(ConditionsTest, commands_of_level_1_skip_points_that_changed_meanwhile) {
  ok(h.write(put(1, R"({"n":1})")));
  Command label = set_payload(1, R"({"label":true})");
  label.header.feature_level = 1;
  label.targets[0].expected_version = h->applied_index();
  ok(h.write(set_payload(1, R"({"price":5})")));
  ok(h.write(label));
  EXPECT_EQ(payload(1), R"({"n":1,"price":5})");
}

TEST_F(ConditionsTest, ids_and_vectors_are_tested_like_payload) {
  ok(h.write(put(1, "")));
  model::Filter by_id, with_vector;
  by_id.must.push_back({"", model::HasId{{model::PointId::number(1)}}});
  with_vector.must_not.push_back({"", model::HasVector{""}});
  Command named = set_payload(1, R"({"a":1})");
  named.filter = std::make_shared<const model::Filter>(std::move(by_id));
  EXPECT_EQ(affected(named), 1u);
  Command bare = set_payload(1, R"({"b":1})");
  bare.filter = std::make_shared<const model::Filter>(std::move(with_vector));
  EXPECT_EQ(affected(bare), 0u);
  Command strip = on(OperationKind::kDeleteVectors, {1});
  strip.names = {""};
  ok(h.write(strip));
  EXPECT_EQ(affected(bare), 1u);
}

TEST_F(ConditionsTest, uuid_fields_are_those_of_the_command_and_not_the_present_ones) {
  ok(h.write(put(1, R"({"u":"6f9619ff-8b86-d011-b42d-00c04fc964ff"})")));
  Command shout = set_payload(1, R"({"found":1})");
  shout.filter = when("u", std::string("6F9619FF-8B86-D011-B42D-00C04FC964FF"));
  EXPECT_EQ(affected(shout), 0u);
  shout.uuid_fields = {"u"};
  EXPECT_EQ(affected(shout), 1u);
}

TEST_F(ConditionsTest, a_point_named_twice_counts_once) {
  ok(h.write(put(1, "")));
  Command twice = on(OperationKind::kClearPayload, {1, 1, 2});
  EXPECT_EQ(affected(twice), 1u);
  EXPECT_EQ(affected(on(OperationKind::kDelete, {1, 1})), 1u);
}

// The columns are lost after the watermark, and every entry is applied again.
TEST_F(ConditionsTest, a_replay_decides_the_same) {
  ok(h.write(put(1, R"({"n":1})")));
  ok(h.write(put(2, R"({"n":1})")));
  ok(h.checkpoint());
  for (int64_t n = 1; n <= 40; ++n) {
    Command next = n % 3 == 0
                       ? put(1, R"({"n":)" + std::to_string(n + 1) + "}", UpdateMode::kUpdateOnly)
                       : set_payload(1, R"({"n":)" + std::to_string(n + 1) + "}");
    next.filter = when("n", n);
    ok(h.write(next));
    Command stale = set_payload(2, R"({"wrong":)" + std::to_string(n) + "}");
    stale.filter = when("n", n + 1);
    if (n != 20) ok(h.write(stale));
    if (n == 20) ok(h.write(set_payload(2, R"({"m":7})")));
  }
  EXPECT_EQ(payload(1), R"({"n":41})");
  const auto before = h->state().content_hash;
  h.abandon();
  h.open();
  ok(h.apply());
  EXPECT_EQ(payload(1), R"({"n":41})");
  EXPECT_EQ(payload(2), R"({"n":1,"m":7})");
  EXPECT_EQ(h->state().content_hash, before);
  auto verified = h->verify({});
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->problems.empty()) << verified->problems.front();
}

}  // namespace
}  // namespace rhumb::shard::test
