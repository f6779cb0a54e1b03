// Operations are spread over shards: each part goes to the shards of its points, in order, and all
// parts answer together.
#include <gtest/gtest.h>

#include <set>

#include "tests/gateway/fake_cluster.h"
#include "tests/model/text.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;
using model::Operation;
using model::OperationKind;
using model::PointId;

class GatewayWriteTest : public testing::Test {
 protected:
  GatewayWriteTest() {
    cluster_.on_write = [this](const peer::WriteRequest& m) -> base::Result<peer::WriteReply> {
      if (m.only_known)
        return known_ ? base::Result<peer::WriteReply>(*known_)
                      : base::not_found("no earlier attempt");
      std::vector<Operation>& kept = sent_[m.shard];
      peer::WriteReply reply;
      for (const Operation& o : m.operations) {
        reply.outcomes.push_back({m.shard + kept.size(), m.wait, o.points.size() + o.ids.size()});
        kept.push_back(o);
      }
      requests_.push_back({m.shard, m.session, m.sequence, m.request_id, m.wait, {}});
      return reply;
    };
  }
  base::Result<std::vector<UpdateResult>> write(std::vector<Operation> operations,
                                                bool wait = true) {
    Got<std::vector<UpdateResult>> got;
    cluster_.gateway().write(books_, std::move(operations), {.wait = wait, .request_id = {7}},
                             got.take());
    EXPECT_EQ(got.fired, 1);
    return got.result;
  }
  template <typename... O>
  static std::vector<Operation> list(O... operations) {
    std::vector<Operation> out;
    (out.push_back(std::move(operations)), ...);
    return out;
  }
  // The 16 bytes of a vector.
  static std::string bits(uint64_t id) {
    std::string out = "bits" + std::to_string(id);
    out.resize(16, '.');
    return out;
  }
  static Operation upsert(uint64_t first, uint64_t count) {
    Operation o;
    for (uint64_t id = first; id < first + count; ++id)
      o.points.push_back({PointId::number(id), "", {{"", bits(id)}}});
    return o;
  }
  static Operation remove(std::vector<uint64_t> ids) {
    Operation o;
    o.kind = OperationKind::kDelete;
    for (const uint64_t id : ids) o.ids.push_back(PointId::number(id));
    return o;
  }
  // Returns an id that belongs to that shard (0, 1, 2).
  uint64_t id_in(size_t shard) const {
    for (uint64_t id = 0;; ++id) {
      if (cluster_.shard_of(*books_, PointId::number(id)) == books_->shards[shard].shard) return id;
    }
  }

  FakeCluster cluster_;
  CollectionPtr books_ = cluster_.add("books", 3);
  std::map<uint64_t, std::vector<Operation>> sent_;  // shard -> operations in order
  std::optional<peer::WriteReply> known_;            // reply to an earlier attempt
  std::vector<peer::WriteRequest> requests_;         // kept without their operations
};

TEST_F(GatewayWriteTest, every_point_goes_to_the_shard_of_its_bucket_in_order) {
  ASSERT_TRUE(write(list(upsert(0, 300), upsert(100, 300), remove({5, 250, 399}))).ok());
  ASSERT_EQ(sent_.size(), 3u) << "300 points fall into all shards";
  std::vector<std::vector<uint64_t>> seen(3);
  for (const auto& [shard, operations] : sent_) {
    for (const Operation& o : operations) {
      const bool deletes = o.kind == OperationKind::kDelete;
      for (const auto& p : o.points) {
        EXPECT_EQ(cluster_.shard_of(*books_, p.id), shard);
        EXPECT_EQ(p.vectors.at(0).bytes, bits(p.id.as_number())) << "its vector comes along";
      }
      for (const auto& id : o.ids) EXPECT_EQ(cluster_.shard_of(*books_, id), shard);
      EXPECT_EQ(o.points.empty(), deletes);
      EXPECT_TRUE(std::is_sorted(o.points.begin(), o.points.end(),
                                 [](const auto& a, const auto& b) { return a.id < b.id; }))
          << "as they came";
    }
    ASSERT_GE(operations.size(), 2u);
    EXPECT_LE(operations.size(), 3u);
    EXPECT_LT(operations[0].points.front().id.as_number(), 100u)
        << "the first operation stays the first";
    EXPECT_GE(operations[1].points.front().id.as_number(), 100u);
    seen[0].push_back(operations[0].points.size());
    seen[1].push_back(operations[1].points.size());
    if (operations.size() == 3) seen[2].push_back(operations[2].ids.size());
  }
  const auto sum = [](const std::vector<uint64_t>& v) {
    uint64_t n = 0;
    for (const uint64_t x : v) n += x;
    return n;
  };
  EXPECT_EQ(sum(seen[0]), 300u) << "none lost, none twice";
  EXPECT_EQ(sum(seen[1]), 300u);
  EXPECT_EQ(sum(seen[2]), 3u);
}

