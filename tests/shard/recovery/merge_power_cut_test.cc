// Power cuts at any step of a merge. Every call that makes a file durable is noted with the content
// of the file, so what is left after a cut is known exactly: each file as it was last synced, and
// of the columns also any pages that were written since.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>

#include "tests/shard/model.h"

namespace {

std::mutex g_mutex;
std::map<ino_t, std::string> g_synced;  // by inode, because files are renamed

int note(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return -1;
  if (!S_ISREG(info.st_mode)) return 0;
  const std::lock_guard<std::mutex> lock(g_mutex);
  std::string& content = g_synced[info.st_ino];
  content.resize(static_cast<size_t>(info.st_size));
  const ssize_t n = ::pread(fd, content.data(), content.size(), 0);
  content.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return 0;
}

}  // namespace

// In place of libc's, for the host and for the plugins.
extern "C" int fsync(int fd) { return note(fd); }
extern "C" int fdatasync(int fd) { return note(fd); }

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;
constexpr size_t kPageBytes = 4096;

std::string synced(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  const std::lock_guard<std::mutex> lock(g_mutex);
  const auto it = g_synced.find(info.st_ino);
  return it == g_synced.end() ? std::string() : it->second;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void cut(const fs::path& from, const fs::path& into, CommandSource& dice) {
  fs::create_directories(into);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path to = into / fs::relative(entry.path(), from);
    if (entry.is_directory()) {
      fs::create_directories(to);
      continue;
    }
    std::string bytes = synced(entry.path());
    if (entry.path().extension() == ".dat" && dice.draw(4) != 0) {
      const std::string now = read(entry.path());
      bytes.resize(now.size(), '\0');
      for (size_t at = 0; at < now.size(); at += kPageBytes) {
        if (dice.draw(2) == 0) bytes.replace(at, kPageBytes, now, at, kPageBytes);
      }
    }
    std::ofstream(to, std::ios::binary | std::ios::trunc) << bytes;
    struct stat info {};
    ASSERT_EQ(::stat(to.c_str(), &info), 0);
    const std::lock_guard<std::mutex> lock(g_mutex);
    g_synced[info.st_ino] = bytes;  // it is on the disk
  }
}

class MergePowerCutTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  MergePowerCutTest() : h(all_vectors()), source(GetParam(), 150) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(GetParam()));
    shrink(h.options);
    h.options.segment.max_rows = 64 + 64 * static_cast<uint32_t>(source.draw(4));
    h.options.segment.graph_min_rows = 64;
    h.options.compaction.dead_rows = 1;
    h.options.compaction.move_rows = 1 + static_cast<uint32_t>(source.draw(40));
    h.options.checkpoint_points = 50 + static_cast<uint32_t>(source.draw(300));
  }
  void run(uint64_t commands) {
    for (; commands > 0; --commands) {
      const model::Command command = source.next(model);
      model.apply(command, h.propose(command));
      if (source.draw(8) != 0) continue;
      const base::Status applied = h.apply();
      ASSERT_TRUE(applied.ok()) << applied.to_string();
    }
    ASSERT_TRUE(h.apply().ok());
  }

  TempDir temp;
  Harness h;
  Model model;
  CommandSource source;
};

TEST_P(MergePowerCutTest, a_power_cut_at_any_step_of_a_merge_is_recovered) {
  h.open();
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    run(80 + source.draw(200));
    h->compact([](const base::Status&) {});
    for (uint64_t n = source.draw(8); n > 0; --n) run(1 + source.draw(20));
    if (source.draw(3) == 0) ASSERT_TRUE(h.compact().ok());
    const uint64_t released = h.released();
    h.abandon();
    const fs::path disk = fs::path(temp.path()) / std::to_string(round);
    cut(h.directory(), disk, source);
    h.set_directory(disk.string());
    h.open();
    ASSERT_TRUE(h.is_open());
    EXPECT_GE(h->durable_index(), released);
    expect_equal(h, model, "after the cut");
    if (::testing::Test::HasFailure()) return;
  }
  ASSERT_TRUE(h.compact().ok());
  expect_equal(h, model, "at the end");
}

INSTANTIATE_TEST_SUITE_P(Seeds, MergePowerCutTest, ::testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace rhumb::shard::test
