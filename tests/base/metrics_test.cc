#include "host/base/metrics.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "host/base/metric_table.h"
#include "tests/places.h"

namespace rhumb::base {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

const bool kRowsAdded = [] {
  for (const char* name : {"test_parallel_total"}) add_metric_row({name, MetricKind::kCounter});
  for (const char* name : {"test_depth", "test_collected"})
    add_metric_row({name, MetricKind::kGauge});
  add_metric_row({"test_requests_total", MetricKind::kCounter, {"code"}});
  add_metric_row({"test_labels", MetricKind::kGauge, {"collection"}});
  add_metric_row({"test_seconds", MetricKind::kHistogram});
  return true;
}();

TEST(Metrics, a_metric_that_is_not_in_the_table_cannot_be_made) {
  EXPECT_TRUE(kRowsAdded);
  EXPECT_DEATH(counter("rhumb_unheard_of_total"), "assertion failed");
  EXPECT_DEATH(gauge("rhumb_unexpected_total"), "assertion failed");  // a counter
  EXPECT_DEATH(counter("rhumb_http_responses_total"), "assertion failed");
  EXPECT_DEATH(counter("rhumb_http_responses_total", {{"code", "200"}}), "assertion failed");
}

TEST(Metrics, the_table_has_what_the_sources_make_and_nothing_else) {
  // The name is the first argument of a function that makes or sets a metric.
  const std::regex made_here("\\b(counter|gauge|histogram|set)\\(\\s*\"(rhumb_\\w+)\"");
  std::set<std::string> made, rows;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(places::source() + "/host")) {
    const auto& path = entry.path();
    if ((path.extension() != ".cc" && path.extension() != ".h") ||
        path.filename() == "metric_table.cc")
      continue;
    const std::string text = text_of(path);
    for (std::sregex_iterator it(text.begin(), text.end(), made_here), end; it != end; ++it)
      made.insert((*it)[2].str());
  }
  std::string before;
  for (const MetricRow& row : metric_rows()) {
    if (!row.name.starts_with("rhumb_")) continue;  // of a test
    rows.insert(row.name);
    EXPECT_LT(before, row.name) << "the table is sorted";
    before = row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.kind == MetricKind::kCounter) << row.name;
    EXPECT_TRUE(row.help.ends_with(".")) << row.name;
    EXPECT_FALSE(row.unit.empty()) << row.name;
    EXPECT_TRUE(std::is_sorted(row.labels.begin(), row.labels.end())) << row.name;
  }
  EXPECT_EQ(made, rows);
}

TEST(Metrics, the_documented_table_is_what_the_program_prints) {
  std::string printed = print_metrics();
  printed = printed.substr(0, printed.find("| `test_"));  // those of this program
  EXPECT_EQ(text_of(places::source() + "/docs/METRICS.md"), printed)
      << "docs/METRICS.md is made by: rhumbd --print-metrics";
}

TEST(Metrics, the_same_name_and_labels_give_the_same_handle) {
  Counter& a = counter("test_requests_total", {{"code", "200"}});
  Counter& b = counter("test_requests_total", {{"code", "200"}});
  Counter& c = counter("test_requests_total", {{"code", "404"}});
  EXPECT_EQ(&a, &b);
  EXPECT_NE(&a, &c);
  a.add();
  b.add(2);
  c.add();
  const std::string text = metrics_text();
  EXPECT_TRUE(has_line(text, "test_requests_total{code=\"200\"} 3")) << text;
  EXPECT_TRUE(has_line(text, "test_requests_total{code=\"404\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "# TYPE test_requests_total counter")) << text;
}

TEST(Metrics, gauges_and_histograms_print_their_values) {
  gauge("test_depth").set(5);
  gauge("test_depth").add(-2);
  histogram("test_seconds").observe(0.0002);
  histogram("test_seconds").observe(90);
  const std::string text = metrics_text();
  EXPECT_TRUE(has_line(text, "test_depth 3")) << text;
  EXPECT_TRUE(has_line(text, "test_seconds_count 2")) << text;
  EXPECT_NE(text.find("test_seconds_bucket{le=\"60\"} 1"), std::string::npos) << text;
}

TEST(Metrics, label_values_are_escaped) {
  gauge("test_labels", {{"collection", "a\"b\\c\nd"}}).set(1);
  EXPECT_NE(metrics_text().find("{collection=\"a\\\"b\\\\c\\nd\"} 1"), std::string::npos);
}

TEST(Metrics, collectors_run_at_each_scrape_until_removed) {
  int calls = 0;
  const uint64_t id = add_collector([&] { gauge("test_collected").set(++calls); });
  EXPECT_TRUE(has_line(metrics_text(), "test_collected 1"));
  EXPECT_TRUE(has_line(metrics_text(), "test_collected 2"));
  remove_collector(id);
  EXPECT_TRUE(has_line(metrics_text(), "test_collected 2"));
}

TEST(Metrics, updates_from_many_threads_add_up) {
  Counter& total = counter("test_parallel_total");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) total.add();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(has_line(metrics_text(), "test_parallel_total 4000"));
}

}  // namespace
}  // namespace rhumb::base