TEST_F(GatewayWriteTest, an_operation_by_filter_goes_to_every_shard_complete) {
  Operation o;
  o.kind = OperationKind::kSetPayload;
  o.filter.emplace().must.push_back({"a", model::IsNull{true}});
  o.payload = R"({"x":1})";
  o.payload_key = "deep";
  o.names = {"n"};
  const std::string text = model::text_of(o);
  ASSERT_TRUE(write(list(std::move(o))).ok());
  ASSERT_EQ(sent_.size(), 3u);
  for (const auto& [shard, operations] : sent_) EXPECT_EQ(model::text_of(operations.at(0)), text);
}

TEST_F(GatewayWriteTest, conditions_of_an_upsert_go_along_with_each_part) {
  Operation o = upsert(0, 100);
  o.mode = model::UpdateMode::kUpdateOnly;
  o.update_filter.emplace().must.push_back({"a", model::IsNull{true}});
  const std::string condition = model::text_of(*o.update_filter);
  ASSERT_TRUE(write(list(std::move(o))).ok());
  ASSERT_EQ(sent_.size(), 3u);
  for (const auto& [shard, operations] : sent_) {
    EXPECT_EQ(operations.at(0).mode, model::UpdateMode::kUpdateOnly);
    ASSERT_TRUE(operations[0].update_filter);
    EXPECT_EQ(model::text_of(*operations[0].update_filter), condition);
  }
}

TEST_F(GatewayWriteTest, a_shard_that_owns_none_of_the_points_is_not_asked) {
  const uint64_t id = id_in(1);
  const auto results = write(list(upsert(id, 1), remove({id})));
  ASSERT_TRUE(results.ok());
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].shard, books_->shards[1].shard);
  EXPECT_TRUE(requests_[0].wait);
  EXPECT_EQ(requests_[0].request_id[0], 7);
  const auto none = write(list(remove({})));
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->at(0).status, UpdateStatus::kCompleted);
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(GatewayWriteTest, each_operation_has_one_result_with_its_highest_index) {
  const auto results = write(list(upsert(0, 200), upsert(id_in(0), 1), upsert(0, 200)));
  ASSERT_TRUE(results.ok());
  ASSERT_EQ(results->size(), 3u);
  EXPECT_EQ(results->at(0).operation_id, books_->shards[2].shard);
  EXPECT_EQ(results->at(1).operation_id, books_->shards[0].shard + 1);
  EXPECT_EQ(results->at(2).operation_id, books_->shards[2].shard + 1);
  for (const auto& r : *results) EXPECT_EQ(r.status, UpdateStatus::kCompleted);
  EXPECT_EQ(results->at(0).affected, 200u) << "of all shards together";
  EXPECT_EQ(results->at(1).affected, 1u);
  const auto unwaited = write(list(upsert(0, 1)), false);
  EXPECT_EQ(unwaited->at(0).status, UpdateStatus::kAcknowledged);
}

TEST_F(GatewayWriteTest, an_operation_times_out_if_one_of_its_shards_is_late) {
  cluster_.on_write = [this](const peer::WriteRequest& m) {
    return peer::WriteReply{std::vector<peer::WriteOutcome>(
        m.operations.size(), {5, m.shard != books_->shards[1].shard})};
  };
  const auto results = write(list(upsert(id_in(0), 1), upsert(0, 200), upsert(id_in(2), 1)));
  ASSERT_TRUE(results.ok());
  EXPECT_EQ(results->at(0).status, UpdateStatus::kCompleted);
  EXPECT_EQ(results->at(1).status, UpdateStatus::kWaitTimeout);
  EXPECT_EQ(results->at(2).status, UpdateStatus::kCompleted);
}

TEST_F(GatewayWriteTest, a_failure_of_one_shard_is_the_answer) {
  cluster_.on_write = [this](const peer::WriteRequest& m) -> base::Result<peer::WriteReply> {
    if (m.shard == books_->shards[1].shard) return Status(Code::kNoSpace, "full");
    return peer::WriteReply{{{1, true}}};
  };
  EXPECT_EQ(write(list(upsert(0, 200))).status().code(), Code::kNoSpace);
  cluster_.on_write = [](const peer::WriteRequest&) { return peer::WriteReply{}; };
  EXPECT_EQ(write(list(upsert(0, 200))).status().code(), Code::kInternal)
      << "fewer outcomes than operations";
}

