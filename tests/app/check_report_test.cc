#include "host/app/check_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rhumb::app {
namespace {

CheckReport report_of(std::vector<CheckProblem> problems) {
  CheckReport report;
  report.shards.push_back({"cities", 1024, 3, 17, "00ff", problems.empty()});
  report.problems = std::move(problems);
  return report;
}

TEST(CheckReport, damage_of_durable_files_and_of_derived_files_is_told_apart) {
  EXPECT_FALSE(report_of({}).durable_damage());
  EXPECT_FALSE(report_of({{"graph", true}}).durable_damage());
  EXPECT_TRUE(
      report_of({{"graph", true}, {"rows.dat at offset 64: damaged", false}}).durable_damage());
}

TEST(CheckReport, the_report_prints_as_text) {
  EXPECT_EQ(
      to_text(report_of({})),
      "collection cities, shard 1024: 3 points, applied through 17, whole\nno problems found\n");
  EXPECT_EQ(to_text(report_of({{"a at offset 1: \x01", false}, {"b", true}})),
            "collection cities, shard 1024: DAMAGED\na at offset 1: \\x01 (durable)\nb (derived)\n"
            "1 problems of durable data, 1 of derived data\n");
}

TEST(CheckReport, the_report_prints_as_json) {
  const auto whole = nlohmann::json::parse(to_json(report_of({})));
  EXPECT_EQ(whole["whole"], true);
  EXPECT_EQ(whole["shards"][0]["collection"], "cities");
  EXPECT_EQ(whole["shards"][0]["points"], 3);
  const auto damaged = nlohmann::json::parse(to_json(report_of({{"a at offset 1: \xff", false}})));
  EXPECT_EQ(damaged["whole"], false);
  EXPECT_EQ(damaged["problems"][0]["kind"], "durable");
  EXPECT_EQ(damaged["problems"][0]["what"], "a at offset 1: \\xff");
}

}  // namespace
}  // namespace rhumb::app
