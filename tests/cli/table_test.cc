#include "host/cli/table.h"

#include <gtest/gtest.h>

namespace rhumb::cli {
namespace {

TEST(CliTable, columns_are_as_wide_as_their_content) {
  Table table({"name", "points"}, {false, true});
  table.row({"articles", "7"});
  table.row({"a", "1,234,567"});
  EXPECT_EQ(table.render(0),
            "name         points\n"
            "────────  ─────────\n"
            "articles          7\n"
            "a         1,234,567\n");
}

TEST(CliTable, the_last_column_is_cut_to_the_width_of_the_terminal) {
  Table table({"id", "summary"});
  table.row({"gimp", "an image editor for everybody"});
  EXPECT_EQ(table.render(24),
            "id    summary\n"
            "────  ──────────────────\n"
            "gimp  an image editor f…\n");
  EXPECT_EQ(table.render(10),  // a last column has at least twelve places
            "id    summary\n"
            "────  ────────────\n"
            "gimp  an image ed…\n");
}

TEST(CliTable, a_row_has_as_many_cells_as_there_are_headers) {
  Table table({"a", "b"});
  table.row({"1"});
  table.row({"2", "3", "4"});
  EXPECT_EQ(table.render(0), "a  b\n─  ─\n1\n2  3\n");
}

TEST(CliTable, a_payload_cannot_steer_the_terminal) {
  Table table({"name"});
  table.row({"a\x1b[2Jb\nc\x7f"});
  EXPECT_EQ(table.render(0), "name\n─────────\na [2Jb c\n");
}

TEST(CliTable, width_counts_characters_and_not_bytes) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("naïve"), 5u);
  EXPECT_EQ(cut_to("naïve", 5), "naïve");
  EXPECT_EQ(cut_to("naïveté", 4), "naï…");
}

TEST(CliTable, numbers_have_commas) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(UINT64_MAX), "18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace rhumb::cli
