#include "host/archive/snapshot_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/archive/archives.h"

namespace rhumb::archive::test {
namespace {

using base::Code;

const std::string kGood = "books-1-2026-11-30-08-15-00.snapshot";

class Store : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    auto opened = SnapshotStore::open(root_, 1);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    store_ = std::move(*opened);
  }
  SnapshotFile make(const SnapshotScope& scope, const std::string& text) {
    auto snapshot = store_->begin(scope);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
    const auto packed = pack_into(snapshot->file(), {{"text", "", 0, text}});
    EXPECT_TRUE(packed.ok());
    auto made = snapshot->commit(*packed);
    EXPECT_TRUE(made.ok()) << made.status().message();
    return *made;
  }
  std::vector<std::string> names(const SnapshotScope& scope) {
    const auto list = store_->list(scope);
    EXPECT_TRUE(list.ok());
    std::vector<std::string> out;
    for (const SnapshotFile& file : *list) out.push_back(file.name);
    return out;
  }

  const TempDir temp_;
  const std::string root_ = temp_ / "snapshots";
  std::unique_ptr<SnapshotStore> store_;
};

TEST_F(Store, a_store_without_snapshots_needs_no_directory) {
  EXPECT_TRUE(names({"books", {}}).empty());
  EXPECT_FALSE(base::exists(root_));
}

TEST_F(Store, a_snapshot_is_listed_with_its_size_time_and_checksum) {
  const SnapshotFile made = make({"books", {}}, "a");
  const auto list = store_->list({"books", {}});
  ASSERT_EQ(list->size(), 1u);
  const SnapshotFile& listed = list->front();
  EXPECT_EQ(listed.name, made.name);
  const std::string path = root_ + "/books/" + listed.name;
  EXPECT_EQ(listed.bytes, std::filesystem::file_size(path));
  EXPECT_EQ(listed.checksum, run("sha256sum < " + path).substr(0, 64));
  EXPECT_EQ(creation_time_text(listed.created_seconds) + "\n",
            run("date -u -r " + path + " +%Y-%m-%dT%H:%M:%S"));
  open();
  EXPECT_EQ(names({"books", {}}), std::vector<std::string>{made.name}) << "after a restart";
}

TEST_F(Store, scopes_do_not_see_each_other) {
  const std::vector<SnapshotScope> scopes = {
      {"books", {}}, {"books", 7}, {"books", 70}, {"films", {}}, {"", {}}};
  std::vector<std::string> made;
  for (const SnapshotScope& scope : scopes) made.push_back(make(scope, "x").name);
  for (size_t i = 0; i < scopes.size(); ++i)
    EXPECT_EQ(names(scopes[i]), std::vector<std::string>{made[i]}) << i;
  EXPECT_TRUE(made[1].starts_with("books-shard-7-2")) << made[1];
  EXPECT_TRUE(made[4].starts_with("full-snapshot-2")) << made[4];
}

TEST_F(Store, snapshots_of_the_same_second_have_names_of_their_own) {
  auto first = store_->begin({"books", {}}), second = store_->begin({"books", {}});
  EXPECT_NE(first->name(), second->name());
  std::set<std::string> all;
  for (int i = 0; i < 3; ++i) all.insert(make({"books", {}}, "x").name);
  EXPECT_EQ(all.size(), 3u);
}

TEST_F(Store, an_unfinished_snapshot_is_never_listed_and_leaves_nothing) {
  {
    auto snapshot = store_->begin({"books", {}});
    ASSERT_TRUE(snapshot.ok());
    ASSERT_TRUE(snapshot->file().write_at(0, "half").ok());
    EXPECT_TRUE(names({"books", {}}).empty());
  }
  EXPECT_TRUE(files_below(root_).empty());
}

TEST_F(Store, a_start_removes_what_an_interrupted_process_left) {
  const std::string kept = make({"books", {}}, "x").name;
  const std::string unpacked = *store_->temporary_path();
  put(unpacked + "/half/file", "x");
  put(root_ + "/.tmp/half", "x");
  put(root_ + "/books/gone.snapshot.checksum", "x");
  put(root_ + "/books/shards/7/gone.snapshot.checksum", "x");
  put(root_ + "/gone.snapshot.checksum", "x");
  put(root_ + "/books/" + kept + ".checksum.tmp", "x");
  put(root_ + "/notes.txt", "of the operator");
  open();
  EXPECT_EQ(files_below(root_).size(), 3u);
  EXPECT_EQ(names({"books", {}}), std::vector<std::string>{kept});
  EXPECT_TRUE(base::exists(root_ + "/notes.txt"));
}

TEST_F(Store, a_removed_snapshot_is_gone_with_its_checksum) {
  const std::string name = make({"books", {}}, "x").name;
  EXPECT_TRUE(store_->remove({"books", {}}, name).ok());
  EXPECT_TRUE(files_below(root_).empty());
  const auto again = store_->remove({"books", {}}, name);
  EXPECT_EQ(again.code(), Code::kNotFound);
  EXPECT_EQ(again.message(), "Snapshot `" + name + "` doesn't exist!");
  EXPECT_EQ(store_->find({"books", {}}, name).status().code(), Code::kNotFound);
  EXPECT_EQ(store_->open_file({"books", {}}, name).status().code(), Code::kNotFound);
}

