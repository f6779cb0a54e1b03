#include "host/segment/columns/override_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/segment/temp_dir.h"

namespace rhumb::segment::test {
namespace {

constexpr ExtentLimits kLogExtents{4096, 16384};

TEST(OverrideLogTest, the_last_record_of_a_slot_counts) {
  TempDir dir;
  OverrideLog log;
  ASSERT_TRUE(log.open(dir / "o.dat", 0, 1u << 16, kLogExtents).ok());
  EXPECT_FALSE(std::filesystem::exists(dir / "o.dat"));
  EXPECT_TRUE(log.empty());
  ASSERT_TRUE(log.append(3, 10, R"({"a":1})").ok());
  ASSERT_TRUE(log.append(4, 11, "").ok());
  ASSERT_TRUE(log.append(3, 12, R"({"a":2})").ok());
  ASSERT_TRUE(log.find(3));
  EXPECT_EQ(log.find(3)->version, 12u);
  EXPECT_EQ(log.text(*log.find(3)), R"({"a":2})");
  EXPECT_EQ(log.text(*log.find(4)), "");
  EXPECT_FALSE(log.find(5));
  EXPECT_TRUE(log.check(3, *log.find(3)).ok());

  OverrideLog again;
  ASSERT_TRUE(again.open(dir / "o.dat", log.length(), 1u << 16, kLogExtents).ok());
  EXPECT_EQ(again.text(*again.find(3)), R"({"a":2})");
  EXPECT_EQ(again.count(), 2u);
  OverrideLog earlier;  // opened at an earlier length
  ASSERT_TRUE(earlier.open(dir / "o.dat", 32, 1u << 16, kLogExtents).ok());
  EXPECT_EQ(earlier.text(*earlier.find(3)), R"({"a":1})");
}

TEST(OverrideLogTest, every_damaged_byte_is_found) {
  TempDir dir;
  uint64_t length = 0;
  {
    OverrideLog log;
    ASSERT_TRUE(log.open(dir / "o.dat", 0, 1u << 16, kLogExtents).ok());
    ASSERT_TRUE(log.append(1, 1, R"({"first":"record"})").ok());
    ASSERT_TRUE(log.append(2, 2, R"({"second":"record","n":12345})").ok());
    length = log.length();
  }
  const uint64_t padded[] = {24 + 18, 48, 48 + 24 + 29,
                             // [text end, record end) of both records: padding that is never read.
                             length};
  for (uint64_t at = 0; at < length; ++at) {
    if ((at >= padded[0] && at < padded[1]) || at >= padded[2]) continue;
    std::fstream f(dir / "o.dat", std::ios::in | std::ios::out | std::ios::binary);
    const auto flip = [&] {
      f.seekg(static_cast<std::streamoff>(at));
      const int byte = f.get();
      f.seekp(static_cast<std::streamoff>(at));
      f.put(static_cast<char>(byte ^ 4));
      f.flush();
    };
    flip();
    OverrideLog log;
    const base::Status opened = log.open(dir / "o.dat", length, 1u << 16, kLogExtents);
    EXPECT_EQ(opened.code(), base::Code::kCorrupt) << "byte " << at;
    EXPECT_NE(opened.message().find(at < 48 ? "at offset 0" : "at offset 48"), std::string::npos)
        << opened.message();
    flip();
  }
}

TEST(OverrideLogTest, a_full_log_says_so) {
  TempDir dir;
  OverrideLog log;
  ASSERT_TRUE(log.open(dir / "o.dat", 0, 4096, kLogExtents).ok());
  EXPECT_TRUE(log.fits(4096 - 24));
  EXPECT_FALSE(log.fits(4096 - 23));
  ASSERT_TRUE(log.append(1, 1, std::string(3000, 'x')).ok());
  EXPECT_FALSE(log.fits(2000));
}

}  // namespace
}  // namespace rhumb::segment::test
