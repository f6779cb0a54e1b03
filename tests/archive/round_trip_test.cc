// What is packed comes out again, also through GNU tar and zstd.
#include <gtest/gtest.h>

#include "host/archive/tar_header.h"
#include "host/base/limits.h"
#include "tests/archive/archives.h"

namespace rhumb::archive::test {
namespace {

const std::string kLong = std::string(90, 'd') + "/" + std::string(200, 'f');

Files many_files() {
  return {
      {"manifest.json", "{}"},
      {"empty", ""},
      {"shards/7/ids.col", noise(300'000, 1)},
      {"shards/7/one_block", std::string(512, 'x')},
      {"shards/7/zeros", std::string(3'000'000, '\0')},
      {std::string(60, 'p') + "/" + std::string(70, 'q') + "/" + std::string(90, 'n'), "prefix"},
      {kLong, "a name for an extended header"},
      {"caf\xc3\xa9/\xe2\x82\xac", "bytes over 127"}};
}

TEST(RoundTrip, files_come_out_as_they_were_packed_whatever_the_pieces) {
  const TempDir source, target;
  const Files files = many_files();
  const std::string archive = packed(source, files);
  for (const size_t step : {size_t{1}, size_t{7}, size_t{4096}, archive.size()}) {
    const std::string directory = target / std::to_string(step);
    const auto status = unpack(archive, {.directory = directory}, step);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(files_below(directory) == files) << step;
  }
}

TEST(RoundTrip, an_archive_of_nothing_is_a_directory_without_files) {
  const TempDir target;
  Packer packer({});
  const std::string archive = pack_all(packer);
  ASSERT_TRUE(unpack(archive, {.directory = target / "out"}).ok());
  EXPECT_TRUE(files_below(target / "out").empty());
}

TEST(RoundTrip, text_needs_no_file_and_of_a_longer_file_the_length_counts) {
  const TempDir source, target;
  put(source / "growing", "0123456789");
  Packer packer({{"manifest.json", "", 0, "{\"version\":1}"}, {"part", source / "growing", 4}});
  const std::string archive = pack_all(packer);
  EXPECT_EQ(packer.file_bytes(), 17u);
  EXPECT_EQ(packer.packed_bytes(), archive.size());
  ASSERT_TRUE(unpack(archive, {.directory = target / "out"}).ok());
  EXPECT_EQ(files_below(target / "out"),
            (Files{{"manifest.json", "{\"version\":1}"}, {"part", "0123"}}));
}

TEST(RoundTrip, a_file_that_is_shorter_than_its_length_fails_the_packing) {
  const TempDir source;
  put(source / "short", "0123");
  std::string piece;
  Packer packer({{"short", source / "short", 5}});
  EXPECT_EQ(packer.next(piece).status().code(), base::Code::kCorrupt);
  Packer missing({{"gone", source / "gone", 5}});
  EXPECT_EQ(missing.next(piece).status().code(), base::Code::kNotFound);
  Packer hostile({{"../up", source / "short", 4}});
  EXPECT_EQ(hostile.next(piece).status().code(), base::Code::kInvalid);
}

TEST(RoundTrip, the_checksum_is_the_sha256_of_the_archive) {
  const TempDir source, target;
  put(source / "data", noise(700'000, 2));
  auto file = base::File::create_new(source / "archive");
  ASSERT_TRUE(file.ok());
  const auto done = pack_into(*file, {{"data", source / "data", 700'000}});
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->bytes, *file->size());
  EXPECT_EQ(run("sha256sum < " + (source / "archive")).substr(0, 64), done->checksum);
  const std::string archive = *file->read_all();
  std::string upper = done->checksum, other = done->checksum;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  other[5] = other[5] == '0' ? '1' : '0';
  EXPECT_TRUE(unpack(archive, {.directory = target / "a"}, 5000, upper).ok());
  const auto refused = unpack(archive, {.directory = target / "b"}, 5000, other);
  EXPECT_EQ(refused.code(), base::Code::kInvalid);
  EXPECT_NE(refused.message().find(done->checksum), std::string::npos);
  EXPECT_FALSE(base::exists(target / "b"));
}

TEST(RoundTrip, gnu_tar_reads_what_is_packed) {
  const TempDir source, target;
  const Files files = many_files();
  put(target / "archive.tar.zst", packed(source, files));
  run("zstd -q -t " + (target / "archive.tar.zst"));
  run("mkdir " + (target / "out") + " && zstd -q -dc " + (target / "archive.tar.zst") +
      " | tar -x -C " + (target / "out"));
  EXPECT_TRUE(files_below(target / "out") == files);
}

TEST(RoundTrip, what_gnu_tar_writes_is_read) {
  const TempDir source, target;
  Files files = many_files();
  for (const auto& [name, content] : files) put(source / name, content);
  run("tar -c --format=pax -C " + source.path() + " . | zstd -q > " + (target / "pax"));
  files.erase(kLong);  // too long for ustar
  std::filesystem::remove_all(source / kLong.substr(0, 90));
  run("tar -c --format=ustar -C " + source.path() + " . | zstd -q -19 > " + (target / "ustar"));
  run("cd " + source.path() + " && tar -c --format=ustar * | zstd -q > " + (target / "bare"));
  for (const char* kind : {"ustar", "bare", "pax"}) {
    if (kind == std::string("pax")) files[kLong] = many_files()[kLong];
    const std::string archive = *base::read_file(target / kind, 1 << 24);
    const auto status = unpack(archive, {.directory = target / (kind + std::string(".out"))}, 999);
    ASSERT_TRUE(status.ok()) << kind << ": " << status.message();
    EXPECT_TRUE(files_below(target / (kind + std::string(".out"))) == files) << kind;
  }
}

// A file of 9 GiB without blocks on the disk: its size needs an extended header.
TEST(RoundTrip, a_size_beyond_eleven_octal_digits_is_announced) {
  const std::string header = write_tar_header("big", 9 * base::limits::kGiB, 0);
  ASSERT_EQ(header.size(), 3 * kTarBlockBytes);
  const auto records = read_tar_extension(std::string_view(header).substr(512, 19));
  ASSERT_TRUE(records.ok()) << records.status().message();
  EXPECT_EQ(records->size, 9 * base::limits::kGiB);
  const std::string at_limit = write_tar_header("big", 8 * base::limits::kGiB - 1, 0);
  ASSERT_EQ(at_limit.size(), kTarBlockBytes);
  EXPECT_EQ(read_tar_header(at_limit)->size, 8 * base::limits::kGiB - 1);
}

}  // namespace
}  // namespace rhumb::archive::test
