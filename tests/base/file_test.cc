#include "host/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "host/base/limits.h"

namespace rhumb::base {
namespace {

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "rhumb-file-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { EXPECT_TRUE(remove_all(dir_).ok()); }
  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  std::string dir_;
};

TEST_F(FileTest, what_was_written_is_read_back) {
  auto file = File::open_rw(at("f"));
  ASSERT_TRUE(file.ok()) << file.status().to_string();
  ASSERT_TRUE(file->allocate(0, 8192).ok());
  ASSERT_TRUE(file->write_at(4000, "across a page").ok());
  ASSERT_TRUE(file->sync_data().ok());
  EXPECT_EQ(*file->size(), 8192u);
  std::string back(13, '\0');
  ASSERT_TRUE(file->read_at(4000, back.data(), back.size()).ok());
  EXPECT_EQ(back, "across a page");
  ASSERT_TRUE(file->truncate(4006).ok());
  EXPECT_EQ(file->read_all()->substr(4000), "across");
}

TEST_F(FileTest, a_short_read_names_file_and_offset) {
  ASSERT_TRUE(write_file_atomic(at("f"), "0123456789").ok());
  auto file = File::open_ro(at("f"));
  ASSERT_TRUE(file.ok());
  char out[8];
  const Status status = file->read_at(6, out, sizeof(out));
  EXPECT_EQ(status.code(), Code::kCorrupt);
  EXPECT_NE(status.message().find(at("f")), std::string::npos);
  EXPECT_NE(status.message().find("offset 6"), std::string::npos);
}

TEST_F(FileTest, a_missing_file_is_not_found_and_a_move_leaves_the_source_closed) {
  EXPECT_EQ(File::open_ro(at("absent")).status().code(), Code::kNotFound);
  EXPECT_EQ(list_dir(at("absent")).status().code(), Code::kNotFound);
  auto file = File::open_rw(at("f"));
  File moved = std::move(*file);
  EXPECT_TRUE(moved.is_open());
  EXPECT_FALSE(file->is_open());
}

TEST_F(FileTest, atomic_replacement_leaves_no_temporary_file_and_read_file_is_bounded) {
  ASSERT_TRUE(write_file_atomic(at("f"), "old and longer").ok());
  ASSERT_TRUE(write_file_atomic(at("f"), "new").ok());
  EXPECT_EQ(*read_file(at("f"), 100), "new");
  EXPECT_EQ(read_file(at("f"), 2).status().code(), Code::kTooLarge);
  EXPECT_EQ(*list_dir(dir_), std::vector<std::string>{"f"});
}

TEST_F(FileTest, directories_are_made_with_their_parents_and_renames_are_durable) {
  ASSERT_TRUE(make_dirs(at("a/b/c/")).ok());
  ASSERT_TRUE(make_dirs(at("a/b/c")).ok());
  ASSERT_TRUE(write_file_atomic(at("a/f"), "x").ok());
  ASSERT_TRUE(rename_durable(at("a/f"), at("a/b/c/g")).ok());
  EXPECT_TRUE(exists(at("a/b/c/g")));
  EXPECT_FALSE(exists(at("a/f")));
  EXPECT_FALSE(make_dirs(at("a/b/c/g")).ok()) << "a file is in the way";
  ASSERT_TRUE(remove_all(at("a")).ok());
  EXPECT_FALSE(exists(at("a")));
}

TEST_F(FileTest, a_write_beyond_the_file_size_limit_fails) {
  auto file = File::open_rw(at("f"));
  ASSERT_TRUE(file.ok());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  struct Restore {
    rlimit limit;
    sighandler_t handler;
    ~Restore() {
      ::setrlimit(RLIMIT_FSIZE, &limit);
      ::signal(SIGXFSZ, handler);
    }
  } const restore{old, ::signal(SIGXFSZ, SIG_IGN)};
  const rlimit small{4096, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = file->write_at(0, std::string(8192, 'x'));
  EXPECT_EQ(status.code(), Code::kIo);
  EXPECT_NE(status.message().find(at("f")), std::string::npos);
}

TEST_F(FileTest, error_codes_tell_a_full_disk_from_a_broken_one) {
  EXPECT_EQ(io_error("cannot write", "f", ENOSPC).code(), Code::kNoSpace);
  EXPECT_EQ(io_error("cannot write", "f", EDQUOT).code(), Code::kNoSpace);
  EXPECT_EQ(io_error("cannot write", "f", EIO).code(), Code::kIo);
}

// Touching a mapping whose file was cut raises SIGBUS. The guard turns that into zeros and a flag.
TEST_F(FileTest, an_unreadable_page_poisons_only_its_mapping) {
  install_sigbus_guard();
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  auto file = File::open_rw(at("f"));
  auto other = File::open_rw(at("g"));
  ASSERT_TRUE(file.ok() && other.ok());
  ASSERT_TRUE(file->write_at(0, std::string(4 * page, 'x')).ok());
  ASSERT_TRUE(other->write_at(0, std::string(page, 'y')).ok());
  auto mapping = Mapping::map(*file, 0, 4 * page);
  auto healthy = Mapping::map(*other, 0, page);
  ASSERT_TRUE(mapping.ok() && healthy.ok());
  const volatile char* bytes = mapping->data();
  EXPECT_EQ(bytes[page], 'x');
  EXPECT_FALSE(mapping->poisoned());

  ASSERT_TRUE(file->truncate(page).ok());
  EXPECT_EQ(bytes[0], 'x');
  EXPECT_FALSE(mapping->poisoned());
  EXPECT_EQ(bytes[2 * page + 17], '\0');
  EXPECT_TRUE(mapping->poisoned());
  EXPECT_FALSE(healthy->poisoned());
  EXPECT_EQ(healthy->data()[0], 'y');

  // A new mapping in the same slot of the table starts without the flag.
  *mapping = Mapping();
  auto again = Mapping::map(*other, 0, page);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->poisoned());
}

TEST_F(FileTest, a_fault_outside_every_mapping_still_ends_the_process) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        install_sigbus_guard();
        ::raise(SIGBUS);
        ::raise(SIGBUS);
      },
      "");
}

}  // namespace
}  // namespace rhumb::base