// Later reads through this gateway must show a write that was acknowledged with wait=true.
TEST_F(GatewayWriteTest, a_waited_write_raises_the_index_that_reads_ask_for) {
  std::map<uint64_t, uint64_t> asked;
  cluster_.on_count = [&](const peer::CountMessage& m) {
    asked[m.shard] = m.level.min_applied;
    return peer::CountReply{};
  };
  const auto count = [&] {
    Got<uint64_t> got;
    cluster_.gateway().count(books_, {}, {}, got.take());
    EXPECT_TRUE(got.result.ok());
  };
  const uint64_t id = id_in(1), shard = books_->shards[1].shard;
  ASSERT_TRUE(write(list(upsert(id, 1)), false).ok());
  EXPECT_TRUE(cluster_.gateway().session_token(books_).empty());
  count();
  EXPECT_EQ(asked[shard], 0u) << "the write was not waited for";
  ASSERT_TRUE(write(list(upsert(id, 1)), true).ok());
  count();
  EXPECT_EQ(asked[shard], shard + 1);
  EXPECT_EQ(asked[books_->shards[0].shard], 0u);
  EXPECT_EQ(cluster_.gateway().session_token(books_), encode_token({{shard, shard + 1}}));
  cluster_.on_write = [](const peer::WriteRequest&) { return peer::WriteReply{{{9999, false}}}; };
  ASSERT_TRUE(write(list(upsert(id, 1)), true).ok());
  count();
  EXPECT_EQ(asked[shard], shard + 1) << "not seen applied: not promised";
  cluster_.change([](model::ClusterMap& map) { map.collections.clear(); });
  EXPECT_TRUE(cluster_.gateway().session_token(books_).empty())
      << "of a dropped collection nothing is kept";
}

// New vectors need points that exist; the points 1 to 9 do.
class UnknownPointsTest : public GatewayWriteTest {
 protected:
  UnknownPointsTest() {
    cluster_.on_get = [this](const peer::GetMessage& m) {
      EXPECT_TRUE(m.level.linearizable)
          << "the read must see writes that were acknowledged without a wait";
      ++asked_;
      peer::RecordsReply reply;
      for (const PointId& id : m.request.ids) {
        if (id.as_number() < 1 || id.as_number() > 9) continue;
        reply.records.emplace_back();
        reply.records.back().id = id;
      }
      return reply;
    };
  }
  static Operation vectors_of(std::vector<uint64_t> ids) {
    Operation o;
    o.kind = OperationKind::kUpdateVectors;
    for (const uint64_t id : ids) o.points.push_back({PointId::number(id), "", {{"", bits(id)}}});
    return o;
  }
  void refused(std::vector<Operation> operations, const std::string& id) {
    sent_.clear();
    for (const bool wait : {true, false}) {
      std::vector<Operation> copies;
      for (const Operation& o : operations)
        copies.push_back(
            {o.kind, o.points, o.ids, {}, o.payload, o.payload_key, o.names, o.mode, {}});
      const auto result = write(std::move(copies), wait);
      ASSERT_FALSE(result.ok());
      EXPECT_EQ(result.status().code(), Code::kNotFound);
      EXPECT_EQ(result.status().message(), "No point with id " + id + " found");
    }
    EXPECT_TRUE(sent_.empty()) << "nothing of it was carried out";
  }
  int asked_ = 0;
};

TEST_F(UnknownPointsTest, an_unknown_id_is_named_and_nothing_is_done) {
  EXPECT_TRUE(write(list(vectors_of({1, 5, 9}))).ok());
  refused(list(vectors_of({1, 5, 77, 9})), "77");
  refused(list(upsert(1, 2), vectors_of({0})), "0");
}

TEST_F(UnknownPointsTest, a_repeated_request_gets_its_first_outcome) {
  known_ = peer::WriteReply{{{41, true, 1}}};
  const auto result = write(list(vectors_of({77})));
  ASSERT_TRUE(result.ok()) << result.status().to_string();
  ASSERT_EQ(result->size(), 1u);
  EXPECT_EQ(result->front().operation_id, 41u);
  EXPECT_EQ(result->front().affected, 1u);
  EXPECT_TRUE(sent_.empty());
}

TEST_F(UnknownPointsTest, operations_see_earlier_ones_of_the_same_batch) {
  EXPECT_TRUE(write(list(upsert(50, 2), vectors_of({50, 3, 51}))).ok());
  asked_ = 0;
  refused(list(remove({4}), vectors_of({4})), "4");
  EXPECT_EQ(asked_, 0) << "the batch itself says it";
  EXPECT_TRUE(write(list(remove({4}), upsert(4, 1), vectors_of({4}))).ok());
  refused(list(vectors_of({60}), upsert(60, 1)), "60");
  Operation only = upsert(61, 1);
  only.mode = model::UpdateMode::kUpdateOnly;
  refused(list(std::move(only), vectors_of({61})), "61");
}

TEST_F(UnknownPointsTest, with_a_condition_ids_are_not_looked_up) {
  Operation conditional = vectors_of({1, 77});
  conditional.update_filter.emplace();
  EXPECT_TRUE(write(list(std::move(conditional))).ok());
  EXPECT_EQ(asked_, 0);
}

TEST_F(UnknownPointsTest, an_error_of_the_look_up_is_reported) {
  cluster_.on_get = [](const peer::GetMessage&) { return Status(Code::kTimeout, "no leader"); };
  EXPECT_EQ(write(list(vectors_of({1}))).status().code(), Code::kTimeout);
  EXPECT_TRUE(sent_.empty());
}

}  // namespace
}  // namespace rhumb::gateway
