// The effect of commands on points, as readers see it. A reopened shard must show the same.
#include <gtest/gtest.h>

#include <future>

#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

using model::OperationKind;
using model::PointId;

class ApplyTest : public ::testing::Test {
 protected:
  void SetUp() override { h.open(); }

  std::optional<model::Record> get(uint64_t id) {
    model::GetRequest request;
    request.ids = {PointId::number(id)};
    request.with_payload.mode = model::PayloadSelector::Mode::kAll;
    request.with_vector.mode = model::VectorSelector::Mode::kAll;
    auto records = h->get(request);
    EXPECT_TRUE(records.ok()) << records.status().to_string();
    if (records->empty()) return std::nullopt;
    return records->front();
  }
  uint64_t count() {
    auto counted = h->count({}, {});
    EXPECT_TRUE(counted.ok());
    return *counted;
  }
  void ok(const base::Status& status) { ASSERT_TRUE(status.ok()) << status.to_string(); }

  Harness h;
  Embeddings embeddings{7, kDim};
};

TEST_F(ApplyTest, an_empty_shard_has_no_file_but_its_manifest) {
  h.noop();
  ok(h.apply());
  EXPECT_EQ(count(), 0u);
  auto found = h->search(nearest(embeddings.next_bytes(), 3), {});
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->points.empty());
  h.close();
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(h.directory())) {
    EXPECT_EQ(entry.path().filename(), "manifest");
    ++files;
  }
  EXPECT_EQ(files, 1u);
  h.open();
  EXPECT_EQ(h->applied_index(), 1u);
}

TEST_F(ApplyTest, an_upsert_replaces_the_whole_point) {
  const std::string a = embeddings.next_bytes(), b = embeddings.next_bytes();
  ok(h.write(upsert({point(1, a, R"({"x":1})"), point(2, b)})));
  ok(h.write(upsert({point(1, b)})));
  EXPECT_EQ(count(), 2u);
  const auto one = get(1);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->payload, "");
  EXPECT_EQ(one->version, 2u);
  ASSERT_EQ(one->vectors.size(), 1u);
  EXPECT_EQ(one->vectors[0].bytes, b);
  EXPECT_EQ(get(2)->version, 1u);
}

TEST_F(ApplyTest, payload_changes_keep_the_vector_and_are_seen_at_once) {
  const std::string a = embeddings.next_bytes();
  ok(h.write(upsert({point(1, a, R"({"x":1,"o":{"p":1}})")})));
  ok(h.write(set_payload(1, R"({"y":2})")));
  EXPECT_EQ(get(1)->payload, R"({"x":1,"o":{"p":1},"y":2})");
  ok(h.write(set_payload(1, R"({"q":3})", "o")));
  EXPECT_EQ(get(1)->payload, R"({"x":1,"o":{"p":1,"q":3},"y":2})");
  auto erase = on(OperationKind::kDeletePayload, {1});
  erase.names = {"o.p", "x"};
  ok(h.write(erase));
  EXPECT_EQ(get(1)->payload, R"({"o":{"q":3},"y":2})");
  auto overwrite = on(OperationKind::kOverwritePayload, {1});
  overwrite.payload = R"({"z":true})";
  ok(h.write(overwrite));
  EXPECT_EQ(get(1)->payload, R"({"z":true})");
  ok(h.write(on(OperationKind::kClearPayload, {1})));
  EXPECT_EQ(get(1)->payload, "");
  EXPECT_EQ(get(1)->version, 6u);
  EXPECT_EQ(get(1)->vectors[0].bytes, a);
  ok(h.write(set_payload(99, R"({"y":2})")));  // no such point, so nothing happens
  EXPECT_EQ(count(), 1u);
}

TEST_F(ApplyTest, vectors_change_without_the_payload) {
  const std::string a = embeddings.next_bytes(), b = embeddings.next_bytes();
  ok(h.write(upsert({point(1, a, R"({"x":1})")})));
  ok(h.write(set_payload(1, R"({"y":2})")));
  auto update = upsert({point(1, b), point(5, b)});
  update.header.kind = OperationKind::kUpdateVectors;
  ok(h.write(update));
  EXPECT_EQ(get(1)->payload, R"({"x":1,"y":2})");
  EXPECT_EQ(get(1)->vectors[0].bytes, b);
  EXPECT_FALSE(get(5));
  auto drop = on(OperationKind::kDeleteVectors, {1});
  drop.names = {""};
  ok(h.write(drop));
  EXPECT_TRUE(get(1)->vectors.empty());
  EXPECT_EQ(get(1)->payload, R"({"x":1,"y":2})");
  auto found = h->search(nearest(b, 3), {});
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->points.empty());
  EXPECT_EQ(count(), 1u);
}

TEST_F(ApplyTest, conditions_hold_or_the_point_stays) {
  const std::string a = embeddings.next_bytes(), b = embeddings.next_bytes();
  ok(h.write(upsert({point(1, a)})));
  auto insert = upsert({point(1, b), point(2, b)});
  insert.targets[0].expected_version = insert.targets[1].expected_version = model::kAbsent;
  ok(h.write(insert));
  EXPECT_EQ(get(1)->version, 1u);
  EXPECT_EQ(get(2)->version, 2u);
  auto stale = on(OperationKind::kDelete, {1, 2});
  stale.targets[0].expected_version = 1;
  stale.targets[1].expected_version = 1;
  ok(h.write(stale));
  EXPECT_FALSE(get(1));
  EXPECT_TRUE(get(2));
}

