// The k-th call of each kind fails, and the power is cut at each step, while an image is taken and
// while one is restored. The shard stays whole, and there is either the whole image or none.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "host/base/file.h"
#include "host/shard/image/unfinished.h"
#include "tests/shard/image/image_fixture.h"

namespace {

enum class Call { kNone, kLink, kRename, kSync, kWrite, kRead, kMkdir };

// Of the thread that takes or restores an image. Calls of other threads are not counted.
struct Plan {
  Call failing = Call::kNone;
  uint64_t countdown = 0;  // the call that brings it to 0 fails
  bool failed = false;
  std::function<void()> at_sync;  // before each call that makes something durable
};
thread_local Plan* t_plan = nullptr;

std::mutex g_mutex;
std::map<ino_t, std::string> g_synced;  // by inode, because files are renamed and linked

bool fails(Call call) {
  if (t_plan == nullptr || t_plan->failing != call || --t_plan->countdown != 0) return false;
  t_plan->failed = true;
  errno = call == Call::kWrite ? ENOSPC : EIO;
  return true;
}

template <typename F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

int note(int fd) {
  if (t_plan != nullptr && t_plan->at_sync) t_plan->at_sync();
  if (fails(Call::kSync)) return -1;
  struct stat info {};
  if (::fstat(fd, &info) != 0) return -1;
  if (!S_ISREG(info.st_mode)) return 0;
  std::string content(static_cast<size_t>(info.st_size), '\0');
  static const auto read = real<ssize_t(int, void*, size_t, off_t)>("pread");
  const ssize_t n = read(fd, content.data(), content.size(), 0);
  content.resize(n < 0 ? 0 : static_cast<size_t>(n));
  const std::lock_guard<std::mutex> lock(g_mutex);
  g_synced[info.st_ino] = std::move(content);
  return 0;
}

}  // namespace

// In place of libc's, for the host and for the plugins.
extern "C" {
int fsync(int fd) { return note(fd); }
int fdatasync(int fd) { return note(fd); }
int link(const char* from, const char* to) noexcept {
  static const auto next = real<int(const char*, const char*)>("link");
  return fails(Call::kLink) ? -1 : next(from, to);
}
int rename(const char* from, const char* to) noexcept {
  static const auto next = real<int(const char*, const char*)>("rename");
  return fails(Call::kRename) ? -1 : next(from, to);
}
int mkdir(const char* path, mode_t mode) noexcept {
  static const auto next = real<int(const char*, mode_t)>("mkdir");
  return fails(Call::kMkdir) ? -1 : next(path, mode);
}
ssize_t pwrite(int fd, const void* bytes, size_t n, off_t at) {
  static const auto next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return fails(Call::kWrite) ? -1 : next(fd, bytes, n, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t n, off_t at) { return pwrite(fd, bytes, n, at); }
ssize_t pread(int fd, void* bytes, size_t n, off_t at) {
  static const auto next = real<ssize_t(int, void*, size_t, off_t)>("pread");
  return fails(Call::kRead) ? -1 : next(fd, bytes, n, at);
}
ssize_t pread64(int fd, void* bytes, size_t n, off_t at) { return pread(fd, bytes, n, at); }
}

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;

constexpr Call kCalls[] = {Call::kLink,  Call::kRename, Call::kSync,
                           Call::kWrite, Call::kRead,   Call::kMkdir};

// What is left of a directory after a power cut: each file as it was last synced.
void cut(const fs::path& from, const fs::path& into) {
  fs::create_directories(into);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path to = into / fs::relative(entry.path(), from);
    if (entry.is_directory()) {
      fs::create_directories(to);
      continue;
    }
    struct stat info {};
    if (::stat(entry.path().c_str(), &info) != 0) continue;
    std::string bytes;
    {
      const std::lock_guard<std::mutex> lock(g_mutex);
      const auto it = g_synced.find(info.st_ino);
      if (it != g_synced.end()) bytes = it->second;
    }
    std::ofstream(to, std::ios::binary | std::ios::trunc) << bytes;
    if (::stat(to.c_str(), &info) != 0) continue;
    const std::lock_guard<std::mutex> lock(g_mutex);
    g_synced[info.st_ino] = bytes;  // it is on the disk
  }
}

