// The JSON of a verification and of a contract.
#include "host/http/rest/reply/reports.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rhumb::http::rest {
namespace {

using gateway::ContractState;
using nlohmann::json;

TEST(ReportsTest, a_verification_lists_its_shards_and_an_error_only_where_there_is_one) {
  gateway::Verification verification{false, 12, {}};
  gateway::ShardVerification good, bad;
  good.shard = 3;
  good.ok = true;
  good.applied_index = 44;
  good.points = 12;
  good.kept_hash[0] = good.computed_hash[0] = 0x1f;
  bad.shard = 4;
  bad.error = "row 9: bad checksum";
  verification.shards = {good, bad};
  EXPECT_EQ(json::parse(verification_json(verification)), json::parse(R"({
      "ok": false, "points": 12, "shards": [
        {"shard": 3, "ok": true, "applied_index": 44, "points": 12,
         "content_hash": "1f000000000000000000000000000000",
         "computed_hash": "1f000000000000000000000000000000"},
        {"shard": 4, "ok": false, "applied_index": 0, "points": 0,
         "content_hash": "00000000000000000000000000000000",
         "computed_hash": "00000000000000000000000000000000",
         "error": "row 9: bad checksum"}]})"));
}

TEST(ReportsTest, a_contract_shows_its_state_and_its_evidence) {
  gateway::ContractReport report;
  report.asked = 0.95;
  report.verdict.state = ContractState::kMissed;
  report.verdict.searches_decide = true;
  report.verdict.searches = {100, 0.875, 0.75, 0.9375};
  report.verdict.samples_total = 250;
  report.verdict.limit = "memory";
  gateway::ShardContract shard;
  shard.shard = 5;
  shard.verdict.state = ContractState::kMeasuring;
  shard.verdict.samples_missing = 17;
  shard.verdict.seconds_left.reset();
  shard.verdict.moved = {4, 1, 0.5, 1};
  shard.widen = 2;
  shard.actions = {{1700, "wider"}};
  shard.calibration_json = R"([{"segment":1,"ef_recall":[[64,0.9]]}])";
  report.shards = {shard};
  const json none = json::parse(R"({"samples":0,"recall":null,"low":null,"high":null})");
  const json shown = json::parse(contract_json(report));
  EXPECT_EQ(shown["asked"], json::parse(R"({"recall":0.95})"));
  EXPECT_EQ(shown["kept"], false);
  EXPECT_EQ(shown["state"], "missed");
  EXPECT_EQ(shown["samples_missing"], 0);
  EXPECT_EQ(shown["seconds_left"], 0);
  EXPECT_EQ(shown["decided_by"], "searches");
  EXPECT_EQ(shown["measured"],
            json::parse(
                R"({"samples":100,"recall":0.875,"low":0.75,"high":0.9375,"samples_total":250})"));
  EXPECT_EQ(shown["moved"], none);
  EXPECT_EQ(shown["limit"], "memory");
  const json& first = shown["shards"][0];
  EXPECT_EQ(first["shard"], 5);
  EXPECT_EQ(first["kept"], nullptr);
  EXPECT_EQ(first["state"], "measuring");
  EXPECT_EQ(first["samples_missing"], 17);
  EXPECT_EQ(first["seconds_left"], nullptr);
  EXPECT_EQ(first["decided_by"], "moved");
  EXPECT_EQ(first["limit"], nullptr);
  EXPECT_EQ(first["widen"], 2);
  EXPECT_EQ(first["actions"], json::parse(R"([{"unix_ms":1700,"action":"wider"}])"));
  EXPECT_EQ(first["segments"], json::parse(shard.calibration_json));
}

TEST(ReportsTest, without_a_promise_the_state_is_null) {
  const json shown = json::parse(contract_json({}));
  EXPECT_EQ(shown["asked"]["recall"], nullptr);
  for (const char* name : {"kept", "state", "samples_missing", "seconds_left"})
    EXPECT_TRUE(shown.contains(name) && shown[name].is_null()) << name;
  EXPECT_EQ(shown["measured"]["recall"], nullptr);
  EXPECT_EQ(shown["shards"], json::array());
}

}  // namespace
}  // namespace rhumb::http::rest
