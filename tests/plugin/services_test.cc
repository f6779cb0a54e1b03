#include "host/plugin/services.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "host/base/clock.h"
#include "host/base/log.h"

namespace rhumb::plugin {
namespace {

template <typename Table>
const Table* service(const HostServices& services, const char* id) {
  return static_cast<const Table*>(services.raw()->get_extension(services.raw(), id));
}

TEST(HostServices, the_services_are_those_of_the_header_and_no_others) {
  base::Executor executor("test", 2, 4);
  HostServices services("index/x", executor);
  EXPECT_EQ(RHUMB_ABI_MAJOR, services.raw()->abi_major);
  for (const char* id :
       {RHUMB_HOST_LOG, RHUMB_HOST_EXECUTOR, RHUMB_HOST_CLOCK, RHUMB_HOST_MEMORY}) {
    EXPECT_NE(nullptr, services.raw()->get_extension(services.raw(), id)) << id;
  }
  EXPECT_EQ(nullptr, services.raw()->get_extension(services.raw(), "rhumb.host.log/2"));
  EXPECT_EQ(nullptr, services.raw()->get_extension(services.raw(), nullptr));
}

TEST(HostServices, post_runs_a_task_or_refuses_it_as_busy) {
  base::Executor executor("test", 1, 1);
  HostServices services("index/x", executor);
  const auto* table = service<rhumb_host_executor_t>(services, RHUMB_HOST_EXECUTOR);
  struct Gate {
    std::latch started{1}, open{1};
    std::atomic<int> ran{0};
  } gate;
  const auto wait_at_gate = [](void* arg) {
    auto& g = *static_cast<Gate*>(arg);
    g.started.count_down();
    g.open.wait();
    ++g.ran;
  };
  const auto count = [](void* arg) { ++static_cast<Gate*>(arg)->ran; };
  ASSERT_EQ(RHUMB_OK, table->post(services.raw(), wait_at_gate, &gate));
  gate.started.wait();
  ASSERT_EQ(RHUMB_OK, table->post(services.raw(), count, &gate)) << "one may wait";
  EXPECT_EQ(RHUMB_BUSY, table->post(services.raw(), count, &gate));
  EXPECT_EQ(RHUMB_INVALID, table->post(services.raw(), nullptr, &gate));
  gate.open.count_down();
  executor.stop();
  EXPECT_EQ(2, gate.ran) << "a refused task never runs";
  EXPECT_EQ(RHUMB_BUSY, table->post(services.raw(), count, &gate));
}

TEST(HostServices, parallel_covers_each_index_once) {
  base::Executor executor("test", 3, 16);
  HostServices services("index/x", executor);
  const auto* table = service<rhumb_host_executor_t>(services, RHUMB_HOST_EXECUTOR);
  EXPECT_EQ(4u, table->width);
  std::vector<std::atomic<int>> seen(1000);
  EXPECT_EQ(RHUMB_OK, table->parallel(
                          services.raw(), seen.size(),
                          [](void* arg, uint64_t i) {
                            ++(*static_cast<std::vector<std::atomic<int>>*>(arg))[i];
                          },
                          &seen));
  for (const auto& n : seen) EXPECT_EQ(1, n);
}

TEST(HostServices, the_clock_is_that_of_deadlines) {
  base::Executor executor("test", 1, 4);
  HostServices services("index/x", executor);
  const auto* clock = service<rhumb_host_clock_t>(services, RHUMB_HOST_CLOCK);
  const uint64_t before = base::monotonic_ns();
  const uint64_t now = clock->monotonic_ns(services.raw());
  EXPECT_LE(before, now);
  EXPECT_LE(now, base::monotonic_ns());
  EXPECT_GT(clock->wall_ns(services.raw()), 1'700'000'000'000'000'000u);
}

TEST(HostServices, reported_memory_adds_up_and_never_goes_below_zero) {
  base::Executor executor("test", 1, 4);
  HostServices services("index/x", executor);
  const auto* memory = service<rhumb_host_memory_t>(services, RHUMB_HOST_MEMORY);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) memory->report(services.raw(), i % 2 == 0 ? 300 : -200);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(4u * 500 * 100, services.memory_bytes());
  memory->report(services.raw(), -1'000'000'000);
  EXPECT_EQ(0u, services.memory_bytes());
}

TEST(HostServices, log_lines_name_the_engine) {
  base::log_configure(base::LogLevel::kInfo, base::LogFormat::kJson);
  base::Executor executor("test", 1, 4);
  HostServices services("index/flat", executor);
  const auto* log = service<rhumb_host_log_t>(services, RHUMB_HOST_LOG);
  EXPECT_EQ(static_cast<uint32_t>(RHUMB_LOG_INFO), log->level_min);
  const auto say = [&](uint32_t level, std::string_view text) {
    log->log(services.raw(), level, {text.data(), text.size()});
  };
  testing::internal::CaptureStderr();
  say(RHUMB_LOG_DEBUG, "not shown");
  say(RHUMB_LOG_WARN, "half full\n");
  say(99, "a level of a later minor");
  log->log(services.raw(), RHUMB_LOG_ERROR, {nullptr, 0});
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::string::npos, lines.find("not shown")) << lines;
  EXPECT_NE(std::string::npos, lines.find("\"engine\":\"index/flat\",\"text\":\"half full\\n\""))
      << lines;
  EXPECT_NE(std::string::npos, lines.find("\"level\":\"error\"")) << lines;
  EXPECT_EQ(2, std::count(lines.begin(), lines.end(), '\n')) << lines;
}

}  // namespace
}  // namespace rhumb::plugin
