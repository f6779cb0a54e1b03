// Images that a node takes of its shards, and a shard that was restored from one.
#include <filesystem>

#include "host/shard/image/restore.h"
#include "host/shard/image/verify.h"
#include "tests/worker/life.h"

namespace rhumb::worker {
namespace {

using base::Code;
namespace fs = std::filesystem;

class ImagesTest : public WorkerTest {
 protected:
  std::string image(const std::string& name) const { return directory_ + "/images/" + name; }
  base::Result<shard::TakenImage> take(uint64_t shard, const std::string& name) {
    std::promise<base::Result<shard::TakenImage>> taken;
    life_->worker().replicas().take_image(
        shard, name, [&](base::Result<shard::TakenImage> t) { taken.set_value(std::move(t)); });
    return taken.get_future().get();
  }
  void write(uint64_t shard, uint64_t first, uint64_t count) {
    const auto written = life_->ask(write_to(shard, true, upsert(first, count)));
    ASSERT_TRUE(written.ok()) << written.status().to_string();
  }
  base::Status restore(uint64_t shard, const std::string& name) const {
    shard::RestoreOptions options;
    options.image = image(name);
    options.directory = shard_directory(shard);
    options.shard = shard;
    options.vectors = segment::vector_specs(map_.collections.begin()->second->config);
    return shard::restore_image(options).status();
  }
};

TEST_F(ImagesTest, a_restored_shard_has_a_group_that_begins_where_the_image_ends) {
  const uint64_t first = add("first");
  begin_serving();
  write(first, 0, 50);
  const auto taken = take(first, "one");
  ASSERT_TRUE(taken.ok()) << taken.status().to_string();
  write(first, 50, 10);
  const uint64_t second = add("second");
  const base::Status restored = restore(second, "one");
  ASSERT_TRUE(restored.ok()) << restored.to_string();
  show();
  ASSERT_TRUE(life_->await(second, version_of("second")).ok());
  EXPECT_EQ(life_->count(first), 60u);
  EXPECT_EQ(life_->count(second), 50u);
  const auto status = life_->groups().status(second);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->first_index, taken->manifest.applied_index + 1);
  write(second, 100, 5);
  EXPECT_EQ(life_->count(second), 55u);
  EXPECT_TRUE(shard::verify_image(image("one")).ok());
  for (int start = 0; start < 2; ++start) {
    begin_serving();
    EXPECT_EQ(life_->count(first), 60u);
    EXPECT_EQ(life_->count(second), 55u);
  }
  EXPECT_FALSE(fs::exists(image("one"))) << "whoever wanted it has ended with the process";
}

TEST_F(ImagesTest, a_restored_shard_whose_log_was_lost_is_not_begun_again) {
  const uint64_t first = add("first");
  begin_serving();
  write(first, 0, 50);
  ASSERT_TRUE(take(first, "one").ok());
  const uint64_t second = add("second");
  ASSERT_TRUE(restore(second, "one").ok());
  show();
  ASSERT_TRUE(life_->await(second, version_of("second")).ok());
  write(second, 100, 5);
  end();
  fs::remove_all(directory_ + "/log");
  begin();
  const base::Status lost = life_->await(second, version_of("second"));
  EXPECT_EQ(lost.code(), Code::kUnavailable);
  EXPECT_NE(lost.message().find("the log was lost"), std::string::npos) << lost.message();
}

TEST_F(ImagesTest, what_a_killed_image_or_restore_left_is_removed_at_the_next_start) {
  const uint64_t shard = add("first");
  begin_serving();
  write(shard, 0, 20);
  end();
  fs::create_directories(image("one.unfinished/kv"));
  fs::create_directories(image("whole"));
  fs::create_directories(directory_ + "/shards/4711.unfinished/segments");
  begin_serving();
  EXPECT_FALSE(fs::exists(image("one.unfinished")));
  EXPECT_FALSE(fs::exists(image("whole")));
  EXPECT_FALSE(fs::exists(directory_ + "/shards/4711.unfinished"));
  EXPECT_EQ(life_->count(shard), 20u);
}

TEST_F(ImagesTest, an_image_of_a_shard_that_is_not_here_is_refused) {
  add("first");
  begin_serving();
  EXPECT_EQ(take(4711, "one").status().code(), Code::kUnavailable);
  EXPECT_FALSE(fs::exists(image("one")));
}

}  // namespace
}  // namespace rhumb::worker
