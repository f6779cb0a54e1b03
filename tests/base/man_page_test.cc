#include "host/base/man_page.h"

#include <gtest/gtest.h>

namespace rhumb::base {
namespace {

TEST(ManPage, no_text_becomes_a_request_or_an_escape) {
  EXPECT_EQ(roff_text(".SH evil"), "\\&.SH evil");
  EXPECT_EQ(roff_text("a\n.SH evil"), "a\n\\&.SH evil");
  EXPECT_EQ(roff_text("'SH evil"), "\\(aqSH evil");
  EXPECT_EQ(roff_text("\\fBx"), "\\efBx");
  EXPECT_EQ(roff_text("--set a=\"b\""), "\\-\\-set a=\\(dqb\\(dq");
  EXPECT_EQ(roff_text("1.5 MiB"), "1.5 MiB");
  EXPECT_EQ(roff_text("caf\xC3\xA9\xE2\x80\xA6"), "caf\\[u00E9]\\[u2026]");
  EXPECT_EQ(roff_text(""), "");
}

TEST(ManPage, hidden_options_are_left_out) {
  const ProgramTable program = {
      .name = "p",
      .summary = "a program",
      .commands = {{.name = "run",
                    .synopsis = "run",
                    .summary = "run it",
                    .options = {{.name = "secret", .help = "hidden", .hidden = true},
                                {.name = "shown", .help = "shown"}}}}};
  for (const bool each : {false, true}) {
    const auto pages = man_pages(program, {.section = 1, .page_for_each_command = each});
    ASSERT_EQ(pages.size(), each ? 2u : 1u);
    EXPECT_EQ(pages[0].file, "man1/p.1");
    EXPECT_EQ(pages.back().text.find("secret"), std::string::npos);
    EXPECT_NE(pages.back().text.find("shown"), std::string::npos);
  }
}

}  // namespace
}  // namespace rhumb::base
