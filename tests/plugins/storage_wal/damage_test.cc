// Torn tails are dropped, damage below the durable position is refused, and the two are never
// confused.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <sstream>

#include "log_fixture.h"

namespace rhumb::wal_test {
namespace {

constexpr const char* kSmallLogs = R"({"segment_bytes":65536})";

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}
void spill(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

class DamageTest : public LogTest {};

TEST_F(DamageTest, the_last_batch_may_be_torn_at_every_byte) {
  const std::string last(150, 'Z');
  std::string before, after;
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_ + "/live", R"({"segment_bytes":65536,"sync":"never"})"), RHUMB_OK);
    ASSERT_EQ(log.append({{1, 1, 1, "first"}, {1, 2, 1, "second"}}), RHUMB_OK);
    before = slurp(segment_files(dir_ + "/live").front());
    ASSERT_EQ(log.append({{1, 0, 0, "hs", RHUMB_LOG_HARD_STATE}, {1, 3, 1, last}}), RHUMB_OK);
    after = slurp(segment_files(dir_ + "/live").front());
  }
  size_t from = 0, to = after.size();
  while (before[from] == after[from]) ++from;
  while (before[to - 1] == after[to - 1]) --to;
  ASSERT_GT(to - from, 150u);
  const std::string dir = dir_ + "/torn";
  for (size_t cut = from; cut < to; ++cut) {
    // Blocks can reach the disk out of order: either the part before the cut is there, or the part
    // after it.
    for (const bool head_missing : {false, true}) {
      std::filesystem::remove_all(dir);
      std::filesystem::create_directory(dir);
      std::string torn = before;
      if (head_missing) {
        torn.replace(cut + 1, to - cut - 1, after, cut + 1, to - cut - 1);
      } else {
        torn.replace(from, cut - from, after, from, cut - from);
      }
      if (torn == after) continue;  // the missing byte was zero
      spill(dir + "/0000000000000001.wal", torn);
      LogUnderTest log;
      ASSERT_EQ(log.start(dir, kSmallLogs), RHUMB_OK) << "cut at " << cut << ": " << log.error.text;
      ASSERT_EQ(log.recovered[1].entries.size(), 2u) << "cut at " << cut;
      // The next record must not be joined by leftovers of the torn batch at the next start.
      ASSERT_EQ(log.append({{1, 3, 2, "instead"}}), RHUMB_OK);
      log.close();
      ASSERT_EQ(log.start(dir, kSmallLogs), RHUMB_OK) << log.error.text;
      ASSERT_EQ(log.recovered[1].entries.back(), (Entry{1, 3, 2, "instead"}));
    }
    if (cut > from + 100) cut += 6;  // headers byte by byte, the payload in steps
  }
}

TEST_F(DamageTest, a_bit_flipped_below_synced_to_is_refused_with_file_and_offset) {
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_ + "/live", kSmallLogs), RHUMB_OK);
    for (uint64_t i = 1; i <= 20; ++i)
      ASSERT_EQ(log.append({{1, i, 1, "entry " + std::to_string(i)}}), RHUMB_OK);
  }
  const std::string name = "/0000000000000001.wal";
  const std::string good = slurp(dir_ + "/live" + name);
  const size_t end = good.find("entry 20") + std::string("entry 20").size();
  ASSERT_NE(end, std::string::npos);
  const uint64_t seed = 77;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  const std::string dir = dir_ + "/flipped";
  for (int i = 0; i < 150; ++i) {
    const size_t at = random() % end;
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    std::filesystem::remove_all(dir);
    std::filesystem::create_directory(dir);
    spill(dir + name, bad);
    LogUnderTest log;
    const rhumb_status_t rc = log.start(dir, kSmallLogs);
    ASSERT_EQ(rc, at >= 8 && at < 12 ? rc : RHUMB_CORRUPT) << "byte " << at;
    ASSERT_NE(rc, RHUMB_OK) << "byte " << at;
    ASSERT_NE(std::string(log.error.text).find(name), std::string::npos) << log.error.text;
    if (at >= 64)
      ASSERT_NE(std::string(log.error.text).find("at offset "), std::string::npos)
          << log.error.text;
    log.close();
    ASSERT_EQ(slurp(dir + name), bad) << "a refused file must be left as it is";
  }
}

TEST_F(DamageTest, a_cut_file_is_refused) {
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_ + "/live", kSmallLogs), RHUMB_OK);
    for (uint64_t i = 1; i <= 100; ++i)
      ASSERT_EQ(log.append({{1, i, 1, std::string(2000, 'x')}}), RHUMB_OK);
  }
  const auto files = segment_files(dir_ + "/live");
  ASSERT_GE(files.size(), 4u);
  const std::string dir = dir_ + "/cut";
  // The last file is the empty one made ahead of time.
  for (size_t f = 0; f + 1 < files.size(); ++f) {
    for (const uint64_t bytes : {0u, 10u, 64u, 100u, 5000u, 60000u}) {
      std::filesystem::remove_all(dir);
      std::filesystem::copy(dir_ + "/live", dir, std::filesystem::copy_options::recursive);
      const std::string victim = dir + files[f].substr(files[f].rfind('/'));
      const std::string lost = slurp(victim).substr(bytes);
      std::filesystem::resize_file(victim, bytes);
      LogUnderTest log;
      const rhumb_status_t rc = log.start(dir, kSmallLogs);
      if (rc == RHUMB_OK && lost.find_first_not_of('\0') == std::string::npos)
        continue;  // the unused rest of a full segment, so nothing is lost
      ASSERT_EQ(rc, RHUMB_CORRUPT) << victim << " cut to " << bytes;
      ASSERT_NE(std::string(log.error.text).find(".wal"), std::string::npos) << log.error.text;
    }
  }
}

TEST_F(DamageTest, a_missing_segment_is_refused) {
  {
    LogUnderTest log;
    ASSERT_EQ(log.start(dir_, kSmallLogs), RHUMB_OK);
    for (uint64_t i = 1; i <= 100; ++i)
      ASSERT_EQ(log.append({{1, i, 1, std::string(2000, 'x')}}), RHUMB_OK);
  }
  const auto files = segment_files(dir_);
  std::filesystem::rename(files[1], dir_ + "/away");
  LogUnderTest log;
  EXPECT_EQ(log.start(dir_, kSmallLogs), RHUMB_CORRUPT);
  log.close();
  // Without the oldest segment the groups' entries do not reach back to their base.
  std::filesystem::rename(dir_ + "/away", files[1]);
  std::filesystem::remove(files[0]);
  EXPECT_EQ(log.start(dir_, kSmallLogs), RHUMB_CORRUPT) << log.error.text;
}

TEST_F(DamageTest, damage_under_a_running_log_is_never_returned_as_data) {
  LogUnderTest log;
  ASSERT_EQ(log.start(dir_, R"({"segment_bytes":65536,"cache_bytes":0})"), RHUMB_OK);
  ASSERT_EQ(log.append({{1, 1, 1, "precious"}, {1, 2, 1, "other"}}), RHUMB_OK);
  const std::string file = segment_files(dir_).front();
  const size_t at = slurp(file).find("precious");
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::pwrite(fd, "P", 1, static_cast<off_t>(at)), 1);
  ::close(fd);
  std::vector<Entry> got;
  EXPECT_EQ(log.read(1, 1, 1, got), RHUMB_CORRUPT);
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(log.read(1, 2, 2, got), RHUMB_OK);
}

}  // namespace
}  // namespace rhumb::wal_test
