#include "host/segment/columns/column.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "host/segment/columns/checksums.h"
#include "tests/segment/temp_dir.h"

namespace rhumb::segment::test {
namespace {

constexpr ExtentLimits kExtents{4096, 16384};

TEST(ColumnTest, appended_rows_are_read_through_one_address) {
  std::mt19937_64 random(5);
  std::printf("seed 5\n");
  TempDir dir;
  auto column = Column::open(dir / "c.dat", 0, 1u << 20, kExtents);
  ASSERT_TRUE(column.ok());
  const char* const base = column->data();
  std::string expected;
  while (expected.size() < 300'000) {
    const std::string piece(random() % 900, static_cast<char>('a' + random() % 26));
    auto offset = column->append(piece);
    ASSERT_TRUE(offset.ok());
    EXPECT_EQ(*offset, expected.size());
    expected += piece;
    if (random() % 20 == 0) {
      ASSERT_TRUE(column->flush().ok());
      ASSERT_EQ(column->view(0, expected.size()), expected);
    }
  }
  ASSERT_TRUE(column->flush().ok());
  EXPECT_EQ(column->data(), base);
  EXPECT_EQ(column->view(0, expected.size()), expected);
  EXPECT_TRUE(column->dirty());
  ASSERT_TRUE(column->sync().ok());
  EXPECT_FALSE(column->dirty());
}

// Returns how many bytes of a file this process has in memory.
uint64_t resident_bytes(const std::string& path) {
  std::ifstream maps("/proc/self/smaps");
  bool ours = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with(path)) ours = true;
    if (ours && line.starts_with("Rss:")) return std::stoull(line.substr(4)) * 1024;
  }
  ADD_FAILURE() << path << " is not mapped";
  return 0;
}

TEST(ColumnTest, pages_leave_memory_and_come_back) {
  TempDir dir;
  auto column = Column::open(dir / "c.dat", 0, 1u << 20, kExtents);
  ASSERT_TRUE(column.ok());
  const std::string expected(200'000, 'x');
  ASSERT_TRUE(column->append(expected).ok());
  ASSERT_TRUE(column->flush().ok());
  EXPECT_EQ(column->view(0, expected.size()), expected);
  EXPECT_GE(resident_bytes(dir / "c.dat"), expected.size());
  column->leave_memory();
  EXPECT_EQ(resident_bytes(dir / "c.dat"), 0u);
  EXPECT_EQ(column->view(0, expected.size()), expected);
  ASSERT_TRUE(column->append(expected).ok());
  ASSERT_TRUE(column->flush().ok());
  EXPECT_EQ(column->view(expected.size(), expected.size()), expected);
}

TEST(ColumnTest, extents_double_up_to_their_limit) {
  TempDir dir;
  auto column = Column::open(dir / "c.dat", 0, 1u << 20, kExtents);
  ASSERT_TRUE(column.ok());
  std::vector<uint64_t> sizes;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(column->append(std::string(3000, 'x')).ok());
    ASSERT_TRUE(column->flush().ok());
    const uint64_t size = std::filesystem::file_size(dir / "c.dat");
    if (sizes.empty() || sizes.back() != size) sizes.push_back(size);
  }
  EXPECT_EQ(sizes, (std::vector<uint64_t>{4096, 8192, 16384, 32768, 49152, 65536}));
  ASSERT_TRUE(column->trim().ok());
  EXPECT_EQ(std::filesystem::file_size(dir / "c.dat"), 60'000u);
}

TEST(ColumnTest, a_column_reopens_with_the_given_length) {
  TempDir dir;
  {
    auto column = Column::open(dir / "c.dat", 0, 1u << 16, kExtents);
    ASSERT_TRUE(column->append("durable and lost").ok());
    ASSERT_TRUE(column->flush().ok());
  }
  auto column = Column::open(dir / "c.dat", 7, 1u << 16, kExtents);
  ASSERT_TRUE(column.ok());
  ASSERT_TRUE(column->append("!").ok());
  ASSERT_TRUE(column->flush().ok());
  EXPECT_EQ(column->view(0, 8), "durable!");
  const auto missing = Column::open(dir / "c.dat", 1u << 20, 1u << 20, kExtents);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), base::Code::kCorrupt);
  EXPECT_NE(missing.status().message().find("c.dat at offset 4096"), std::string::npos);
}

TEST(ColumnTest, a_column_never_grows_beyond_its_reservation) {
  TempDir dir;
  auto column = Column::open(dir / "c.dat", 0, 8192, kExtents);
  ASSERT_TRUE(column->append(std::string(8000, 'x')).ok());
  EXPECT_FALSE(column->append(std::string(200, 'x')).ok());
  EXPECT_TRUE(column->view(8192, 1).empty());
  EXPECT_TRUE(column->view(~0ull, 2).empty());
}

TEST(ChecksumsTest, checksums_find_the_block_that_changed) {
  TempDir dir;
  auto column = Column::open(dir / "c.dat", 0, 1u << 20, {65536, 65536});
  ASSERT_TRUE(column.ok());
  std::string bytes(200'000, '\0');
  std::mt19937_64 random(6);
  for (char& b : bytes) b = static_cast<char>(random());
  ASSERT_TRUE(column->append(bytes).ok());
  ASSERT_TRUE(column->trim().ok());
  ASSERT_TRUE(Checksums::write(*column, dir / "c.crc").ok());
  auto sums = Checksums::load(dir / "c.crc", bytes.size());
  ASSERT_TRUE(sums.ok()) << sums.status().to_string();
  std::vector<std::string> wrong;
  const auto tell = [&](const base::Status& status) { wrong.push_back(status.message()); };
  (*sums)->check_all(*column, tell);
  ASSERT_TRUE(wrong.empty()) << wrong.front();
  ASSERT_TRUE(
      column->write_at(150'000, std::string(1, static_cast<char>(bytes[150'000] ^ 1))).ok());
  sums = Checksums::load(dir / "c.crc", bytes.size());
  EXPECT_TRUE((*sums)->check(*column, 0, 131'072).ok());
  const base::Status damaged = (*sums)->check(*column, 131'000, 100);
  EXPECT_EQ(damaged.code(), base::Code::kCorrupt);
  EXPECT_NE(damaged.message().find("c.dat at offset 131072"), std::string::npos);
  (*sums)->check_all(*column, tell);
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(wrong.front(), damaged.message());
  EXPECT_FALSE(Checksums::load(dir / "c.crc", bytes.size() - 1).ok());
  std::filesystem::resize_file(dir / "c.crc", 20);
  EXPECT_FALSE(Checksums::load(dir / "c.crc", bytes.size()).ok());
}

}  // namespace
}  // namespace rhumb::segment::test
