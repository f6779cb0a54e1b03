// Verification reads every byte: whatever differs from the manifest is refused and named.
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/shard/image/image_fixture.h"

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;

class VerifyImageTest : public ImageFixture {
 protected:
  void SetUp() override {
    h.open();
    run(600);
    manifest = take(image());
    h.close();
    // Linked files are changed below, so the original goes.
    fs::remove_all(h.directory());
  }
  void expect_refused(const std::string& path, base::Code code = base::Code::kCorrupt) {
    const auto verified = verify_image(image());
    ASSERT_FALSE(verified.ok()) << path;
    EXPECT_EQ(verified.status().code(), code) << verified.status().to_string();
    EXPECT_NE(verified.status().message().find(path), std::string::npos)
        << verified.status().to_string();
    const auto restored = restore_image(restore_options(image()));
    EXPECT_FALSE(restored.ok());
    EXPECT_FALSE(fs::exists(restore_options(image()).directory));
    EXPECT_FALSE(fs::exists(restore_options(image()).directory + ".unfinished"));
  }
  void flip(const std::string& path, uint64_t at) {
    std::fstream file(image() + "/" + path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }

  ImageManifest manifest;
};

TEST_F(VerifyImageTest, a_changed_byte_in_any_file_is_refused_and_named) {
  ASSERT_GT(manifest.files.size(), 20u);
  for (const ImageFile& file : manifest.files) {
    if (file.sums.bytes == 0) continue;
    for (const uint64_t at : {uint64_t{0}, source.draw(file.sums.bytes), file.sums.bytes - 1}) {
      flip(file.path, at);
      expect_refused(file.path);
      flip(file.path, at);
    }
  }
  ASSERT_TRUE(verify_image(image()).ok());
}

TEST_F(VerifyImageTest, a_changed_byte_in_the_manifest_is_refused) {
  const uint64_t bytes = fs::file_size(image() + "/manifest");
  for (uint64_t at = 0; at < bytes; at += 1 + source.draw(bytes / 300)) {
    flip("manifest", at);
    const auto verified = verify_image(image());
    EXPECT_FALSE(verified.ok()) << "byte " << at;
    flip("manifest", at);
  }
  ASSERT_TRUE(verify_image(image()).ok());
}

TEST_F(VerifyImageTest, a_file_that_is_cut_off_or_too_long_is_refused_and_named) {
  for (const ImageFile& file : manifest.files) {
    if (file.sums.bytes == 0) continue;
    const fs::path path = image() + "/" + file.path;
    std::ifstream in(path, std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(in), {}};
    for (const std::string& other : {whole.substr(0, whole.size() - 1), whole + '\0'}) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << other;
      expect_refused(file.path);
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole;
  }
  ASSERT_TRUE(verify_image(image()).ok());
}

TEST_F(VerifyImageTest, a_missing_file_is_refused_and_named) {
  for (const ImageFile& file : manifest.files) {
    const fs::path path = image() + "/" + file.path, aside = image("aside");
    fs::rename(path, aside);
    expect_refused(file.path);
    fs::rename(aside, path);
  }
}

TEST_F(VerifyImageTest, a_file_too_many_is_refused_and_named) {
  for (const std::string path : {"more", "kv/data.db-wal", "segments/1/override.dat.old"}) {
    std::ofstream(image() + "/" + path) << "x";
    expect_refused(path);
    fs::remove(image() + "/" + path);
  }
  fs::create_symlink("/etc/hostname", image() + "/link");
  expect_refused("link", base::Code::kInvalid);
}

TEST_F(VerifyImageTest, a_newer_format_is_refused_in_words_that_name_both) {
  std::ifstream in(image() + "/manifest");
  auto document = nlohmann::json::parse(in);
  document["format"] = 2;
  std::ofstream(image() + "/manifest", std::ios::trunc) << document.dump(1) << "\n";
  const auto verified = verify_image(image());
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.status().code(), base::Code::kUnsupported);
  EXPECT_NE(verified.status().message().find("format 2, this release reads 1"), std::string::npos)
      << verified.status().to_string();
}

TEST_F(VerifyImageTest, members_that_a_release_does_not_know_are_no_damage) {
  ImageManifest known = manifest;
  std::ifstream in(image() + "/manifest");
  auto document = nlohmann::json::parse(in);
  document["of a later release"] = {1, 2};
  document.erase("crc");
  const uint32_t crc = base::crc32c(document.dump());
  char digits[9];
  std::snprintf(digits, sizeof(digits), "%08x", crc);
  document["crc"] = digits;
  std::ofstream(image() + "/manifest", std::ios::trunc) << document.dump(1) << "\n";
  const auto verified = verify_image(image());
  ASSERT_TRUE(verified.ok()) << verified.status().to_string();
  EXPECT_EQ(verified->uuid, known.uuid);
}

TEST_F(VerifyImageTest, paths_that_lead_out_of_the_image_are_refused) {
  for (const std::string path : {"../other", "/etc/hostname", "kv/../../x", "kv//x", "", "."}) {
    ImageManifest hostile = manifest;
    hostile.files.insert(hostile.files.begin(), ImageFile{path, {}, manifest.uuid, 0});
    ASSERT_TRUE(write_image_manifest(image(), hostile).ok());
    const auto read = read_image_manifest(image());
    ASSERT_FALSE(read.ok()) << path;
    EXPECT_EQ(read.status().code(), base::Code::kCorrupt) << read.status().to_string();
  }
}

}  // namespace
}  // namespace rhumb::shard::test
