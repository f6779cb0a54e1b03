// Images of a shard that is written: each is exact at one index and lives on alone.
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "tests/shard/image/image_fixture.h"

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;

class TakeImageTest : public ImageFixture {};

std::map<std::string, std::string> contents(const fs::path& directory) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    all[fs::relative(entry.path(), directory)] = {std::istreambuf_iterator<char>(in), {}};
  }
  return all;
}

TEST_F(TakeImageTest, an_image_restores_to_the_same_points_and_goes_on_from_there) {
  h.open();
  run(900);
  const ImageManifest manifest = take(image());
  EXPECT_EQ(manifest.applied_index, h->applied_index());
  EXPECT_EQ(manifest.content_hash, h->state().content_hash);
  EXPECT_EQ(manifest.points, model.points().size());
  const auto verified = verify_image(image());
  ASSERT_TRUE(verified.ok()) << verified.status().to_string();
  EXPECT_EQ(verified->files.size(), manifest.files.size());
  EXPECT_FALSE(fs::exists(image() + ".unfinished"));
  expect_equal(h, model, "after the image");
  expect_restored(image(), model, manifest.applied_index);
}

TEST_F(TakeImageTest, what_is_written_later_is_not_in_the_image) {
  h.open();
  run(500);
  const ImageManifest manifest = take(image());
  const Model then = model;
  const auto before = contents(image());
  run(700);  // payloads of the image's segments are overridden, rows of it die
  ASSERT_TRUE(h.checkpoint().ok());
  EXPECT_EQ(contents(image()), before);
  expect_restored(image(), then, manifest.applied_index);
  expect_equal(h, model, "at the end");
}

TEST_F(TakeImageTest, images_are_exact_while_writes_go_on) {
  h.open();
  run(300);
  std::vector<Model> states(h.log().size() + 1);
  states.back() = model;
  std::atomic<bool> stop{false};
  std::vector<std::pair<std::string, ImageManifest>> images;
  std::vector<std::pair<uint64_t, uint64_t>> bounds;  // acknowledged before, proposed after
  std::atomic<uint64_t> acknowledged{h.log().size()}, proposed{h.log().size()};
  std::thread taker([&] {
    for (int i = 0; i < 6; ++i) {
      const uint64_t before = acknowledged;
      images.emplace_back(image(std::to_string(i)), take(image(std::to_string(i))));
      bounds.emplace_back(before, proposed.load());
    }
    stop = true;
  });
  while (!stop) {
    const model::Command command = source.next(model);
    proposed = h.log().size() + 1;
    model.apply(command, h.propose(command));
    states.push_back(model);
    ASSERT_TRUE(h.apply().ok());
    acknowledged = h.log().size();
  }
  taker.join();
  for (size_t i = 0; i < images.size(); ++i) {
    SCOPED_TRACE("image " + std::to_string(i));
    const uint64_t at = images[i].second.applied_index;
    EXPECT_GE(at, bounds[i].first);
    EXPECT_LE(at, bounds[i].second);
    ASSERT_LT(at, states.size());
    expect_restored(images[i].first, states[at], at);
  }
  expect_equal(h, model, "at the end");
}

TEST_F(TakeImageTest, an_image_outlives_the_shard_that_it_was_taken_from) {
  h.open();
  run(600);
  const ImageManifest manifest = take(image());
  h.close();
  fs::remove_all(h.directory());
  ASSERT_TRUE(verify_image(image()).ok());
  expect_restored(image(), model, manifest.applied_index);
}

TEST_F(TakeImageTest, a_shard_outlives_the_image_that_it_was_made_of) {
  h.open();
  run(600);
  const ImageManifest manifest = take(image());
  ASSERT_TRUE(restore_image(restore_options(image())).ok());
  fs::remove_all(image());
  Harness other(h.options.config);
  shrink(other.options);
  other.options.shard = 2048;
  other.set_directory(restore_options(image()).directory);
  other.begin_log_at(manifest.applied_index);
  other.open();
  expect_equal(other, model, "without the image");
}

TEST_F(TakeImageTest, merges_that_come_between_take_nothing_from_an_image) {
  h.open();
  run(900);
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string directory = image(std::to_string(round));
    h->compact([](const base::Status&) {});
    const ImageManifest manifest = take(directory);
    const Model then = model;
    run(300);
    ASSERT_TRUE(h.compact().ok());
    expect_equal(h, model, "after the merge");
    expect_restored(directory, then, manifest.applied_index);
  }
}

TEST_F(TakeImageTest, files_of_merged_segments_are_removed_once_the_image_is_there) {
  h.open();
  run(900);
  take(image());
  ASSERT_TRUE(h.compact().ok());
  std::set<std::string> known, there;
  for (const auto& entry : fs::directory_iterator(h.directory() + "/segments"))
    there.insert(entry.path().filename());
  h.close();
  h.open();  // a start removes what no state names
  for (const auto& entry : fs::directory_iterator(h.directory() + "/segments"))
    known.insert(entry.path().filename());
  EXPECT_EQ(there, known);
}

TEST_F(TakeImageTest, an_image_of_a_shard_without_points_restores) {
  h.open();
  h.noop();
  ASSERT_TRUE(h.apply().ok());
  const ImageManifest manifest = take(image());
  EXPECT_EQ(manifest.applied_index, 1u);
  expect_restored(image(), model, 1);
}

TEST_F(TakeImageTest, an_image_does_not_replace_a_directory) {
  h.open();
  run(50);
  fs::create_directories(image());
  const auto taken = h->take_image(image());
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.status().code(), base::Code::kExists);
  EXPECT_TRUE(fs::is_empty(image()));
}

TEST_F(TakeImageTest, a_segment_is_linked_and_its_overrides_are_copied) {
  h.open();
  run(600);
  const ImageManifest manifest = take(image());
  uint64_t linked = 0, overrides = 0;
  for (const ImageFile& file : manifest.files) {
    const fs::path path = image() + "/" + file.path;
    EXPECT_EQ(fs::file_size(path), file.sums.bytes);
    if (path.filename() == "override.dat") {
      ++overrides;
      EXPECT_EQ(fs::hard_link_count(path), 1u) << file.path;
    } else if (path.extension() == ".dat") {
      ++linked;
      EXPECT_EQ(fs::hard_link_count(path), 2u) << file.path;
    }
    if (file.path.starts_with("kv/")) EXPECT_EQ(fs::hard_link_count(path), 1u) << file.path;
    EXPECT_EQ(file.lineage == manifest.uuid, file.path.starts_with("kv/")) << file.path;
  }
  EXPECT_GT(linked, 0u);
  EXPECT_GT(overrides, 0u);
}

// Files of the restored shard that are written must not be the original's.
TEST_F(TakeImageTest, two_shards_of_one_image_do_not_see_each_others_writes) {
  h.open();
  run(600);
  const ImageManifest manifest = take(image());
  const Model then = model;
  expect_restored(image(), then, manifest.applied_index);  // writes to the first one
  expect_restored(image(), then, manifest.applied_index);
  ASSERT_TRUE(verify_image(image()).ok());
  expect_equal(h, model, "the original");
}

}  // namespace
}  // namespace rhumb::shard::test