TEST_F(ApplyTest, a_command_sent_again_is_applied_once) {
  auto first = set_payload(1, R"({"n":1})");
  first.header.session = 9;
  first.header.sequence = 4;
  auto create = upsert({point(1, embeddings.next_bytes())});
  create.header.session = 9;
  create.header.sequence = 3;
  ok(h.write(create));
  ok(h.write(first));
  ok(h.write(set_payload(1, R"({"n":2})")));
  ok(h.write(first));  // a retry must not undo later commands
  EXPECT_EQ(get(1)->payload, R"({"n":2})");
  h.close();
  h.open();
  ok(h.write(first));
  EXPECT_EQ(get(1)->payload, R"({"n":2})");
  auto other = first;
  other.header.session = 0;
  other.header.request_id[0] = 5;
  ok(h.write(other));
  EXPECT_EQ(get(1)->payload, R"({"n":1})");
  other.header.session = 12;  // tried again through another gateway
  ok(h.write(set_payload(1, R"({"n":3})")));
  ok(h.write(other));
  EXPECT_EQ(get(1)->payload, R"({"n":3})");
  // The command that a leader made of the request this time is not part of the request's identity.
  other.payload = R"({"n":4})";
  ok(h.write(other));
  EXPECT_EQ(get(1)->payload, R"({"n":3})");
}

TEST_F(ApplyTest, many_entries_in_one_batch_see_each_other) {
  const std::string a = embeddings.next_bytes();
  h.propose(upsert({point(1, a, R"({"x":1})")}));
  h.propose(set_payload(1, R"({"y":2})"));
  h.propose(on(OperationKind::kDelete, {1}));
  h.propose(upsert({point(1, a, R"({"x":3})")}));
  h.propose(set_payload(1, R"({"y":4})"));
  h.propose(upsert({point(2, a)}));
  h.propose(on(OperationKind::kDelete, {2}));
  ok(h.apply());
  EXPECT_EQ(get(1)->payload, R"({"x":3,"y":4})");
  EXPECT_EQ(count(), 1u);
  const auto before = h->state();
  h.close();
  h.open();
  EXPECT_EQ(h->state().content_hash, before.content_hash);
  EXPECT_EQ(get(1)->payload, R"({"x":3,"y":4})");
}

TEST_F(ApplyTest, the_content_hash_depends_on_the_points_and_not_on_their_history) {
  const std::string a = embeddings.next_bytes(), b = embeddings.next_bytes();
  ok(h.write(upsert({point(1, a, R"({"x":1,"y":2})"), point(2, b)})));
  const auto straight = h->state().content_hash;
  Harness detour;
  detour.open();
  ok(detour.write(upsert({point(3, b)})));
  ok(detour.write(upsert({point(2, a)})));
  ok(detour.write(upsert({point(1, a, R"({"y":2})")})));
  ok(detour.write(set_payload(1, R"({"x":1})")));
  ok(detour.write(upsert({point(2, b)})));
  ok(detour.write(on(OperationKind::kDelete, {3})));
  EXPECT_EQ(detour->state().content_hash, straight);
  auto verified = detour->verify({});
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->problems.empty()) << verified->problems.front();
  EXPECT_EQ(verified->computed, straight);
  EXPECT_EQ(verified->points, 2u);
}

TEST_F(ApplyTest, waiters_fire_at_their_index_or_with_the_reason) {
  std::vector<std::string> fired;
  h->wait_applied(1, [&](const base::Status& s) { fired.push_back("1 " + s.to_string()); });
  h->wait_applied(3, [&](const base::Status& s) {
    fired.push_back("3 " + std::string(base::code_name(s.code())));
  });
  ok(h.write(upsert({point(1, embeddings.next_bytes())})));
  ASSERT_EQ(fired.size(), 1u);
  h->wait_applied(1, [&](const base::Status& s) { fired.push_back(s.ok() ? "again" : "failed"); });
  ASSERT_EQ(fired.size(), 2u);
  EXPECT_EQ(fired[1], "again");
  h.close();
  ASSERT_EQ(fired.size(), 3u);
  EXPECT_EQ(fired[2], "3 " + std::string(base::code_name(base::Code::kUnavailable)));
}

TEST_F(ApplyTest, a_damaged_entry_fences_the_shard) {
  ok(h.write(upsert({point(1, embeddings.next_bytes())})));
  std::vector<consensus::Entry> bad{{2, 1, consensus::EntryType::kData, "not a command"}};
  std::promise<base::Status> applied;
  h->apply(bad, [&](const base::Status& status) { applied.set_value(status); });
  EXPECT_FALSE(applied.get_future().get().ok());
  EXPECT_FALSE(h->fenced().ok());
  EXPECT_FALSE(h->count({}, {}).ok());
}

}  // namespace
}  // namespace rhumb::shard::test
