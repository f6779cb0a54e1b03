// Replicas follow the cluster map: they are opened, configured, dropped, and found again after a
// restart.
#include <filesystem>
#include <fstream>

#include "tests/worker/life.h"

namespace rhumb::worker {
namespace {

using base::Code;
namespace fs = std::filesystem;

class ReplicasTest : public WorkerTest {};

TEST_F(ReplicasTest, shards_of_this_node_are_opened_and_the_others_are_not) {
  const uint64_t mine = add("mine"), theirs = add("theirs", 2);
  begin();
  ASSERT_TRUE(life_->await(mine, version_of("mine")).ok());
  EXPECT_TRUE(life_->worker().replicas().find(mine).ok());
  EXPECT_TRUE(fs::exists(shard_directory(mine)));
  const base::Status other = life_->worker().replicas().find(theirs).status();
  EXPECT_EQ(other.code(), Code::kUnavailable);
  EXPECT_NE(other.message().find("is not on this node"), std::string::npos) << other.message();
  EXPECT_FALSE(fs::exists(shard_directory(theirs)));
  std::string why;
  EXPECT_TRUE(life_->worker().replicas().settled(&why)) << why;
}

TEST_F(ReplicasTest, a_shard_that_is_created_later_does_not_unsettle_the_others) {
  add("first");
  begin_serving();
  std::string why;
  ASSERT_TRUE(life_->worker().replicas().settled(&why)) << why;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "later" + std::to_string(i);
    const uint64_t shard = add(name);
    show();
    EXPECT_TRUE(life_->worker().replicas().settled(&why))
        << "while its shard is being opened: " << why;
    ASSERT_TRUE(life_->await(shard, version_of(name)).ok());
    EXPECT_TRUE(life_->worker().replicas().settled(&why)) << why;
  }
}

TEST_F(ReplicasTest, before_the_first_map_nothing_is_settled_and_waiters_wait) {
  map_.version = 0;  // there is nothing to show yet
  begin();
  std::string why;
  EXPECT_FALSE(life_->worker().replicas().settled(&why));
  EXPECT_FALSE(why.empty());
  const uint64_t shard = add("late");
  auto waiting = life_->send(peer::AwaitConfigMessage{shard, version_of("late")});
  show();
  EXPECT_TRUE(waiting.get().ok());
}

TEST_F(ReplicasTest, waiters_for_a_dropped_or_late_shard_get_an_error) {
  begin();
  EXPECT_TRUE(life_->await(4711, 1).ok())
      << "a map of that version has no such shard, so no replica has to be ready";
  const auto late = life_->ask(peer::AwaitConfigMessage{4711, 1000}, base::Deadline::after_ms(5));
  EXPECT_EQ(late.status().code(), Code::kTimeout);
  EXPECT_NE(late.status().message().find("shard 4711 is not ready yet"), std::string::npos)
      << late.status().message();
  auto waiting = life_->send(peer::AwaitConfigMessage{4711, 1000});
  life_->stop_worker();
  EXPECT_EQ(waiting.get().status().code(), Code::kUnavailable);
  EXPECT_EQ(life_->await(4711, 1000).code(), Code::kUnavailable) << "stopped";
}

TEST_F(ReplicasTest, a_change_of_the_configuration_is_carried_out) {
  const uint64_t shard = add("books");
  begin_serving();
  ASSERT_TRUE(life_->ask(write_to(shard, true, upsert(0, 50))).ok());
  change("books", [](model::CollectionConfig& c) {
    c.payload_indexes["n"] = {model::FieldType::kInteger, ""};
  });
  auto waiting = life_->send(peer::AwaitConfigMessage{shard, version_of("books")});
  show();
  ASSERT_TRUE(waiting.get().ok());
  const auto state = life_->ask(peer::ShardStateMessage{shard});
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->state.index_points, (std::vector<std::pair<std::string, uint64_t>>{{"n", 50}}));
}