class ImageFailuresTest : public ImageFixture {
 protected:
  ImageFailuresTest() : ImageFixture(41) { h.set_directory(root() + "/shards/1024"); }
  std::string root() const { return temp.path() + "/data"; }
  std::string in_root(const std::string& name) const { return root() + "/snapshots/" + name; }

  // Runs `work` on this thread with the plan.
  static base::Status with(Plan& plan, const std::function<base::Status()>& work) {
    t_plan = &plan;
    const base::Status outcome = work();
    t_plan = nullptr;
    return outcome;
  }
  base::Status take_here(const std::string& directory) { return h->take_image(directory).status(); }
  // Calls `work` with ever later failures until one run meets none.
  void expect_each_failure(const std::function<base::Status()>& work,
                           const std::function<void(const std::string&)>& check) {
    for (const Call call : kCalls) {
      // The calls come in long rows that are alike, so most are sampled.
      for (uint64_t k = 1;; k += 1 + source.draw(1 + k / 6)) {
        Plan plan;
        plan.failing = call;
        plan.countdown = k;
        const base::Status outcome = with(plan, work);
        if (!plan.failed) {
          ASSERT_TRUE(outcome.ok()) << outcome.to_string();
          break;
        }
        const std::string where = "call " + std::to_string(static_cast<int>(call)) + ", number " +
                                  std::to_string(k) + ": " + outcome.to_string();
        EXPECT_FALSE(outcome.ok()) << where;
        check(where);
        if (HasFailure()) return;
      }
    }
  }
  static bool HasFailure() { return ::testing::Test::HasFailure(); }
};

TEST_F(ImageFailuresTest, no_failing_call_of_an_image_harms_the_shard_or_leaves_anything) {
  h.open();
  run(150);
  int taken = 0;
  const auto work = [&] {
    const base::Status outcome = take_here(in_root(std::to_string(taken)));
    t_plan = nullptr;  // what follows is not to fail
    if (outcome.ok()) {
      const auto verified = verify_image(in_root(std::to_string(taken++)));
      EXPECT_TRUE(verified.ok()) << verified.status().to_string();
    }
    return outcome;
  };
  expect_each_failure(work, [&](const std::string& where) {
    EXPECT_FALSE(fs::exists(in_root(std::to_string(taken)))) << where;
    EXPECT_FALSE(fs::exists(in_root(std::to_string(taken)) + kUnfinishedSuffix)) << where;
    EXPECT_TRUE(h->fenced().ok()) << where;
    if (source.draw(10) == 0) run(3);
  });
  expect_equal(h, model, "after all failures");
  EXPECT_EQ(taken, static_cast<int>(std::size(kCalls)));
}

TEST_F(ImageFailuresTest, no_failing_call_of_a_restore_leaves_anything) {
  h.open();
  run(150);
  const ImageManifest manifest = take(in_root("image"));
  const RestoreOptions options = restore_options(in_root("image"));
  const auto work = [&] {
    const base::Status outcome = restore_image(options).status();
    if (outcome.ok()) fs::remove_all(options.directory);
    return outcome;
  };
  expect_each_failure(work, [&](const std::string& where) {
    EXPECT_FALSE(fs::exists(options.directory)) << where;
    EXPECT_FALSE(fs::exists(options.directory + kUnfinishedSuffix)) << where;
  });
  EXPECT_TRUE(verify_image(in_root("image")).ok());
  expect_restored(in_root("image"), model, manifest.applied_index);
}

