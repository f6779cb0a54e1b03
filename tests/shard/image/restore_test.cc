// What a restore refuses, and what it does on another file system or with another engine.
#include <sys/stat.h>

#include <fstream>

#include "host/base/file.h"
#include "host/shard/image/unfinished.h"
#include "tests/shard/image/image_fixture.h"

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;

class RestoreImageTest : public ImageFixture {
 protected:
  void SetUp() override {
    h.open();
    run(400);
    manifest = take(image());
  }
  void expect_refused(const RestoreOptions& options, base::Code code, const std::string& words) {
    const auto restored = restore_image(options);
    ASSERT_FALSE(restored.ok());
    EXPECT_EQ(restored.status().code(), code) << restored.status().to_string();
    EXPECT_NE(restored.status().message().find(words), std::string::npos)
        << restored.status().to_string();
  }
  ImageManifest manifest;
};

TEST_F(RestoreImageTest, an_image_of_other_vectors_is_refused_in_words) {
  RestoreOptions options = restore_options(image());
  options.vectors[0].params.size += 1;
  expect_refused(options, base::Code::kInvalid,
                 "vector 'a' has 16 dimensions of float32, distance Cosine in the image and 17");
  options = restore_options(image());
  options.vectors[1].params.distance = model::Distance::kManhattan;
  expect_refused(options, base::Code::kInvalid, "vector 'b'");
  options = restore_options(image());
  options.vectors.pop_back();
  expect_refused(options, base::Code::kInvalid, "the image has 3 vectors, the collection 2");
  options = restore_options(image());
  options.vectors[0].name = "z";
  expect_refused(options, base::Code::kInvalid, "the image has vector 'a', the collection 'z'");
  EXPECT_FALSE(fs::exists(restore_options(image()).directory));
}

TEST_F(RestoreImageTest, a_restore_does_not_replace_a_shard) {
  const RestoreOptions options = restore_options(image());
  ASSERT_TRUE(restore_image(options).ok());
  expect_refused(options, base::Code::kExists, "exists already");
  RestoreOptions missing = options;
  missing.image = image("other");
  expect_refused(missing, base::Code::kNotFound, "other/manifest");
}

TEST_F(RestoreImageTest, a_shard_whose_store_lost_the_images_rows_is_not_an_empty_one) {
  const RestoreOptions options = restore_options(image());
  ASSERT_TRUE(restore_image(options).ok());
  fs::remove_all(options.directory + "/kv");
  ShardOptions shard = h.options;
  shard.shard = options.shard;
  shard.directory = options.directory;
  const auto opened = Shard::open(shard);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), base::Code::kCorrupt);
}

TEST_F(RestoreImageTest, written_files_are_copied_and_others_are_linked) {
  const RestoreOptions options = restore_options(image());
  ASSERT_TRUE(restore_image(options).ok());
  for (const ImageFile& file : manifest.files) {
    struct stat one {
    }, other{};
    ASSERT_EQ(::stat((image() + "/" + file.path).c_str(), &one), 0);
    ASSERT_EQ(::stat((options.directory + "/" + file.path).c_str(), &other), 0);
    const fs::path name = fs::path(file.path).filename();
    const bool written =
        file.path.starts_with("kv/") || name == "override.dat" || name == "manifest";
    EXPECT_EQ(one.st_ino != other.st_ino, written) << file.path;
  }
}

TEST_F(RestoreImageTest, unfinished_directories_are_removed_by_name) {
  fs::create_directories(temp.path() + "/shards/7.unfinished/kv");
  fs::create_directories(temp.path() + "/shards/8");
  std::ofstream(temp.path() + "/shards/7.unfinished/kv/data.db") << "x";
  ASSERT_TRUE(remove_unfinished(temp.path() + "/shards").ok());
  EXPECT_FALSE(fs::exists(temp.path() + "/shards/7.unfinished"));
  EXPECT_TRUE(fs::exists(temp.path() + "/shards/8"));
  EXPECT_TRUE(remove_unfinished(temp.path() + "/nowhere").ok());
}

// An earlier attempt may have been cut off.
TEST_F(RestoreImageTest, what_an_earlier_attempt_left_does_not_get_in) {
  const RestoreOptions options = restore_options(image());
  fs::create_directories(options.directory + ".unfinished/segments/99");
  std::ofstream(options.directory + ".unfinished/segments/99/rows.dat") << "x";
  fs::create_directories(image("next") + ".unfinished/kv");
  std::ofstream(image("next") + ".unfinished/kv/other") << "x";
  ASSERT_TRUE(restore_image(options).ok());
  EXPECT_FALSE(fs::exists(options.directory + "/segments/99"));
  take(image("next"));
  EXPECT_TRUE(verify_image(image("next")).ok());
}

}  // namespace
}  // namespace rhumb::shard::test