TEST_F(ReplicasTest, a_dropped_shard_leaves_nothing_and_does_not_come_back) {
  const uint64_t books = add("books"), films = add("films");
  begin_serving();
  ASSERT_TRUE(life_->ask(write_to(books, true, upsert(0, 5))).ok());
  ASSERT_TRUE(life_->ask(write_to(films, true, upsert(0, 7))).ok());
  map_.collections.erase("books");
  ++map_.version;
  const uint64_t songs = add("songs");  // in the same map, so the drop is done once it serves
  show();
  ASSERT_TRUE(life_->await(songs, version_of("songs")).ok());
  EXPECT_EQ(life_->ask(write_to(books, true, upsert(0, 5))).status().code(), Code::kUnavailable);
  begin();
  ASSERT_TRUE(life_->await(films, version_of("films")).ok());
  EXPECT_FALSE(fs::exists(shard_directory(books)));
  const auto groups = life_->groups().recovered_groups();
  EXPECT_EQ(std::count(groups.begin(), groups.end(), books), 0) << "its log is forgotten";
  EXPECT_EQ(life_->count(films), 7u);
}

TEST_F(ReplicasTest, a_dropped_shard_that_is_still_at_work_keeps_no_other_from_being_opened) {
  const uint64_t books = add("books");
  begin_serving();
  ASSERT_TRUE(life_->ask(write_to(books, true, upsert(0, 5))).ok());
  std::promise<void> begun, release;
  (*life_->worker().replicas().find(books))->shard->when_indexed([&] {
    begun.set_value();
    release.get_future().wait();
  });
  begun.get_future().wait();
  map_.collections.erase("books");
  ++map_.version;
  const uint64_t songs = add("songs");
  show();
  std::promise<base::Status> opened;
  life_->worker().replicas().await(
      songs, version_of("songs"), [&](const auto& replica) { opened.set_value(replica.status()); });
  EXPECT_TRUE(opened.get_future().get().ok());
  EXPECT_TRUE(fs::exists(shard_directory(books)));
  release.set_value();
  end();
  EXPECT_FALSE(fs::exists(shard_directory(books)));
}

TEST_F(ReplicasTest, shards_that_a_restart_finds_serve_again) {
  const uint64_t shard = add("books");
  begin_serving();
  const auto written = life_->ask(write_to(shard, true, upsert(0, 100), remove_ids({3, 4})));
  ASSERT_TRUE(written.ok()) << written.status().to_string();
  for (int time = 0; time < 2; ++time) {
    begin();
    ASSERT_TRUE(life_->await(shard, version_of("books")).ok());
    EXPECT_EQ(life_->count(shard, written->outcomes.back().index), 98u);
  }
}

// A crash came between the drop in the metadata and the removal here, and another directory is
// newer than the metadata.
TEST_F(ReplicasTest, orphans_are_removed_and_foreign_directories_are_left_alone) {
  const uint64_t books = add("books"), films = add("films");
  begin_serving();
  ASSERT_TRUE(life_->ask(write_to(books, true, upsert(0, 5))).ok());
  end();
  map_.collections.erase("books");
  ++map_.version;
  const std::string never = shard_directory(map_.next_shard), word = directory_ + "/shards/notes";
  fs::create_directory(never);
  fs::create_directory(word);
  begin();
  ASSERT_TRUE(life_->await(films, version_of("films")).ok());
  EXPECT_FALSE(fs::exists(shard_directory(books)));
  EXPECT_TRUE(fs::exists(never));
  EXPECT_TRUE(fs::exists(word));
}

TEST_F(ReplicasTest, one_shard_that_cannot_be_opened_does_not_keep_the_others_from_serving) {
  const uint64_t broken = add("broken"), good = add("good");
  std::ofstream(shard_directory(broken)) << "a file where a directory should be";
  begin();
  ASSERT_TRUE(life_->await(good, version_of("good")).ok());
  const base::Status status = life_->await(broken, version_of("broken"));
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_NE(status.message().find("cannot be opened"), std::string::npos) << status.message();
  EXPECT_EQ(life_->ask(write_to(broken, true, upsert(0, 1))).status().code(), Code::kUnavailable);
  EXPECT_TRUE(life_->ask(write_to(good, true, upsert(0, 1))).ok());
  std::string why;
  EXPECT_TRUE(life_->worker().replicas().settled(&why))
      << "it has failed, it is not opening: " << why;
}

TEST_F(ReplicasTest, a_shard_whose_log_was_lost_is_refused) {
  const uint64_t shard = add("books");
  begin_serving();
  ASSERT_TRUE(life_->ask(write_to(shard, true, upsert(0, 5))).ok());
  end();
  fs::remove_all(directory_ + "/log");
  begin();
  const base::Status status = life_->await(shard, version_of("books"));
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_NE(status.message().find("the log was lost"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace rhumb::worker
