// The metadata's state machine over the real key-value store: applied commands are there after a
// reopen, and waiters are answered.
#include "host/placement/metadata.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>

#include "host/plugin/registry.h"
#include "tests/model/text.h"
#include "tests/places.h"

namespace rhumb::placement {
namespace {

using base::Code;
using base::Status;
using consensus::Entry;
using consensus::EntryType;

CreateCollection creation_of(const std::string& name) {
  CreateCollection c{name, "uuid-of-" + name, {}, "hash", {{1}}, {{0, model::kBuckets, 0}}};
  c.config.vectors[""].size = 4;
  return c;
}

class MetadataTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rhumb-metadata-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    const Status loaded = plugins_.load_file(places::plugin("storage_sqlite"));
    ASSERT_TRUE(loaded.ok()) << loaded.message();
    open();
  }
  void TearDown() override {
    if (metadata_ != nullptr) metadata_->stop();
    metadata_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::unique_ptr<storage::KvStore> store() {
    auto opened = storage::KvStore::open(plugins_, "sqlite", directory_ + "/kv");
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    return std::move(*opened);
  }
  void open() {
    auto opened =
        Metadata::open(store(), executor_, [this](uint64_t index) { released_.push_back(index); });
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    metadata_ = std::move(*opened);
    index_ = metadata_->durable_index();
  }
  void reopen() {
    metadata_->stop();
    metadata_.reset();
    open();
  }
  Entry entry(const Command& command) { return {++index_, 1, EntryType::kData, to_json(command)}; }
  Status apply(std::vector<Entry> entries) {
    std::promise<Status> done;
    metadata_->apply(std::move(entries), [&](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
  template <typename... C>
  Status run(const C&... commands) {
    std::vector<Entry> entries;
    (entries.push_back(entry(commands)), ...);
    return apply(std::move(entries));
  }
  Status checkpoint() {
    std::promise<Status> done;
    metadata_->checkpoint([&](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }

  base::Executor executor_{"test", 2, 64};
  plugin::PluginRegistry plugins_{executor_};
  std::string directory_;
  std::unique_ptr<Metadata> metadata_;
  std::vector<uint64_t> released_;  // written on the strand, read when the strand is idle
  uint64_t index_ = 0;
};

TEST_F(MetadataTest, a_reopened_store_has_the_same_map) {
  EXPECT_EQ(metadata_->durable_index(), 0u);
  EXPECT_TRUE(metadata_->map()->collections.empty());
  ASSERT_TRUE(apply({{++index_, 1, EntryType::kNoop, ""}}).ok()) << "what a new group begins with";
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}, creation_of("books"), creation_of("films"),
                  creation_of("songs"))
                  .ok());
  using Kind = AliasChange::Kind;
  ASSERT_TRUE(run(ChangeAliases{{{Kind::kCreate, "books", "b", ""},
                                 {Kind::kCreate, "films", "f", ""},
                                 {Kind::kCreate, "songs", "s", ""}}})
                  .ok());
  UpdateCollection update{"films", metadata_->map()->find("films")->config_version,
                          metadata_->map()->find("films")->config};
  update.config.payload_indexes["year"] = {model::FieldType::kInteger, ""};
  ASSERT_TRUE(
      run(update, DropCollection{"songs"}, ChangeAliases{{{Kind::kRename, "", "b", "b2"}}}).ok());
  const std::string before = model::text_of(*metadata_->map());
  for (int time = 0; time < 2; ++time) {
    reopen();
    EXPECT_EQ(model::text_of(*metadata_->map()), before);
    EXPECT_EQ(metadata_->durable_index(), 9u);
  }
  EXPECT_EQ(metadata_->map()->aliases,
            (std::map<std::string, std::string>{{"b2", "books"}, {"f", "films"}}));
  ASSERT_TRUE(run(creation_of("songs")).ok());
  EXPECT_EQ(metadata_->map()->find("songs")->shards[0].shard, model::kFirstShard + 3)
      << "ids go on after a restart";
}

TEST_F(MetadataTest, a_refused_command_is_an_outcome_and_not_a_failure_of_the_state_machine) {
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}, creation_of("books"), creation_of("books"),
                  creation_of("films"))
                  .ok());
  std::vector<Applied> outcomes;
  for (uint64_t index = 1; index <= 4; ++index)
    metadata_->await(index, [&](Applied a) { outcomes.push_back(std::move(a)); });
  ASSERT_EQ(outcomes.size(), 4u) << "they are applied: await answers at once";
  EXPECT_TRUE(outcomes[1].status.ok() && outcomes[1].changed);
  EXPECT_EQ(outcomes[2].status.code(), Code::kExists);
  EXPECT_FALSE(outcomes[2].changed);
  EXPECT_TRUE(outcomes[3].status.ok() && outcomes[3].changed);
  EXPECT_EQ(metadata_->map()->collections.size(), 2u);
}

TEST_F(MetadataTest, await_fires_when_its_command_is_applied_and_not_before) {
  std::vector<std::string> fired;
  const auto note = [&](const std::string& who) {
    return [&fired, who](const Applied& a) { fired.push_back(who + (a.changed ? "+" : "-")); };
  };
  metadata_->await(2, note("second"));
  metadata_->await(1, note("first"));
  metadata_->await(2, note("second too"));
  EXPECT_TRUE(fired.empty());
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}).ok());
  EXPECT_EQ(fired, std::vector<std::string>{"first+"});
  ASSERT_TRUE(run(DropCollection{"nothing"}).ok());
  EXPECT_EQ(fired, (std::vector<std::string>{"first+", "second-", "second too-"}));
}

