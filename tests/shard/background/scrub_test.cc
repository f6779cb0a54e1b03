// Sealed files are read again from the disk: all of them within a period, beside merges, and damage
// is found without a search.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "host/base/clock.h"
#include "host/base/file.h"
#include "host/base/timer.h"
#include "host/shard/background/scrub_record.h"
#include "tests/shard/model.h"

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kNeverDue = 1'000'000;  // seconds

uint64_t seconds_now() { return base::wall_ns() / 1'000'000'000; }

class ScrubTest : public ::testing::Test {
 protected:
  ScrubTest() : h(all_vectors()), source(23, 300) {
    std::printf("seed 23\n");
    shrink(h.options);
    h.options.segment.max_rows = 256;
    h.options.timers = &timers;
    h.options.compaction.enabled = false;
  }
  // Opens the shard with sealed segments and a growing one.
  void fill(uint64_t period_seconds) {
    ledger = std::make_unique<ScrubLedger>(period_seconds, 1ull << 40);
    h.options.scrub = nullptr;
    h.open();
    for (int i = 0; i < 900; ++i) {
      const model::Command command = source.next(model);
      model.apply(command, h.propose(command));
    }
    ASSERT_TRUE(h.apply().ok());
    ASSERT_TRUE(h.checkpoint().ok());
    h.close();
    h.options.scrub = ledger.get();
    h.open();
  }
  std::vector<fs::path> sealed() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(h.directory() + "/segments"))
      if (fs::exists(entry.path() / "rows.dat.crc")) found.push_back(entry.path());
    return found;
  }
  // Both outlive the shard.
  base::TimerQueue timers;
  std::unique_ptr<ScrubLedger> ledger;
  Harness h;
  Model model;
  CommandSource source;
};

TEST_F(ScrubTest, all_sealed_segments_are_read_within_the_period) {
  const uint64_t before = seconds_now();
  fill(1);
  ASSERT_GE(sealed().size(), 2u);
  for (const fs::path& segment : sealed()) {
    const auto read_at = [&] {
      return fs::exists(segment / "scrubbed.json") ? read_scrub_record(segment).intact_at : 0;
    };
    while (read_at() <= before) std::this_thread::yield();
  }
  EXPECT_TRUE(h->fenced().ok()) << h->fenced().to_string();
  expect_equal(h, model, "beside the scrubber");
}

TEST_F(ScrubTest, damage_is_found_before_a_search_needs_the_bytes) {
  for (const char* name : {"rows.dat", "ids.dat", "payload.dat", "vec.0.dat", "slots.2.dat"}) {
    ScrubLedger every_second(1, 1ull << 40);
    Harness damaged(all_vectors());
    shrink(damaged.options);
    damaged.options.segment.max_rows = 256;
    damaged.options.timers = &timers;
    damaged.options.compaction.enabled = false;  // segment 1 has to stay
    damaged.options.scrub = &every_second;
    damaged.open();
    for (int i = 0; i < 900; ++i) {
      const model::Command command = source.next(model);
      model.apply(command, damaged.propose(command));
    }
    ASSERT_TRUE(damaged.apply().ok());
    ASSERT_TRUE(damaged.checkpoint().ok());
    const fs::path file = fs::path(damaged.directory()) / "segments/1" / name;
    while (!fs::exists(file.string() + ".crc")) std::this_thread::yield();
    {
      std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
      const auto offset = static_cast<std::streamoff>(fs::file_size(file) / 2);
      f.seekg(offset);
      const int byte = f.get();
      f.seekp(offset);
      f.put(static_cast<char>(byte ^ 0x10));
    }
    while (damaged->fenced().ok()) std::this_thread::yield();
    const std::string reason = damaged->fenced().to_string();
    EXPECT_NE(reason.find(file.string() + " at offset 0"), std::string::npos) << reason;
    damaged.abandon();
  }
}

TEST_F(ScrubTest, a_missing_file_is_damage) {
  fill(1);
  fs::remove(sealed().front() / "payload.dat");
  while (h->fenced().ok()) std::this_thread::yield();
  EXPECT_NE(h->fenced().to_string().find("payload.dat"), std::string::npos);
  h.abandon();
}

TEST_F(ScrubTest, merges_go_on_meanwhile) {
  h.options.compaction.dead_rows = h.options.compaction.dead_bytes = 1;
  fill(1);
  const uint64_t until = seconds_now() + 4;
  while (seconds_now() < until) {
    for (int i = 0; i < 100; ++i) {
      const model::Command command = source.next(model);
      model.apply(command, h.propose(command));
    }
    ASSERT_TRUE(h.apply().ok());
    const base::Status merged = h.compact();
    ASSERT_TRUE(merged.ok()) << merged.to_string();
  }
  ASSERT_TRUE(h->fenced().ok()) << h->fenced().to_string();
  expect_equal(h, model, "after merges");
}

// Nothing is due for days, so only what an earlier start left is gone on with.
TEST_F(ScrubTest, what_is_not_due_is_not_read) {
  fill(kNeverDue);
  for (const fs::path& segment : sealed()) EXPECT_FALSE(fs::exists(segment / "scrubbed.json"));
  EXPECT_LT(h->scrubbed_seconds_ago(), kNeverDue);
  for (const fs::path& segment : sealed())
    ASSERT_TRUE(write_scrub_record(segment, {seconds_now() - kNeverDue, 1}).ok());
  h.close();
  h.open();
  for (const fs::path& segment : sealed()) {
    while (read_scrub_record(segment).blocks != 0) std::this_thread::yield();
    EXPECT_LT(seconds_now() - read_scrub_record(segment).intact_at, kNeverDue);
  }
}

TEST_F(ScrubTest, a_record_that_cannot_be_read_counts_from_the_sealing) {
  fill(0);
  const fs::path segment = sealed().front();
  const uint64_t sealed_at = read_scrub_record(segment).intact_at;
  EXPECT_LE(sealed_at, seconds_now());
  EXPECT_GT(sealed_at + 600, seconds_now());
  ASSERT_TRUE(write_scrub_record(segment, {17, 5}).ok());
  EXPECT_EQ(read_scrub_record(segment).intact_at, 17u);
  EXPECT_EQ(read_scrub_record(segment).blocks, 5u);
  const auto text = base::read_file(segment / "scrubbed.json", 4096);
  ASSERT_TRUE(text.ok());
  for (size_t at = 0; at < text->size(); ++at) {
    std::string changed = *text;
    changed[at] ^= 1;
    std::ofstream(segment / "scrubbed.json", std::ios::binary | std::ios::trunc) << changed;
    EXPECT_EQ(read_scrub_record(segment).intact_at, sealed_at) << "byte " << at;
  }
}

TEST_F(ScrubTest, one_reading_serves_all_names_of_a_file) {
  ScrubLedger ledger(1000, 1ull << 20);
  const base::DirectFile::Inode alone{1, 10, 1}, linked{1, 11, 2};
  ledger.found_intact(alone, 500);
  ledger.found_intact(linked, 500);
  EXPECT_FALSE(ledger.intact_since(alone, 100));
  EXPECT_TRUE(ledger.intact_since(linked, 499));
  EXPECT_FALSE(ledger.intact_since(linked, 500));
  ledger.found_intact({1, 12, 2}, 2000);
  EXPECT_FALSE(ledger.intact_since(linked, 100)) << "it is too long ago";
}

}  // namespace
}  // namespace rhumb::shard::test