TEST_F(ImageFailuresTest, a_power_cut_at_any_step_of_an_image_leaves_it_whole_or_not_at_all) {
  h.open();
  run(500);
  const uint64_t released = h.released();
  int steps = 0;
  std::vector<std::string> disks;
  Plan plan;
  plan.at_sync = [&] {
    ++steps;
    if (steps % 7 != 0 && !fs::exists(in_root("image"))) return;
    disks.push_back(temp.path() + "/disk" + std::to_string(disks.size()));
    cut(root(), disks.back());
  };
  ASSERT_TRUE(with(plan, [&] { return take_here(in_root("image")); }).ok());
  cut(root(), disks.emplace_back(temp.path() + "/last"));
  ASSERT_GT(disks.size(), 10u);
  const uint64_t index = h->applied_index();
  h.abandon();
  bool whole = false;
  for (const std::string& disk : disks) {
    SCOPED_TRACE(disk);
    ASSERT_TRUE(remove_unfinished(disk + "/snapshots").ok());
    const bool there = fs::exists(disk + "/snapshots/image");
    EXPECT_EQ(fs::is_empty(disk + "/snapshots"), !there);
    if (there) {
      const auto verified = verify_image(disk + "/snapshots/image");
      ASSERT_TRUE(verified.ok()) << verified.status().to_string();
      whole = true;
    }
    h.set_directory(disk + "/shards/1024");
    h.open();
    ASSERT_TRUE(h.is_open());
    EXPECT_GE(h->durable_index(), released);
    expect_equal(h, model, "after the cut");
    h.abandon();
    if (HasFailure()) return;
  }
  EXPECT_TRUE(whole) << "the last step was cut, too";
  expect_restored(disks.back() + "/snapshots/image", model, index);
}

TEST_F(ImageFailuresTest, a_power_cut_at_any_step_of_a_restore_leaves_a_whole_shard_or_none) {
  h.open();
  run(500);
  const ImageManifest manifest = take(in_root("image"));
  h.close();
  RestoreOptions options = restore_options(in_root("image"));
  options.directory = root() + "/shards/2048";
  int steps = 0;
  std::vector<std::string> disks;
  Plan plan;
  plan.at_sync = [&] {
    ++steps;
    if (steps % 5 != 0 && !fs::exists(options.directory)) return;
    disks.push_back(temp.path() + "/disk" + std::to_string(disks.size()));
    cut(root(), disks.back());
  };
  ASSERT_TRUE(with(plan, [&] { return restore_image(options).status(); }).ok());
  cut(root(), disks.emplace_back(temp.path() + "/last"));
  ASSERT_GT(disks.size(), 3u);
  Harness other(h.options.config);
  shrink(other.options);
  other.options.shard = 2048;
  other.begin_log_at(manifest.applied_index);
  int whole = 0;
  for (const std::string& disk : disks) {
    SCOPED_TRACE(disk);
    ASSERT_TRUE(remove_unfinished(disk + "/shards").ok());
    EXPECT_FALSE(fs::exists(disk + "/shards/2048" + kUnfinishedSuffix));
    ASSERT_TRUE(verify_image(disk + "/snapshots/image").ok());
    if (!fs::exists(disk + "/shards/2048")) continue;
    ++whole;
    other.set_directory(disk + "/shards/2048");
    other.open();
    ASSERT_TRUE(other.is_open());
    EXPECT_EQ(other->begins_at(), manifest.applied_index);
    expect_equal(other, model, "restored");
    other.abandon();
    if (HasFailure()) return;
  }
  EXPECT_GE(whole, 2) << "the last steps were cut, too";
}

std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename());
  return names;
}

TEST_F(ImageFailuresTest,
       files_of_segments_that_are_merged_meanwhile_stay_until_the_image_is_there) {
  h.open();
  run(900);
  const Model then = model;
  const uint64_t index = h->applied_index();
  const std::string segments = h.directory() + "/segments";
  bool merged = false;
  Plan plan;
  plan.at_sync = [&] {
    const fs::path copy = in_root("image") + kUnfinishedSuffix + "/kv/data.db";
    if (merged || !fs::exists(copy) || fs::file_size(copy) == 0) return;
    merged = true;  // the state is fixed, and the files of segments are not linked yet
    const auto before = names_in(segments);
    run(200);
    ASSERT_TRUE(h.compact().ok());
    ASSERT_TRUE(h.checkpoint().ok());
    for (const std::string& name : before) EXPECT_TRUE(fs::exists(segments + "/" + name)) << name;
  };
  ASSERT_TRUE(with(plan, [&] { return take_here(in_root("image")); }).ok());
  ASSERT_TRUE(merged);
  expect_restored(in_root("image"), then, index);
  ASSERT_TRUE(h.compact().ok());
  const auto left = names_in(segments);
  h.close();
  h.open();  // a start removes what no state names
  EXPECT_EQ(names_in(segments), left) << "the files were removed when the image was there";
  expect_equal(h, model, "at the end");
}

}  // namespace
}  // namespace rhumb::shard::test
