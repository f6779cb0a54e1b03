#include "host/cli/point_reader.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <fstream>
#include <vector>

namespace rhumb::cli {
namespace {

std::string file(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + "/point_reader_test_" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string compressed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

struct Read {
  std::vector<std::string> lines;
  base::Status status = base::ok();
};

Read read_all(const std::string& path) {
  Read out;
  auto reader = LineReader::open(path);
  if (!reader.ok()) return {{}, reader.status()};
  std::string line;
  for (;;) {
    const auto more = (*reader)->next(line);
    if (!more.ok()) out.status = more.status();
    if (!more.ok() || !*more) return out;
    out.lines.push_back(line);
  }
}

const std::vector<std::string> kLines = {"{\"id\":1}", "{\"id\":2}", "{\"id\":3}"};

TEST(LineReader, lines_of_plain_and_compressed_files_are_the_same) {
  const std::string text = "{\"id\":1}\n\n  \t\r\n{\"id\":2}\n{\"id\":3}";
  EXPECT_EQ(read_all(file("plain.ndjson", text)).lines, kLines);
  EXPECT_EQ(read_all(file("one.zst", compressed(text))).lines, kLines);
  const std::string frames = compressed(text.substr(0, 5)) + compressed(text.substr(5));
  EXPECT_EQ(read_all(file("two.zst", frames)).lines, kLines) << "a file of two frames";
}

TEST(LineReader, a_line_may_be_longer_than_a_piece_of_the_file) {
  const std::string wide(700'000, 'x');
  const Read read = read_all(file("wide.ndjson", "a\n" + wide + "\nb\n"));
  EXPECT_EQ(read.lines, (std::vector<std::string>{"a", wide, "b"}));
}

TEST(LineReader, blank_lines_count_in_the_number_of_a_line) {
  auto reader = LineReader::open(file("numbers.ndjson", "a\n\n\nb\n"));
  ASSERT_TRUE(reader.ok());
  std::string line;
  ASSERT_TRUE(*(*reader)->next(line));
  EXPECT_EQ((*reader)->line_number(), 1u);
  ASSERT_TRUE(*(*reader)->next(line));
  EXPECT_EQ((*reader)->line_number(), 4u);
  EXPECT_FALSE(*(*reader)->next(line));
  EXPECT_EQ((*reader)->part_read(), 1.0);
}

TEST(LineReader, an_absent_or_damaged_file_is_an_error_that_names_it) {
  const Read absent = read_all("/nowhere/points.ndjson");
  EXPECT_EQ(absent.status.code(), base::Code::kNotFound);
  EXPECT_NE(absent.status.message().find("/nowhere/points.ndjson"), std::string::npos);
  const std::string whole = compressed(std::string(1000, 'a') + "\nb\n");
  const Read cut = read_all(file("cut.zst", whole.substr(0, whole.size() - 4)));
  EXPECT_EQ(cut.status.code(), base::Code::kCorrupt);
  EXPECT_NE(cut.status.message().find("cut short"), std::string::npos) << cut.status.message();
  EXPECT_EQ(read_all(file("text.zst", "not zstd")).status.code(), base::Code::kCorrupt);
}

}  // namespace
}  // namespace rhumb::cli