TEST_F(MetadataTest, an_outcome_from_before_the_start_is_unknown) {
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}).ok());
  reopen();
  Applied outcome;
  metadata_->await(1, [&](Applied a) { outcome = std::move(a); });
  EXPECT_EQ(outcome.status.code(), Code::kTimeout);
}

TEST_F(MetadataTest, watchers_get_each_newer_map_once) {
  std::vector<uint64_t> seen;
  const auto note = [&](base::Result<MapPtr> map) { seen.push_back((*map)->version); };
  metadata_->watch(0, note);
  metadata_->watch(0, note);
  EXPECT_TRUE(seen.empty()) << "nothing newer than 0 yet";
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}, creation_of("books")).ok());
  EXPECT_EQ(seen, (std::vector<uint64_t>{2, 2})) << "one map a batch";
  metadata_->watch(1, note);
  EXPECT_EQ(seen.size(), 3u) << "there is a newer one: at once";
  metadata_->watch(2, note);
  EXPECT_EQ(seen.size(), 3u);
  ASSERT_TRUE(apply({{++index_, 1, EntryType::kNoop, ""}}).ok());
  EXPECT_EQ(seen.size(), 3u) << "a noop changes no map";
  EXPECT_EQ(metadata_->durable_index(), 3u);
  ASSERT_TRUE(run(DropCollection{"books"}).ok());
  EXPECT_EQ(seen, (std::vector<uint64_t>{2, 2, 2, 4}));
}

TEST_F(MetadataTest, stop_answers_present_and_later_waiters) {
  std::vector<Code> codes;
  const auto awaited = [&](const Applied& a) { codes.push_back(a.status.code()); };
  const auto watched = [&](base::Result<MapPtr> map) { codes.push_back(map.status().code()); };
  metadata_->await(7, awaited);
  metadata_->watch(0, watched);
  EXPECT_TRUE(codes.empty());
  metadata_->stop();
  metadata_->await(7, awaited);
  metadata_->watch(0, watched);
  EXPECT_EQ(codes, std::vector<Code>(4, Code::kUnavailable));
}

TEST_F(MetadataTest, the_log_is_released_up_to_what_is_durable) {
  ASSERT_TRUE(checkpoint().ok());
  EXPECT_TRUE(released_.empty()) << "nothing is applied yet";
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}).ok());
  EXPECT_TRUE(released_.empty());
  ASSERT_TRUE(checkpoint().ok());
  EXPECT_EQ(released_, std::vector<uint64_t>{1});
  std::vector<Entry> many;
  for (int i = 0; i < 1024; ++i) many.push_back(entry(DropCollection{"nothing"}));
  ASSERT_TRUE(apply(std::move(many)).ok());
  EXPECT_EQ(released_, (std::vector<uint64_t>{1, 1025}))
      << "by itself after 1,024 entries: a restart replays no more";
}

TEST_F(MetadataTest, an_entry_that_cannot_be_read_stops_the_machine_and_leaves_the_state) {
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}).ok());
  const std::string before = model::text_of(*metadata_->map());
  const Status status = apply({entry(creation_of("books")),
                               {++index_, 1, EntryType::kData, "{\"op\":\"of a newer release\"}"}});
  EXPECT_EQ(status.code(), Code::kCorrupt);
  EXPECT_EQ(model::text_of(*metadata_->map()), before) << "the batch is one";
  EXPECT_EQ(metadata_->durable_index(), 1u);
  reopen();
  EXPECT_EQ(model::text_of(*metadata_->map()), before);
}

TEST_F(MetadataTest, damaged_rows_are_reported_by_name) {
  ASSERT_TRUE(run(InitCluster{"cluster", {1, ""}}, creation_of("books")).ok());
  metadata_->stop();
  metadata_.reset();
  const auto open_status = [&](const std::string& key, const std::string& value) {
    auto kv = store();
    const auto kept = kv->get(1, key);
    EXPECT_TRUE(kept.ok() && kept->has_value()) << key;
    storage::KvBatch damage, repair;
    damage.put(1, key, value);
    repair.put(1, key, **kept);
    EXPECT_TRUE(kv->write(damage).ok());
    const Status status = Metadata::open(std::move(kv), executor_, [](uint64_t) {}).status();
    EXPECT_TRUE(store()->write(repair).ok());
    return status;
  };
  const Status collection = open_status("cbooks", "garbage");
  EXPECT_EQ(collection.code(), Code::kCorrupt);
  EXPECT_NE(collection.message().find("collection books"), std::string::npos)
      << collection.message();
  EXPECT_NE(open_status("s", std::string("\2\0\0\0", 4)).message().find("format 2"),
            std::string::npos);
  EXPECT_NE(open_status("s", std::string("\1\0\0\0x", 5)).message().find("head row"),
            std::string::npos);
  open();
  EXPECT_EQ(metadata_->map()->collections.size(), 1u) << "repaired";
}

}  // namespace
}  // namespace rhumb::placement
