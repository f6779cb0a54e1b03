#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/app/upgrade/backup.h"
#include "host/app/upgrade/formats.h"
#include "host/segment/format.h"

namespace rhumb::app::upgrade {
namespace {

namespace fs = std::filesystem;

class UpgradeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(directory_);
    write("log/1.wal", "log");
    write("metadata/data.db", "map");
    write("other/of-an-operator", "kept");
    write("shards/1024/manifest", R"({"format": 1, "shard": 1024})");
    write("shards/1024/kv/data.db", "rows");
    write("shards/1024/segments/1/manifest", R"({"format": 1, "segment": 1, "state": "sealed"})");
    write("shards/1024/segments/1/rows.dat", "sealed");
    write("shards/1024/segments/1/override.dat", "overrides");
    write("shards/1024/segments/1/graph.0/graph", "graph");
    write("shards/1024/segments/2/manifest", R"({"format": 1, "segment": 2, "state": "growing"})");
    write("shards/1024/segments/2/rows.dat", "growing");
  }
  void TearDown() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) const {
    const fs::path path = fs::path(directory_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_ + "/" + name).rdbuf();
    return text.str();
  }
  bool exists(const std::string& name) const { return fs::exists(directory_ + "/" + name); }
  bool linked(const std::string& name) const {
    return fs::hard_link_count(directory_ + "/upgrade-backup/" + name) == 2;
  }
  // What an upgrade does to the manifests.
  void upgrade() const {
    write("shards/1024/manifest", R"({"format": 2, "shard": 1024})");
    write("shards/1024/kv/data.db", "newer rows");
    fs::remove_all(directory_ + "/shards/1024/segments/1");
  }

  const std::string directory_ = testing::TempDir() + "/upgrade_test_" + std::to_string(getpid());
};

TEST_F(UpgradeTest, only_what_no_release_writes_in_place_is_linked) {
  ASSERT_TRUE(prepare(directory_).ok());
  const std::string segments = "shards/1024/segments/";
  EXPECT_TRUE(linked(segments + "1/rows.dat"));
  EXPECT_TRUE(linked(segments + "1/graph.0/graph"));
  EXPECT_FALSE(linked(segments + "1/override.dat"));
  EXPECT_FALSE(linked(segments + "1/manifest"));
  EXPECT_FALSE(linked(segments + "2/rows.dat"));
  EXPECT_FALSE(linked("shards/1024/kv/data.db"));
  EXPECT_FALSE(linked("log/1.wal"));
  EXPECT_FALSE(exists("upgrade-backup/other"));
  EXPECT_FALSE(exists("upgrade-backup.tmp"));
  const auto state = read_state(directory_);
  ASSERT_TRUE(state.ok() && state->backup);
  EXPECT_EQ(state->backup->size.linked_files, 2u);
  EXPECT_EQ(state->backup->size.copied_files, 8u);
}

TEST_F(UpgradeTest, files_that_are_being_written_are_never_linked) {
  for (const char* name : {"rows.dat", "slots.0.dat", "vec.0.dat.crc", "moved.3", "graph.0/graph",
                           "graph.1/deeper/file", "fields/payload-00.idx"})
    EXPECT_TRUE(segment::never_changes(name)) << name;
  for (const char* name : {"override.dat", "manifest", "manifest.tmp", "rows.dat.crc.tmp",
                           "graph.0.tmp/graph", "fields/payload-00.idx.tmp", "unknown"})
    EXPECT_FALSE(segment::never_changes(name)) << name;
}

TEST_F(UpgradeTest, a_rollback_puts_every_part_back_and_leaves_other_files_alone) {
  ASSERT_TRUE(prepare(directory_).ok());
  upgrade();
  write("other/of-an-operator", "changed");
  ASSERT_TRUE(prepare(directory_).ok());  // the next start
  ASSERT_TRUE(roll_back(directory_).ok());
  EXPECT_EQ(read("shards/1024/kv/data.db"), "rows");
  EXPECT_EQ(read("shards/1024/segments/1/rows.dat"), "sealed");
  EXPECT_EQ(count_formats(directory_).older, 3u);
  EXPECT_EQ(read("other/of-an-operator"), "changed");
  EXPECT_FALSE(exists("upgrade-backup") || exists("upgrade-rollback"));
  EXPECT_EQ(roll_back(directory_).code(), base::Code::kNotFound);
}

TEST_F(UpgradeTest, a_rollback_that_was_cut_short_keeps_servers_out_and_goes_on) {
  ASSERT_TRUE(prepare(directory_).ok());
  upgrade();
  fs::rename(directory_ + "/upgrade-backup", directory_ + "/upgrade-rollback");
  fs::remove_all(directory_ + "/log");
  fs::rename(directory_ + "/upgrade-rollback/log", directory_ + "/log");
  EXPECT_EQ(prepare(directory_).code(), base::Code::kUnavailable);
  EXPECT_EQ(commit(directory_).code(), base::Code::kUnavailable);
  ASSERT_TRUE(roll_back(directory_).ok());
  EXPECT_EQ(read("log/1.wal"), "log");
  EXPECT_EQ(read("shards/1024/kv/data.db"), "rows");
}

TEST_F(UpgradeTest, a_directory_of_the_present_format_gets_no_backup) {
  upgrade();
  fs::remove_all(directory_ + "/shards/1024/segments");
  write("upgrade-backup.tmp/log/1.wal", "left by a kill");
  ASSERT_TRUE(prepare(directory_).ok());
  EXPECT_FALSE(exists("upgrade-backup") || exists("upgrade-backup.tmp"));
  EXPECT_EQ(commit(directory_).code(), base::Code::kNotFound);
}

TEST_F(UpgradeTest, a_backup_of_a_newer_format_is_refused_in_words_that_name_both) {
  ASSERT_TRUE(prepare(directory_).ok());
  write("upgrade-backup/manifest", R"({"format": 2, "parts": []})");
  const base::Status refused = roll_back(directory_);
  EXPECT_EQ(refused.code(), base::Code::kUnsupported);
  EXPECT_NE(refused.message().find("format 2, this release reads 1"), std::string::npos)
      << refused.message();
  EXPECT_TRUE(exists("upgrade-backup/log/1.wal"));
}

}  // namespace
}  // namespace rhumb::app::upgrade
