#include "host/plugin/status.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace rhumb::plugin {
namespace {

using base::Code;

std::string text_of(const std::string& raw) {
  ErrorSlot error;
  std::memcpy(error.out()->text, raw.data(), std::min(raw.size(), sizeof error.out()->text));
  return error.status(RHUMB_IO, "c").message();
}

TEST(PluginStatus, ok_is_ok_whatever_the_text_says) {
  ErrorSlot error;
  std::strcpy(error.out()->text, "left over");
  EXPECT_TRUE(error.status(RHUMB_OK, "search").ok());
}

TEST(PluginStatus, each_status_has_its_reaction) {
  const std::pair<rhumb_status_t, Code> expected[] = {
      {RHUMB_INVALID, Code::kInvalid},
      {RHUMB_NOT_FOUND, Code::kNotFound},
      {RHUMB_UNSUPPORTED, Code::kUnsupported},
      {RHUMB_DENIED, Code::kForbidden},
      {RHUMB_BUSY, Code::kBusy},
      {RHUMB_TIMEOUT, Code::kTimeout},
      {RHUMB_CANCELLED, Code::kCancelled},
      {RHUMB_NOT_LEADER, Code::kUnavailable},
      {RHUMB_NO_SPACE, Code::kNoSpace},
      {RHUMB_OVER_LIMIT, Code::kBusy},
      {RHUMB_NO_MEMORY, Code::kUnavailable},
      {RHUMB_IO, Code::kIo},
      {RHUMB_CORRUPT, Code::kCorrupt},
      {RHUMB_BUG, Code::kInternal},
      // Statuses of a later minor version: the range decides.
      {60, Code::kInvalid},
      {100, Code::kUnavailable},
      {200, Code::kInternal},
      {-1, Code::kInternal}};
  for (const auto& [rc, code] : expected) {
    EXPECT_EQ(code, to_code(rc)) << rc;
    EXPECT_EQ(rc >= 128 || rc < 0, fences(rc)) << rc;
  }
}

TEST(PluginStatus, converting_a_status_back_keeps_its_meaning) {
  for (const rhumb_status_t rc :
       {RHUMB_OK, RHUMB_INVALID, RHUMB_NOT_FOUND, RHUMB_UNSUPPORTED, RHUMB_DENIED, RHUMB_BUSY,
        RHUMB_TIMEOUT, RHUMB_CANCELLED, RHUMB_NO_SPACE, RHUMB_IO, RHUMB_CORRUPT, RHUMB_BUG}) {
    EXPECT_EQ(rc, from_code(to_code(rc)));
  }
}

TEST(PluginStatus, an_error_text_is_bounded_and_printable) {
  EXPECT_EQ("c: disk gone", text_of("disk gone"));
  EXPECT_EQ("c: status 128", text_of(""));
  EXPECT_EQ("c: " + std::string(248, 'x'), text_of(std::string(248, 'x'))) << "not terminated";
  EXPECT_EQ("c: a?b?", text_of("a\nb\x1b"));
  EXPECT_EQ("c: größer €😀", text_of("größer €😀"));
  EXPECT_EQ("c: ??", text_of("\xC0\xAF")) << "overlong";
  EXPECT_EQ("c: ???", text_of("\xED\xA0\x80")) << "a surrogate";
  EXPECT_EQ("c: ????", text_of("\xF4\x90\x80\x80")) << "past Unicode's end";
  EXPECT_EQ("c: ?x", text_of("\xE2x")) << "cut off";
}

TEST(PluginStatus, errno_is_part_of_the_error) {
  ErrorSlot error;
  std::strcpy(error.out()->text, "write failed");
  error.out()->os_errno = ENOSPC;
  EXPECT_EQ("kv: write failed (No space left on device)",
            error.status(RHUMB_NO_SPACE, "kv").message());
  EXPECT_EQ("kv: status 68", to_status(RHUMB_NO_SPACE, nullptr, "kv").message());
}

TEST(CallContext, a_call_context_carries_deadline_trace_and_cancellation) {
  std::atomic<bool> cancelled{false};
  const CallContext call(base::Deadline{77}, &cancelled, 1, 2);
  EXPECT_EQ(sizeof(rhumb_call_t), call.raw()->struct_size);
  EXPECT_EQ(77u, call.raw()->deadline_ns);
  EXPECT_EQ(1u, call.raw()->trace_hi);
  EXPECT_EQ(2u, call.raw()->trace_lo);
  EXPECT_EQ(0u, call.raw()->cancelled(call.raw()->cancel_ctx));
  cancelled = true;
  EXPECT_EQ(1u, call.raw()->cancelled(call.raw()->cancel_ctx));
  EXPECT_EQ(nullptr, CallContext(base::Deadline{}).raw()->cancelled);
}

}  // namespace
}  // namespace rhumb::plugin
