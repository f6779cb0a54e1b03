#include "host/peer/frame.h"

#include <gtest/gtest.h>

namespace rhumb::peer {
namespace {

using base::Code;

TEST(FrameTest, header_and_body_are_read_back) {
  const std::string bytes = make_frame(7, 17, kFrameReply, std::string("a\0b", 3));
  EXPECT_EQ(bytes.size(), kFrameHeaderBytes + 3);
  const auto frame = read_frame(bytes);
  ASSERT_TRUE(frame.ok()) << frame.status().message();
  EXPECT_EQ(frame->first.request_id, 7u);
  EXPECT_EQ(frame->first.op, 17u);
  EXPECT_EQ(frame->first.flags, kFrameReply);
  EXPECT_EQ(frame->second, std::string_view("a\0b", 3));
  EXPECT_EQ(read_frame(bytes + "the next one")->second.size(), 3u)
      << "what follows is not of this frame";
  EXPECT_TRUE(read_frame(make_frame(1, 1, 0, ""))->second.empty());
}

// Releases exchange these bytes on the wire, so they must not change.
TEST(FrameTest, the_layout_of_a_frame_is_pinned) {
  EXPECT_EQ(make_frame(0x01020304, 0x0506, 0x0708, "x"),
            std::string("\x09\0\0\0\x04\x03\x02\x01\x06\x05\x08\x07x", 13));
}

TEST(FrameTest, a_frame_cut_short_is_refused) {
  const std::string bytes = make_frame(7, 1, 0, "body");
  for (size_t n = 0; n < bytes.size(); ++n)
    EXPECT_EQ(read_frame(std::string(bytes, 0, n)).status().code(), Code::kCorrupt) << n;
}

TEST(FrameTest, an_impossible_length_is_refused_before_the_body_is_read) {
  const auto with_length = [](uint32_t length) {
    std::string bytes = make_frame(7, 1, 0, "body");
    std::memcpy(bytes.data(), &length, sizeof(length));
    return read_frame(bytes).status();
  };
  EXPECT_NE(with_length(7).message().find("shorter than its header"), std::string::npos);
  const base::Status beyond = with_length(static_cast<uint32_t>(kMaxFrameBytes) + 1);
  EXPECT_NE(beyond.message().find(std::to_string(kMaxFrameBytes)), std::string::npos)
      << beyond.message();
  EXPECT_NE(with_length(static_cast<uint32_t>(kMaxFrameBytes)).message().find("cut short"),
            std::string::npos)
      << "within the limit, but not there";
}

}  // namespace
}  // namespace rhumb::peer