TEST_F(Store, a_file_that_was_put_there_is_a_snapshot_without_a_checksum) {
  put(root_ + "/books/from elsewhere.snapshot", "bytes");
  put(root_ + "/books/known.snapshot", "bytes");
  put(root_ + "/books/known.snapshot.checksum", std::string(64, 'a') + "  known.snapshot\n");
  put(root_ + "/books/no.tar", "bytes");
  EXPECT_EQ(names({"books", {}}),
            (std::vector<std::string>{"from elsewhere.snapshot", "known.snapshot"}));
  EXPECT_EQ(store_->find({"books", {}}, "from elsewhere.snapshot")->checksum, std::nullopt);
  EXPECT_EQ(store_->find({"books", {}}, "known.snapshot")->checksum, std::string(64, 'a'));
}

TEST_F(Store, names_that_lead_elsewhere_are_refused) {
  put(temp_ / "secret.snapshot", "x");
  put(root_ + "/books/.hidden.snapshot", "x");
  const std::string names[] = {"../secret.snapshot",
                               "..",
                               ".",
                               "",
                               "/etc/passwd",
                               ".snapshot",
                               "../../secret.snapshot",
                               "a/b.snapshot",
                               ".hidden.snapshot",
                               "a\n.snapshot",
                               std::string("a\0.snapshot", 11),
                               "books/" + kGood,
                               std::string(300, 'n') + ".snapshot"};
  for (const std::string& name : names) {
    EXPECT_EQ(store_->find({"books", {}}, name).status().code(), Code::kInvalid) << name;
    EXPECT_EQ(store_->open_file({"books", {}}, name).status().code(), Code::kInvalid) << name;
    EXPECT_EQ(store_->remove({"books", {}}, name).code(), Code::kInvalid) << name;
  }
  EXPECT_TRUE(base::exists(temp_ / "secret.snapshot"));
  put(root_ + "/books/notes.txt", "x");
  EXPECT_EQ(store_->remove({"books", {}}, "notes.txt").code(), Code::kNotFound);
}

TEST_F(Store, links_and_directories_are_no_snapshots) {
  put(temp_ / "secret", "x");
  std::filesystem::create_directories(root_ + "/books/directory.snapshot");
  ASSERT_EQ(::symlink((temp_ / "secret").c_str(), (root_ + "/books/link.snapshot").c_str()), 0);
  EXPECT_TRUE(names({"books", {}}).empty());
  for (const char* name : {"link.snapshot", "directory.snapshot"}) {
    EXPECT_EQ(store_->open_file({"books", {}}, name).status().code(), Code::kNotFound) << name;
    EXPECT_EQ(store_->remove({"books", {}}, name).code(), Code::kNotFound) << name;
  }
}

TEST_F(Store, any_name_of_a_collection_gets_a_directory_of_its_own) {
  const std::string names[] = {".",
                               "..",
                               ".tmp",
                               "%2e",
                               "%",
                               "a b",
                               "a%20b",
                               "shards",
                               "caf\xc3\xa9",
                               "a\nb",
                               "A",
                               "a",
                               std::string(255, 'n'),
                               std::string(255, '.'),
                               std::string(254, '.') + ","};
  std::set<std::string> directories;
  for (const std::string& name : names) {
    const SnapshotFile made = make({name, {}}, "x");
    EXPECT_TRUE(check_snapshot_name(made.name).ok()) << made.name;
    ASSERT_EQ(store_->list({name, {}})->size(), 1u) << name;
    const std::string directory = snapshot_directory({name, {}});
    EXPECT_TRUE(directories.insert(directory).second) << directory;
    EXPECT_NE(directory.front(), '.');
    EXPECT_EQ(directory.find('/'), std::string::npos);
  }
  EXPECT_TRUE(this->names({"", {}}).empty());
}

TEST(SnapshotName, is_as_the_protocol_has_it) {
  const uint64_t when = 1'796'026'500ull * 1'000'000'000;
  EXPECT_EQ(snapshot_name({"books", {}}, 1, when, 1), "books-1-2026-11-30-08-15-00.snapshot");
  EXPECT_EQ(snapshot_name({"books", {}}, 12, when, 2), "books-12-2026-11-30-08-15-00-2.snapshot");
  EXPECT_EQ(snapshot_name({"books", 7}, 1, when, 1), "books-shard-7-2026-11-30-08-15-00.snapshot");
  EXPECT_EQ(snapshot_name({"", {}}, 1, when, 1), "full-snapshot-2026-11-30-08-15-00.snapshot");
  EXPECT_EQ(creation_time_text(when / 1'000'000'000), "2026-11-30T08:15:00");
}

}  // namespace
}  // namespace rhumb::archive::test
