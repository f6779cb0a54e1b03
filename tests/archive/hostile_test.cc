// Archives that nobody honest writes. Each is refused in words, and leaves nothing on the disk.
#include <gtest/gtest.h>

#include "host/archive/sha256.h"
#include "host/archive/tar_header.h"
#include "host/archive/tar_reader.h"
#include "host/base/limits.h"
#include "tests/archive/archives.h"

namespace rhumb::archive::test {
namespace {

namespace limits = base::limits;

class Hostile : public ::testing::Test {
 protected:
  // Returns the words of the refusal. Whatever the pieces, the words are the same.
  std::string refused(const std::string& archive, UnpackLimits limits = {}) {
    std::string words;
    for (const size_t step : {archive.size() + 1, size_t{13}}) {
      const auto status = unpack(archive, {.directory = temp_ / "out", .limits = limits}, step);
      EXPECT_FALSE(status.ok());
      if (status.ok()) return "";
      EXPECT_TRUE(status.code() == base::Code::kInvalid || status.code() == base::Code::kNoSpace)
          << status.to_string();
      EXPECT_TRUE(std::filesystem::is_empty(temp_.path())) << "something is left behind";
      if (words.empty()) words = status.message();
      EXPECT_EQ(words, status.message());
    }
    return words;
  }
  void expect_words(const std::string& archive, const std::string& words,
                    UnpackLimits limits = {}) {
    const std::string said = refused(archive, limits);
    EXPECT_NE(said.find(words), std::string::npos) << "said: " << said << "\nwant: " << words;
  }
  const TempDir temp_;
};

std::string extended(const std::string& records, const Entry& entry = {}) {
  return tar_entry({.name = "pax", .body = records, .type = 'x'}) + tar_entry(entry);
}

TEST_F(Hostile, kinds_of_entries_other_than_files_and_directories_are_named) {
  const std::pair<char, const char*> kinds[] = {
      {'1', "hard link"},     {'2', "symbolic link"}, {'3', "device"},
      {'4', "device"},        {'6', "named pipe"},    {'7', "unknown type"},
      {'g', "global header"}, {'S', "sparse file"},   {'L', "long name in GNU's format"},
      {'K', "long name"},     {'D', "unknown type"},  {'V', "unknown type"}};
  for (const auto& [type, words] : kinds) {
    SCOPED_TRACE(type);
    const std::string good = tar_entry({.name = "good", .body = "x"});
    expect_words(archive_of({good, tar_entry({.type = type, .link = "/etc/passwd"})}), words);
  }
}

TEST_F(Hostile, names_that_lead_out_or_mean_two_things_are_refused) {
  const std::pair<std::string, const char*> names[] = {
      {"../up", "part '..'"},        {"a/../../up", "part '..'"}, {"..", "part '..'"},
      {"a/..", "part '..'"},         {"./../up", "part '..'"},    {"/etc/passwd", "absolute"},
      {"//x", "absolute"},           {".//x", "absolute"},        {"", "empty name"},
      {"a//b", "empty part"},        {"a/", "empty part"},        {"a/./b", "part '.'"},
      {"././a", "part '.'"},         {".", "part '.'"},           {"a\nb", "control character"},
      {"a\x7f", "control character"}};
  for (const auto& [name, words] : names) {
    SCOPED_TRACE(name);
    expect_words(archive_of({tar_entry({.name = name, .body = "x"})}), words);
    // The same by an extended header, which overrides an innocent name.
    if (name.empty()) continue;
    expect_words(archive_of({extended(pax_record("path", name))}), words);
  }
  expect_words(archive_of({tar_entry({.name = "../d", .type = '5'})}), "part '..'");
  expect_words(archive_of({tar_entry({.name = "/", .type = '5'})}), "absolute");
  expect_words(archive_of({extended(pax_record("path", std::string("a\0b", 3)))}),
               "control character");
}

TEST_F(Hostile, names_beyond_a_limit_are_refused) {
  const auto by_header = [](const std::string& name) {
    return archive_of({extended(pax_record("path", name))});
  };
  std::string deep = "a", long_name = std::string(255, 'n');
  for (uint32_t i = 0; i < limits::kMaxArchiveNameParts; ++i) deep += "/a";
  while (long_name.size() <= limits::kMaxArchiveNameBytes) long_name += "/" + std::string(255, 'n');
  expect_words(by_header(deep), "more than 16 parts");
  expect_words(by_header(long_name), "over the limit of 1024");
  expect_words(by_header(std::string(256, 'n')), "more than 255 bytes");
}

TEST_F(Hostile, a_name_comes_once) {
  const std::string file = tar_entry({.name = "a/b", .body = "x"});
  expect_words(archive_of({file, file}), "'a/b' twice");
  expect_words(archive_of({file, tar_entry({.name = "./a/b", .body = "y"})}), "'a/b' twice");
  expect_words(archive_of({file, tar_entry({.name = "a", .body = "y"})}), "'a' twice");
  expect_words(archive_of({file, tar_entry({.name = "a/b/c", .body = "y"})}), "'a/b' twice");
  expect_words(archive_of({file, tar_entry({.name = "a/b", .type = '5'})}), "'a/b' twice");
}

TEST_F(Hostile, sizes_are_numbers_within_limits) {
  const std::string minus_one("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
  const std::string base_256("\x80\0\0\0\0\0\0\0\0\0\0\x01", 12);
  for (const std::string& size : {minus_one, base_256, std::string("-0000000001"),
                                  std::string("0000000000x"), std::string(12, ' ')})
    expect_words(archive_of({tar_entry({.size = size})}), "size that is no octal number");
  for (const char* size : {"-1", "", "1.5", "99999999999999999999999", "0x10"})
    expect_words(archive_of({extended(pax_record("size", size))}), "no number of bytes");
  expect_words(archive_of({extended(pax_record("size", "18446744073709551615"))}),
               "over the limit of " + std::to_string(limits::kMaxArchiveFileBytes));
  expect_words(archive_of({tar_entry({.body = "12345"})}), "over the limit of 4",
               {.file_bytes = 4});
  expect_words(archive_of({tar_entry({.name = "a", .body = "123"}),
                           tar_entry({.name = "b", .body = "123"})}),
               "total of 6, over the limit of 5", {.total_bytes = 5});
  expect_words(archive_of({tar_entry({.name = "a/b"}), tar_entry({.name = "c"})}),
               "over the limit of 2", {.files = 2});
  expect_words(archive_of({tar_entry({.name = "d", .body = "x", .type = '5'})}),
               "directory of the archive has a size");
}

TEST_F(Hostile, a_file_that_does_not_fit_on_the_disk_is_refused_before_it_is_written) {
  const auto status = unpack(archive_of({tar_entry({.body = "x"})}),
                             {.directory = temp_ / "out", .limits = {.reserve_bytes = 1ull << 60}});
  EXPECT_EQ(status.code(), base::Code::kNoSpace);
  EXPECT_NE(status.message().find("are free"), std::string::npos) << status.message();
  EXPECT_TRUE(std::filesystem::is_empty(temp_.path()));
}

TEST_F(Hostile, headers_that_are_damaged_or_of_another_format_are_refused) {
  std::string damaged = tar_entry({.body = "x"});
  damaged[3] ^= 1;
  expect_words(archive_of({damaged}), "checksum does not fit");
  expect_words(archive_of({tar_entry({.magic = std::string("ustar  \0", 8)})}), "GNU's format");
  expect_words(archive_of({tar_entry({.magic = std::string(8, '\0')})}), "no tar archive");
  expect_words(zstd("this is no archive" + std::string(1000, '-')), "no tar archive");
  expect_words("PK\3\4 a zip file, for example", "no whole zstd stream");
}

TEST_F(Hostile, extended_headers_are_read_strictly) {
  for (const char* records : {"x", "5 a=b", "6 a=b", "99 a=b\n", "6 ab\n\n", "6 =ab\n", "0 a=b\n",
                              "-6 a=b\n", "6a=b\n", "18446744073709551616 a=b\n", "3 a\n"})
    expect_words(archive_of({extended(records)}), "extended header of the archive is malformed");
  expect_words(archive_of({extended(pax_record("linkpath", "/etc"))}), "has a link");
  for (const char* key : {"GNU.sparse.major", "GNU.sparse.name", "GNU.sparse.realsize"})
    expect_words(archive_of({extended(pax_record(key, "1"))}), "sparse file");
  const std::string x = tar_entry({.name = "pax", .body = pax_record("path", "a"), .type = 'x'});
  expect_words(archive_of({x, x, tar_entry({})}), "two extended headers");
  expect_words(archive_of({x}), "ends after an extended header");
  expect_words(archive_of({tar_entry({.type = 'x'})}), "has 0 bytes");
  expect_words(archive_of({extended(pax_record("comment", std::string(20'000, 'c')))}),
               "the limit is 16384");
}

TEST_F(Hostile, hidden_bytes_are_refused) {
  const std::string file = tar_entry({.body = "x"});
  std::string padded = file;
  padded.back() = 'h';
  expect_words(archive_of({padded}), "bytes between two entries");
  const std::string zeros(512, '\0');
  expect_words(zstd(file + zeros + file + tar_end()), "goes on after its end");
  expect_words(zstd(file + tar_end() + file), "goes on after its end");
  expect_words(zstd(file + tar_end() + std::string(2 << 20, '\0')), "zero bytes follow");
  const std::string good = archive_of({file});
  expect_words(good + "x", "goes on after its end");
  expect_words(good + good, "goes on after its end");
}

TEST_F(Hostile, an_archive_that_is_cut_anywhere_is_refused) {
  const std::string tar = tar_entry({.name = "a", .body = std::string(700, 'x')}) +
                          tar_entry({.name = "b/c", .body = "y"}) + tar_end();
  const std::string archive = zstd(tar);
  for (size_t length = 0; length < archive.size(); ++length) {
    const auto status = unpack(archive.substr(0, length), {.directory = temp_ / "out"});
    EXPECT_EQ(status.code(), base::Code::kInvalid) << length;
    EXPECT_FALSE(base::exists(temp_ / "out")) << length;
  }
  // The same within the compressed stream, without the disk.
  struct Nowhere : TarSink {
    base::Status directory(const std::string&) override { return base::ok(); }
    base::Status file(const std::string&, uint64_t) override { return base::ok(); }
    base::Status data(std::string_view) override { return base::ok(); }
    base::Status file_end() override { return base::ok(); }
  } nowhere;
  for (size_t length = 0; length <= tar.size(); ++length) {
    TarReader reader(nowhere);
    ASSERT_TRUE(reader.feed(std::string_view(tar).substr(0, length)).ok()) << length;
    EXPECT_EQ(reader.finish().ok(), length == tar.size()) << length;
  }
}

// A few bits of a zstd frame mean nothing, or only ask for more memory. What comes out is the same
// then, and the checksum still tells the difference.
TEST_F(Hostile, a_changed_byte_anywhere_is_refused_or_changes_nothing) {
  const TempDir source;
  const Files files{{"a", noise(600, 3)}, {"b/c", std::string(5000, 'b')}};
  const std::string archive = packed(source, files);
  Sha256 sha;
  sha.update(archive);
  const std::string checksum = sha.finish();
  size_t harmless = 0;
  for (size_t at = 0; at < archive.size(); ++at) {
    std::string changed = archive;
    changed[at] ^= 0x10;
    const auto status = unpack(changed, {.directory = temp_ / "out"});
    if (status.ok()) {
      ++harmless;
      EXPECT_TRUE(files_below(temp_ / "out") == files) << at;
      std::filesystem::remove_all(temp_ / "out");
    }
    EXPECT_TRUE(status.ok() || status.code() == base::Code::kInvalid) << at;
    EXPECT_FALSE(base::exists(temp_ / "out")) << at;
    EXPECT_FALSE(unpack(changed, {.directory = temp_ / "out"}, 1 << 20, checksum).ok()) << at;
  }
  EXPECT_LE(harmless, 8u) << "of " << archive.size() << " bytes";
}

TEST_F(Hostile, a_window_beyond_the_limit_is_refused) {
  const std::string tar = tar_entry({.body = noise(3000, 4)}) + tar_end();
  ASSERT_TRUE(
      unpack(zstd(tar, 3, limits::kMaxArchiveWindowLog), {.directory = temp_ / "out"}).ok());
  std::filesystem::remove_all(temp_ / "out");
  expect_words(zstd(tar, 3, limits::kMaxArchiveWindowLog + 1),
               "with a window of more than 8388608");
}

// A few hundred bytes that stand for a gigabyte.
TEST_F(Hostile, a_bomb_is_refused_by_its_header_before_it_is_written) {
  const std::string header = tar_entry({.size = "10000000000"}).substr(0, 512);  // 1 GiB
  const std::string bomb = zstd(header + std::string(32 << 20, '\0'));
  ASSERT_LT(bomb.size(), 4096u);
  expect_words(bomb, "over the limit of 1000000", {.total_bytes = 1'000'000});
}

TEST_F(Hostile, what_is_admitted_is_asked_for_each_file) {
  const std::string archive = archive_of(
      {tar_entry({.name = "manifest", .body = "a=1"}), tar_entry({.name = "other", .body = "12"})});
  std::vector<std::pair<std::string, uint64_t>> asked;
  const auto admit = [&](const std::string& name, uint64_t size) {
    asked.emplace_back(name, size);
    return name == "other" ? base::invalid("the manifest does not have other") : base::ok();
  };
  const auto status = unpack(archive, {.directory = temp_ / "out", .admit = admit});
  EXPECT_EQ(status.message(), "the manifest does not have other");
  EXPECT_EQ(asked, (std::vector<std::pair<std::string, uint64_t>>{{"manifest", 3}, {"other", 2}}));
  EXPECT_FALSE(base::exists(temp_ / "out"));
}

TEST_F(Hostile, a_directory_that_exists_is_not_touched) {
  put(temp_ / "out/mine", "kept");
  const auto status = unpack(archive_of({tar_entry({})}), {.directory = temp_ / "out"});
  EXPECT_EQ(status.code(), base::Code::kExists);
  EXPECT_EQ(*base::read_file(temp_ / "out/mine", 100), "kept");
}

TEST_F(Hostile, an_unpacking_that_is_given_up_leaves_nothing) {
  const std::string archive = archive_of({tar_entry({.name = "a/b", .body = "x"})});
  {
    auto unpacker = Unpacker::begin({.directory = temp_ / "out"});
    ASSERT_TRUE(unpacker.ok());
    ASSERT_TRUE((*unpacker)->feed(archive).ok());
    EXPECT_TRUE(base::exists(temp_ / "out/a/b"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(temp_.path()));
}

}  // namespace
}  // namespace rhumb::archive::test
