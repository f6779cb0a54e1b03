// Verification and contract: the parts of the shards become one report of the collection.
#include <gtest/gtest.h>

#include "tests/gateway/fake_cluster.h"

namespace rhumb::gateway {
namespace {

using base::Code;
using base::Status;

class ReportTest : public testing::Test {
 protected:
  // The ordinal (0, 1, 2) of a shard of `films`.
  size_t ordinal(uint64_t shard) const { return shard - films_->shards[0].shard; }
  base::Result<Verification> verify() {
    Got<Verification> got;
    cluster_.gateway().verify(films_, {}, got.take());
    EXPECT_EQ(got.fired, 1);
    return std::move(got.result);
  }
  ContractReport contract() {
    Got<ContractReport> got;
    cluster_.gateway().contract(films_, {}, got.take());
    EXPECT_EQ(got.fired, 1);
    EXPECT_TRUE(got.result.ok()) << got.result.status().message();
    return got.result.ok() ? *got.result : ContractReport{};
  }
  void promise(const std::string& settings) {
    cluster_.change([&](model::ClusterMap& map) {
      auto changed = std::make_shared<model::Collection>(*map.collections.at("films"));
      changed->config.settings_json["contract"] = settings;
      map.collections["films"] = std::move(changed);
    });
    films_ = *cluster_.gateway().find("films");
  }

