// A power cut leaves the key-value store at some index and, of the columns' bytes after the
// watermark, any set of pages. Replay must restore exactly what the log says, whatever was lost.
#include <gtest/gtest.h>

#include <fstream>
#include <future>

#include "host/base/file.h"
#include "tests/shard/model.h"

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;
constexpr size_t kPageBytes = 4096;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Returns a column file after the crash: as it was at the watermark, or with each page old or new,
// or new with a torn end.
std::string lost_pages(const std::string& then, const std::string& now, CommandSource& dice) {
  if (dice.draw(4) == 0) return then;
  std::string disk = now;
  std::string old = then;
  old.resize(now.size(), '\0');
  for (size_t at = 0; at < disk.size(); at += kPageBytes) {
    const uint64_t fate = dice.draw(3);
    const size_t bytes = std::min(kPageBytes, disk.size() - at);
    if (fate == 0) disk.replace(at, bytes, old, at, bytes);
    if (fate == 1) disk.replace(at, bytes / 2 / 512 * 512, old, at, bytes / 2 / 512 * 512);
  }
  return disk;
}

bool is_column(const fs::path& path) { return path.extension() == ".dat"; }

// `kv` is a copy of the key-value store; `then` is the directory at the watermark, and `now` is the
// directory at the crash.
void crash(const fs::path& kv, const fs::path& then, const fs::path& now, const fs::path& into,
           CommandSource& dice) {
  fs::copy(now, into, fs::copy_options::recursive);
  fs::remove_all(into / "kv");
  fs::copy(kv, into / "kv", fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(into / "segments")) {
    if (!entry.is_regular_file() || !is_column(entry.path())) continue;
    const fs::path relative = fs::relative(entry.path(), into);
    const std::string before = fs::exists(then / relative) ? read(then / relative) : std::string();
    const std::string bytes = lost_pages(before, read(entry.path()), dice);
    std::ofstream(entry.path(), std::ios::binary | std::ios::trunc) << bytes;
  }
}

// An executor's only thread, which can be held. While it is held, no checkpoint gets beyond its
// first step.
class Gate {
 public:
  base::Executor& pool() { return pool_; }
  void hold() {
    std::promise<void> held;
    release_ = {};
    const base::Status posted = pool_.post([&held, go = release_.get_future().share()] {
      held.set_value();
      go.wait();
    });
    ASSERT_TRUE(posted.ok());
    held.get_future().wait();
  }
  void release() { release_.set_value(); }

 private:
  base::Executor pool_{"gate", 1, 64};
  std::promise<void> release_;
};

class PowerCutTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  PowerCutTest() : h(all_vectors()), source(GetParam(), 150) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(GetParam()));
    shrink(h.options);
    h.options.segment.max_rows = 128 + 64 * static_cast<uint32_t>(source.draw(8));
    h.options.segment.graph_min_rows = 64;
    h.options.background = &gate.pool();
  }
  // Makes everything so far durable, and keeps later entries from becoming durable.
  void checkpoint_and_hold() {
    // The second checkpoint runs after anything that was under way.
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(h.checkpoint().ok());
    h.wait_indexed();
    gate.hold();
  }
  void run(int commands) {
    for (int i = 0; i < commands; ++i) {
      const model::Command command = source.next(model);
      model.apply(command, h.propose(command));
      if (source.draw(8) != 0) continue;
      const base::Status applied = h.apply();
      ASSERT_TRUE(applied.ok()) << applied.to_string();
    }
    ASSERT_TRUE(h.apply().ok());
  }
  fs::path copy(const std::string& name, const std::string& part = "") {
    const fs::path to = fs::path(temp.path()) / name;
    fs::copy(h.directory() + part, to, fs::copy_options::recursive);
    return to;
  }
  // Opens the state after the crash and compares it. Then it goes on writing, because the result of
  // replay must last.
  void recover(const fs::path& directory, const std::string& when) {
    h.set_directory(directory.string());
    h.open();
    ASSERT_TRUE(h.is_open());
    expect_equal(h, model, when);
  }

  TempDir temp;
  Gate gate;
  Harness h;
  Model model;
  CommandSource source;
};

TEST_P(PowerCutTest, a_store_ahead_of_the_columns_is_recovered) {
  const bool has_watermark = source.draw(6) != 0;
  h.open();
  if (has_watermark) {
    run(200 + static_cast<int>(source.draw(300)));
    checkpoint_and_hold();
  } else {
    gate.hold();
  }
  const fs::path then = copy("then");
  std::vector<fs::path> kvs;
  for (int round = 0; round < 4; ++round) {
    run(60 + static_cast<int>(source.draw(150)));
    kvs.push_back(copy("kv" + std::to_string(round), "/kv"));
  }
  const auto hash = h->state().content_hash;
  const fs::path now = copy("now");
  gate.release();
  h.abandon();
  for (size_t i = 0; i < kvs.size(); ++i) {
    const fs::path disk = fs::path(temp.path()) / ("disk" + std::to_string(i));
    crash(kvs[i], then, now, disk, source);
    recover(disk, "kv " + std::to_string(i));
    if (HasFatalFailure()) return;
    EXPECT_EQ(h->state().content_hash, hash);
    h.abandon();
  }
  recover(fs::path(temp.path()) / "disk3", "once more");
  run(200);
  h.close();
  h.open();
  EXPECT_EQ(h->durable_index(), h.log().size());
  expect_equal(h, model, "after going on");
}

// For entries that are applied while a checkpoint runs there are two watermarks: replay starts at
// the old one if the power fails before the key-value store has the new one, otherwise at the new
// one.
TEST_P(PowerCutTest, a_power_cut_during_a_checkpoint_is_recovered) {
  // No segment becomes full, because that would ask for further checkpoints.
  h.options.segment.max_rows = 1u << 14;
  h.open();
  run(250);
  checkpoint_and_hold();
  const fs::path then = copy("then");
  run(150);
  std::promise<base::Status> checkpointed;
  h->checkpoint([&checkpointed](const base::Status& status) { checkpointed.set_value(status); });
  h.noop();
  ASSERT_TRUE(h.apply().ok());  // after the checkpoint's first step
  const fs::path begun = copy("begun");
  run(150);
  const fs::path now = copy("now"), kv_before = copy("kv_before", "/kv");
  gate.release();
  ASSERT_TRUE(checkpointed.get_future().get().ok());
  gate.hold();
  const fs::path kv_after = copy("kv_after", "/kv");
  gate.release();
  h.abandon();

  const fs::path disk_before = fs::path(temp.path()) / "disk_before",
                 disk_after = fs::path(temp.path()) / "disk_after";
  crash(kv_before, then, now, disk_before, source);
  crash(kv_after, begun, now, disk_after, source);
  recover(disk_before, "before the KV store had the watermark");
  if (HasFatalFailure()) return;
  h.close();
  recover(disk_after, "after it had");
  if (HasFatalFailure()) return;
  h.close();
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerCutTest, ::testing::Range<uint64_t>(1, 13));

}  // namespace
}  // namespace rhumb::shard::test
