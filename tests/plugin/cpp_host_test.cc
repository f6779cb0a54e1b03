// The C++ wrapper of the host, over the real services and over a host that offers none.
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "host/plugin/services.h"
#include "host/plugin/status.h"
#include "rhumb/cpp/host.h"

namespace rhumb::plugin {
namespace {

const rhumb_host_t* bare_host() {
  static const rhumb_host_t host = {
      sizeof(rhumb_host_t), 1, 0, nullptr,
      [](const rhumb_host_t*, const char*) -> const void* { return nullptr; }};
  return &host;
}

TEST(CppHost, the_host_class_works_without_services) {
  for (const rhumb_host_t* raw : {bare_host(), static_cast<const rhumb_host_t*>(nullptr)}) {
    const Host host(raw);
    EXPECT_FALSE(host.logs(RHUMB_LOG_ERROR));
    host.log(RHUMB_LOG_ERROR, "to nobody");
    host.report_memory(1);
    EXPECT_EQ(1u, host.width());
    EXPECT_GT(host.monotonic_ns(), 0u);
    uint64_t sum = 0;
    host.parallel(10, [&](uint64_t i) { sum += i; });
    EXPECT_EQ(45u, sum);
  }
}

TEST(CppHost, parallel_throws_the_first_exception_in_the_caller) {
  base::Executor executor("test", 3, 16);
  HostServices services("index/x", executor);
  const Host host(services.raw());
  EXPECT_EQ(4u, host.width());
  std::atomic<uint64_t> ran{0};
  try {
    host.parallel(10'000, [&](uint64_t i) {
      ++ran;
      if (i % 100 == 7) throw Error(RHUMB_NO_SPACE, "full at " + std::to_string(i));
    });
    FAIL() << "nothing thrown";
  } catch (const Error& e) {
    EXPECT_EQ(RHUMB_NO_SPACE, e.status());
    EXPECT_EQ(0u, std::string(e.what()).find("full at "));
  }
  EXPECT_LT(ran, 10'000u) << "what has not begun is skipped";
  host.parallel(100, [&](uint64_t) { ++ran; });
}

TEST(CppHost, check_call_sees_cancellation_and_deadline) {
  base::Executor executor("test", 1, 4);
  HostServices services("index/x", executor);
  const Host host(services.raw());
  const auto outcome = [&](const rhumb_call_t* call) {
    return guard(nullptr, [&] { check_call(call, host); });
  };
  EXPECT_EQ(RHUMB_OK, outcome(nullptr));
  EXPECT_EQ(RHUMB_OK, outcome(CallContext(base::Deadline{}).raw()));
  EXPECT_EQ(RHUMB_OK, outcome(CallContext(base::Deadline::after_ms(3'600'000)).raw()));
  EXPECT_EQ(RHUMB_TIMEOUT, outcome(CallContext(base::Deadline{1}).raw()));
  std::atomic<bool> cancelled{true};
  EXPECT_EQ(RHUMB_CANCELLED, outcome(CallContext(base::Deadline{1}, &cancelled).raw()));
}

}  // namespace
}  // namespace rhumb::plugin