  FakeCluster cluster_;
  CollectionPtr films_ = cluster_.add("films", 3);
};

TEST_F(ReportTest, every_shard_shows_its_optimizations) {
  cluster_.on_optimizations = [&](const peer::OptimizationsMessage& m) {
    peer::OptimizationsReply reply;
    reply.all.shard = m.shard;
    reply.all.idle_segments.push_back({{}, ordinal(m.shard)});
    return reply;
  };
  Got<Optimizations> got;
  cluster_.gateway().optimizations(films_, {}, got.take());
  ASSERT_TRUE(got.result.ok()) << got.result.status().message();
  ASSERT_EQ(got.result->size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got.result->at(i).shard, films_->shards[i].shard);
    EXPECT_EQ(got.result->at(i).idle_segments.at(0).points, i);
  }
}

TEST_F(ReportTest, a_verification_names_the_shard_whose_sums_differ) {
  cluster_.on_verify = [&](const peer::VerifyMessage& m) {
    peer::VerifyReply reply;
    reply.applied = 100 + ordinal(m.shard);
    reply.points = 10;
    reply.kept_hash[3] = reply.computed_hash[3] = 0xab;
    return reply;
  };
  auto good = verify();
  ASSERT_TRUE(good.ok()) << good.status().message();
  EXPECT_TRUE(good->ok);
  EXPECT_EQ(good->points, 30u);
  ASSERT_EQ(good->shards.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(good->shards[i].shard, films_->shards[i].shard);
    EXPECT_EQ(good->shards[i].applied_index, 100 + i);
    EXPECT_EQ(good->shards[i].kept_hash[3], 0xab);
    EXPECT_TRUE(good->shards[i].ok);
  }

  cluster_.on_verify = [&](const peer::VerifyMessage& m) {
    peer::VerifyReply reply;
    if (ordinal(m.shard) == 1) reply.kept_hash[0] = 1;
    if (ordinal(m.shard) == 2) reply.error = "point 7: bad checksum";
    return reply;
  };
  const auto bad = verify();
  ASSERT_TRUE(bad.ok());
  EXPECT_FALSE(bad->ok);
  EXPECT_TRUE(bad->shards[0].ok);
  EXPECT_FALSE(bad->shards[1].ok) << "The sums differ.";
  EXPECT_FALSE(bad->shards[2].ok) << "The sums are equal, but there is an error.";
  EXPECT_EQ(bad->shards[2].error, "point 7: bad checksum");

  cluster_.on_verify = [&](const peer::VerifyMessage& m) -> base::Result<peer::VerifyReply> {
    if (ordinal(m.shard) == 1) return Status(Code::kIo, "cannot be read");
    return peer::VerifyReply{};
  };
  EXPECT_EQ(verify().status().code(), Code::kIo);
}

TEST_F(ReportTest, shards_are_merged_by_their_share_of_the_samples) {
  promise(R"({"recall":0.9})");
  cluster_.on_contract = [&](const peer::ContractMessage& m) {
    peer::ContractReply reply;
    const size_t i = ordinal(m.shard);
    if (i == 0) reply.searches = {.mean = 1, .low = 0.98, .high = 1, .samples = 300};
    if (i == 1) reply.searches = {.mean = 0.96, .low = 0.94, .high = 0.98, .samples = 100};
    reply.moved = {.mean = 0.5, .low = 0.4, .high = 0.6, .samples = 10};
    reply.searched = i < 2;
    reply.samples_total = 7;
    reply.widen = 1.5;
    reply.actions = {{1700 + i, "wider"}};
    reply.calibration_json = "[]";
    if (i == 2) reply.limit = "too little memory";
    return reply;
  };
  const ContractReport report = contract();
  EXPECT_EQ(report.asked, 0.9);
  const ContractVerdict& all = report.verdict;
  EXPECT_EQ(all.state, ContractState::kKept);
  EXPECT_TRUE(all.searches_decide);
  EXPECT_EQ(all.searches.samples, 400u);
  EXPECT_NEAR(all.searches.mean, 0.99, 1e-9);
  EXPECT_NEAR(all.searches.low, 0.97, 1e-9);
  EXPECT_NEAR(all.searches.high, 0.995, 1e-9);
  EXPECT_NEAR(all.moved.mean, 0.5, 1e-9);
  EXPECT_EQ(all.samples_total, 21u);
  EXPECT_EQ(all.limit, "too little memory");
  EXPECT_EQ(all.samples_missing, 0u);
  EXPECT_EQ(all.seconds_left, 0u);
  ASSERT_EQ(report.shards.size(), 3u);
  EXPECT_EQ(report.shards[1].shard, films_->shards[1].shard);
  EXPECT_EQ(report.shards[1].verdict.state, ContractState::kKept);
  EXPECT_EQ(report.shards[1].widen, 1.5);
  EXPECT_EQ(report.shards[1].actions.at(0).second, "wider");
  EXPECT_EQ(report.shards[1].calibration_json, "[]");
  EXPECT_EQ(report.shards[2].verdict.state, ContractState::kMissed)
      << "Without searches, the moved points decide.";
}

TEST_F(ReportTest, too_few_samples_are_measuring_and_the_slowest_shard_says_how_long) {
  promise(R"({"recall":0.95})");
  std::vector<std::pair<uint64_t, std::optional<uint64_t>>> left = {{5, 40}, {0, {}}, {8, 90}};
  cluster_.on_contract = [&](const peer::ContractMessage& m) {
    peer::ContractReply reply;
    reply.missing = left[ordinal(m.shard)].first;
    reply.seconds_left = left[ordinal(m.shard)].second;
    return reply;
  };
  ContractReport report = contract();
  EXPECT_EQ(report.verdict.state, ContractState::kMeasuring);
  EXPECT_EQ(report.verdict.samples_missing, 13u);
  EXPECT_EQ(report.verdict.seconds_left, 90u) << "A shard that lacks no sample does not count.";
  EXPECT_EQ(report.shards[1].verdict.samples_missing, 1u) << "It has no sample yet.";
  left[0].second.reset();
  EXPECT_FALSE(contract().verdict.seconds_left) << "One shard does not know its time.";
}

TEST_F(ReportTest, without_a_promise_there_is_no_state) {
  cluster_.on_contract = [](const peer::ContractMessage&) {
    peer::ContractReply reply;
    reply.searches = {.mean = 1, .low = 1, .high = 1, .samples = 1000};
    return reply;
  };
  const ContractReport report = contract();
  EXPECT_EQ(report.asked, 0);
  EXPECT_EQ(report.verdict.state, ContractState::kNone);
  EXPECT_EQ(report.verdict.searches.samples, 3000u);
  cluster_.on_contract = [](const peer::ContractMessage&) {
    return Status(Code::kTimeout, "late");
  };
  Got<ContractReport> got;
  cluster_.gateway().contract(films_, {}, got.take());
  EXPECT_EQ(got.result.status().code(), Code::kTimeout);
}

}  // namespace
}  // namespace rhumb::gateway
