#include "host/base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace rhumb::base {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, the_same_name_and_labels_give_the_same_handle) {
  Counter& a = counter("test_requests_total", "Requests.", {{"code", "200"}});
  Counter& b = counter("test_requests_total", "Requests.", {{"code", "200"}});
  Counter& c = counter("test_requests_total", "Requests.", {{"code", "404"}});
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
  gauge("test_depth", "Depth.").set(5);
  gauge("test_depth", "Depth.").add(-2);
  histogram("test_seconds", "Seconds.").observe(0.0002);
  histogram("test_seconds", "Seconds.").observe(90);
  const std::string text = metrics_text();
  EXPECT_TRUE(has_line(text, "test_depth 3")) << text;
  EXPECT_TRUE(has_line(text, "test_seconds_count 2")) << text;
  EXPECT_NE(text.find("test_seconds_bucket{le=\"60\"} 1"), std::string::npos) << text;
}

TEST(Metrics, label_values_are_escaped) {
  gauge("test_labels", "Labels.", {{"collection", "a\"b\\c\nd"}}).set(1);
  EXPECT_NE(metrics_text().find("{collection=\"a\\\"b\\\\c\\nd\"} 1"), std::string::npos);
}

TEST(Metrics, collectors_run_at_each_scrape_until_removed) {
  int calls = 0;
  const uint64_t id = add_collector([&] { gauge("test_collected", "Collected.").set(++calls); });
  EXPECT_TRUE(has_line(metrics_text(), "test_collected 1"));
  EXPECT_TRUE(has_line(metrics_text(), "test_collected 2"));
  remove_collector(id);
  EXPECT_TRUE(has_line(metrics_text(), "test_collected 2"));
}

TEST(Metrics, updates_from_many_threads_add_up) {
  Counter& total = counter("test_parallel_total", "Parallel.");
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
