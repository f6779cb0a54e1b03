#include "host/cli/progress.h"

#include <gtest/gtest.h>

namespace rhumb::cli {
namespace {

TEST(Progress, the_last_line_has_the_count_and_the_share) {
  testing::internal::CaptureStderr();
  Progress progress("import articles", "points", 2000, false);
  progress.finish(1000);
  const std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(shown.starts_with("import articles   50 %  1,000 points  ")) << shown;
  EXPECT_TRUE(shown.ends_with(" s\n")) << shown;
}

TEST(Progress, without_a_total_there_is_no_share) {
  testing::internal::CaptureStderr();
  Progress progress("export articles", "points", 0, false);
  progress.finish(7);
  const std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(shown.starts_with("export articles  7 points  ")) << shown;
  EXPECT_EQ(shown.find('%'), std::string::npos) << shown;
}

TEST(Progress, a_quiet_command_shows_nothing) {
  testing::internal::CaptureStderr();
  Progress progress("import articles", "points", 2000, true);
  progress.at(1);
  progress.finish(1000);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace rhumb::cli
