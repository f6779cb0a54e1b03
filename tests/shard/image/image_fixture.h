// A shard that is written at random, beside a model, and of which images are taken.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "host/shard/image/restore.h"
#include "host/shard/image/verify.h"
#include "tests/shard/model.h"

namespace rhumb::shard::test {

class ImageFixture : public ::testing::Test {
 protected:
  explicit ImageFixture(uint64_t seed = 29) : h(all_vectors()), source(seed, 300) {
    shrink(h.options);
    h.options.segment.max_rows = 200;
    h.options.compaction.dead_rows = h.options.compaction.dead_bytes = 1;
    h.options.compaction.move_rows = 50;
  }

  void run(int commands) {
    for (int i = 0; i < commands; ++i) {
      const model::Command command = source.next(model);
      model.apply(command, h.propose(command));
      if (source.draw(8) == 0) ASSERT_TRUE(h.apply().ok());
    }
    ASSERT_TRUE(h.apply().ok());
  }
  std::string image(const std::string& name = "image") const { return temp.path() + "/" + name; }
  ImageManifest take(const std::string& directory) {
    auto taken = h->take_image(directory);
    EXPECT_TRUE(taken.ok()) << taken.status().to_string();
    if (taken.ok())
      std::printf("writes were held back for %llu us\n",
                  static_cast<unsigned long long>(taken->paused_ns / 1000));
    return taken.ok() ? taken->manifest : ImageManifest{};
  }
  RestoreOptions restore_options(const std::string& from) const {
    RestoreOptions restore;
    restore.image = from;
    restore.shard = 2048;
    restore.directory = temp.path() + "/shards/" + std::to_string(restore.shard);
    restore.vectors = segment::vector_specs(h.options.config);
    return restore;
  }
  // Restores the image and expects the shard to hold what `then` holds, and to take writes.
  void expect_restored(const std::string& from, const Model& then, uint64_t index) {
    const RestoreOptions restore = restore_options(from);
    const auto restored = restore_image(restore);
    ASSERT_TRUE(restored.ok()) << restored.status().to_string();
    EXPECT_EQ(restored->applied_index, index);
    Harness other(h.options.config);
    shrink(other.options);
    other.options.segment.max_rows = h.options.segment.max_rows;
    other.options.shard = restore.shard;
    other.set_directory(restore.directory);
    other.begin_log_at(index);
    other.open();
    ASSERT_TRUE(other.is_open());
    EXPECT_EQ(other->begins_at(), index);
    ASSERT_TRUE(other->group_began().ok());
    expect_equal(other, then, "restored");
    EXPECT_EQ(other->state().content_hash, restored->content_hash);
    Model own = then;
    for (int i = 0; i < 60; ++i) {
      const model::Command command = source.next(own);
      own.apply(command, other.propose(command));
    }
    ASSERT_TRUE(other.apply().ok());
    expect_equal(other, own, "restored and written");
    other.close();
    other.open();
    EXPECT_EQ(other->begins_at(), 0u);
    expect_equal(other, own, "restored, written and opened again");
    other.close();
    std::filesystem::remove_all(restore.directory);
  }

  TempDir temp;
  Harness h;
  Model model;
  CommandSource source;
};

}  // namespace rhumb::shard::test
