// Merges of segments, with reads and writes that meet them at any step.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "host/base/file.h"
#include "host/base/timer.h"
#include "tests/shard/model.h"

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;

void merge_soon(ShardOptions& options) {
  options.compaction.dead_rows = options.compaction.dead_bytes = 1;
  options.compaction.move_rows = 50;
}

class MergeTest : public ::testing::Test {
 protected:
  MergeTest() : h(all_vectors()), source(17, 300) {
    shrink(h.options);
    h.options.segment.max_rows = 200;
    merge_soon(h.options);
    h.open();
  }
  void run(int commands) {
    for (int i = 0; i < commands; ++i) {
      const model::Command command = source.next(model);
      model.apply(command, h.propose(command));
      if (source.draw(8) == 0) ASSERT_TRUE(h.apply().ok());
    }
    ASSERT_TRUE(h.apply().ok());
  }
  void load(uint64_t first, uint64_t end) {
    for (uint64_t id = first; id < end; ++id) write(upsert({row(id)}));
  }
  model::PointWrite row(uint64_t id) {
    model::PointWrite write;
    write.id = model::PointId::number(id);
    write.payload = R"({"n":)" + std::to_string(id) + "}";
    write.vectors = {{"a", source.vector("a")}, {"c", source.vector("c")}};
    return write;
  }
  void write(const model::Command& command) {
    model.apply(command, h.propose(command));
    ASSERT_TRUE(h.apply().ok());
  }
  void remove(uint64_t first, uint64_t end) {
    std::vector<uint64_t> ids;
    for (uint64_t id = first; id < end; ++id) ids.push_back(id);
    write(on(model::OperationKind::kDelete, ids));
  }
  void compact() {
    const base::Status done = h.compact();
    ASSERT_TRUE(done.ok()) << done.to_string();
  }
  // The segments and files of slots on the disk.
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(h.directory() + "/segments"))
      names.insert(entry.path().filename());
    return names;
  }
  size_t files_of_slots() const {
    size_t n = 0;
    for (const auto& entry : fs::recursive_directory_iterator(h.directory() + "/segments"))
      n += entry.path().filename().string().rfind("moved.", 0) == 0 ? 1 : 0;
    return n;
  }
  std::set<std::string> names_of_state() const {
    std::set<std::string> names;
    for (const auto& plan : explain()) names.insert(std::to_string(plan.segment));
    return names;
  }
  std::vector<model::SegmentPlan> explain() const {
    model::SearchRequest request;
    request.vector_name = "a";
    request.vector = std::string(kDim * sizeof(float), '\1');
    request.limit = 1;
    request.params.explain = true;
    const auto found = const_cast<Harness&>(h)->search(request, {});
    EXPECT_TRUE(found.ok()) << found.status().to_string();
    return found.ok() ? found->plan : std::vector<model::SegmentPlan>();
  }

  Harness h;
  Model model;
  CommandSource source;
};

TEST_F(MergeTest, dead_rows_go_and_the_points_stay) {
  load(0, 1000);
  remove(0, 900);
  const auto hash = h->state().content_hash;
  const size_t before = files().size();
  compact();
  EXPECT_GE(before, 5u);
  EXPECT_LE(h->state().segments, 2u);
  EXPECT_LE(files().size(), 2u);
  EXPECT_EQ(files_of_slots(), 0u);
  EXPECT_EQ(h->state().content_hash, hash);
  expect_equal(h, model, "after the merge");
  h.close();
  h.open();
  expect_equal(h, model, "after a stop");
  EXPECT_EQ(h->state().content_hash, hash);
}

TEST_F(MergeTest, a_shard_without_live_rows_keeps_no_segment) {
  load(0, 500);
  remove(0, 500);
  compact();
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(h->state().segments, 0u);
  load(0, 10);
  expect_equal(h, model, "written again");
  h.abandon();
  h.open();
  expect_equal(h, model, "after a kill");
}

TEST_F(MergeTest, overrides_are_folded_in) {
  load(0, 400);
  for (int round = 0; round < 4; ++round) {
    for (uint64_t id = 0; id < 400; id += 2) write(set_payload(id, R"({"colour":"red"})"));
  }
  remove(0, 100);
  compact();
  for (const auto& entry : fs::recursive_directory_iterator(h.directory() + "/segments"))
    EXPECT_NE(entry.path().filename(), "override.dat") << entry.path();
  expect_equal(h, model, "after the merge");
  model::CountRequest count;
  count.filter = match("colour", std::string("red"));
  const auto red = h->count(count, {});
  ASSERT_TRUE(red.ok());
  EXPECT_EQ(*red, 150u);
}

TEST_F(MergeTest, random_commands_between_merges_agree_with_the_model) {
  for (int round = 0; round < 12; ++round) {
    run(250);
    std::promise<base::Status> done;
    h->compact([&done](const base::Status& status) { done.set_value(status); });
    run(150);  // beside the merge
    const base::Status merged = done.get_future().get();
    ASSERT_TRUE(merged.ok()) << merged.to_string();
    expect_equal(h, model, "round " + std::to_string(round));
    if (::testing::Test::HasFatalFailure()) return;
    if (round % 3 == 1) {
      h.abandon();
      h.open();
      expect_equal(h, model, "after a kill in round " + std::to_string(round));
    }
  }
  compact();
  EXPECT_LE(h->state().segments, 5u);
  EXPECT_EQ(files(), names_of_state());
}

// The kill comes at any step of a merge: stop() ends what runs where it is.
TEST_F(MergeTest, a_kill_at_any_step_of_a_merge_loses_nothing_and_leaves_nothing) {
  for (int round = 0; round < 40; ++round) {
    run(60 + static_cast<int>(source.draw(100)));
    if (source.draw(3) == 0) ASSERT_TRUE(h.checkpoint().ok());
    h->compact([](const base::Status&) {});
    for (uint64_t n = source.draw(12); n > 0; --n) run(4);
    h.abandon();
    h.open();
    expect_equal(h, model, "round " + std::to_string(round));
    if (::testing::Test::HasFatalFailure()) return;
  }
  run(1);
  compact();
  EXPECT_EQ(files_of_slots(), 0u);
  EXPECT_EQ(files(), names_of_state());
}

TEST_F(MergeTest, garbage_of_a_merge_is_removed_at_the_next_start) {
  load(0, 300);
  ASSERT_TRUE(h.checkpoint().ok());
  h.abandon();
  fs::create_directories(h.directory() + "/segments/77");
  std::ofstream(h.directory() + "/segments/1/moved.9") << "left";
  h.open();
  load(300, 301);
  EXPECT_EQ(files().count("77"), 0u);
  EXPECT_EQ(files_of_slots(), 0u);
}

// The first application after a start removes what no segment and no watermark names. A merge may
// be writing by then.
TEST_F(MergeTest, a_merge_before_the_first_application_keeps_its_files) {
  for (int round = 0; round < 10; ++round) {
    load(0, 300);
    h.close();
    h.open();
    std::promise<base::Status> done;
    h->compact([&done](const base::Status& status) { done.set_value(status); });
    for (int i = 0; i < 20; ++i) load(300, 301);
    ASSERT_TRUE(done.get_future().get().ok());
    h.abandon();
    h.open();
    expect_equal(h, model, "round " + std::to_string(round));
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// Moves of rows pause between batches. The timer that would go on with them does nothing after the
// shard is told to stop.
TEST_F(MergeTest, a_stop_ends_moves_that_are_paused) {
  h.close();
  base::TimerQueue timers;
  h.options.timers = &timers;
  h.options.compaction.move_rows = 1;
  h.open();
  for (int round = 0; round < 20; ++round) {
    load(0, 300);
    remove(0, 100);
    std::promise<base::Status> done;
    h->compact([&done](const base::Status& status) { done.set_value(status); });
    std::future<base::Status> ended = done.get_future();
    const auto merged = [&] {  // then rows are moved
      const auto merges = h->optimizations().optimizations;
      return !merges.empty() && merges.back().ended_ms > 0;
    };
    while (!merged()) std::this_thread::yield();
    h.close();
    (void)ended.get();
    h.open();
    expect_equal(h, model, "round " + std::to_string(round));
    if (::testing::Test::HasFatalFailure()) return;
  }
  compact();
  EXPECT_EQ(files_of_slots(), 0u);
  h.close();
}

TEST_F(MergeTest, a_damaged_row_is_not_copied) {
  load(0, 400);
  ASSERT_TRUE(h.checkpoint().ok());
  ASSERT_TRUE(h.checkpoint().ok());
  remove(0, 100);
  h.close();
  const std::string path = h.directory() + "/segments/1/vec.0.dat";
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  bytes[150 * kDim * sizeof(float)] ^= 1;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  h.open();
  const base::Status merged = h.compact();
  EXPECT_EQ(merged.code(), base::Code::kCorrupt) << merged.to_string();
  EXPECT_EQ(h->fenced().code(), base::Code::kCorrupt);
  EXPECT_EQ(files().count("1"), 1u) << "damaged files are kept";
}

TEST_F(MergeTest, readers_beside_merges_see_every_point_once) {
  load(0, 600);
  std::atomic<bool> stop{false};
  const auto reader = [&] {
    model::ScrollRequest request;
    request.limit = 10'000;
    while (!stop) {
      const auto all = h->scroll(request, {});
      ASSERT_TRUE(all.ok()) << all.status().to_string();
      ASSERT_EQ(all->size(), 600u);
      model::GetRequest get;
      for (uint64_t id = 0; id < 600; id += 7) get.ids.push_back(model::PointId::number(id));
      const auto some = h->get(get, {});
      ASSERT_TRUE(some.ok()) << some.status().to_string();
      ASSERT_EQ(some->size(), 86u);
      model::SearchRequest search = nearest(std::string(kDim * sizeof(float), '\1'), 600);
      search.vector_name = "a";
      search.params.exact = true;
      const auto found = h->search(search, {});
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      std::set<uint64_t> ids;
      for (const auto& record : found->points) ids.insert(record.id.as_number());
      ASSERT_EQ(ids.size(), 600u);
    }
  };
  std::thread one(reader), two(reader);
  for (int round = 0; round < 8; ++round) {
    for (uint64_t id = 0; id < 600; id += 2) write(upsert({row(id)}));
    for (uint64_t id = 0; id < 600; id += 3) write(set_payload(id, R"({"colour":"blue"})"));
    compact();
  }
  stop = true;
  one.join();
  two.join();
  expect_equal(h, model, "at the end");
}

TEST_F(MergeTest, too_many_segments_are_refused_at_admission_and_not_at_apply) {
  h.close();
  h.options.max_segments = 3;
  h.open();
  load(0, 1000);  // apply takes what was admitted
  EXPECT_GT(h->state().segments, 3u);
  const base::Status admitted = h->admit();
  EXPECT_EQ(admitted.code(), base::Code::kBusy) << admitted.to_string();
  EXPECT_TRUE(h->admit(model::OperationKind::kDelete).ok());
  compact();
  EXPECT_LE(h->state().segments, 2u);
  EXPECT_TRUE(h->admit().ok());
}

TEST_F(MergeTest, merges_are_reported) {
  load(0, 600);
  remove(0, 300);
  compact();
  const auto shown = h->optimizations();
  ASSERT_FALSE(shown.optimizations.empty());
  const model::Optimization& last = shown.optimizations.back();
  EXPECT_EQ(last.error, "");
  EXPECT_FALSE(last.running());
  EXPECT_EQ(last.done, last.total);
  EXPECT_EQ(last.optimizer, "vacuum");
  ASSERT_EQ(shown.idle_segments.size(), h->state().segments);
  uint64_t points = 0;
  for (const model::OptimizedSegment& segment : shown.idle_segments) points += segment.points;
  EXPECT_EQ(points, 300u);
}

TEST_F(MergeTest, a_directory_of_the_format_before_is_upgraded) {
  load(0, 300);
  h.close();
  const auto rewrite = [](const std::string& path, auto change) {
    std::ifstream in(path);
    nlohmann::json document = nlohmann::json::parse(in);
    change(document);
    std::ofstream(path) << document.dump();
  };
  rewrite(h.directory() + "/manifest", [](auto& d) { d["format"] = 1; });
  rewrite(h.directory() + "/segments/1/manifest", [](auto& d) {
    d["format"] = 1;
    d.erase("uuid");
    d["later"] = "kept";
  });
  h.open();
  expect_equal(h, model, "upgraded");
  const auto read = [](const std::string& path) {
    std::ifstream in(path);
    return nlohmann::json::parse(in);
  };
  EXPECT_EQ(read(h.directory() + "/manifest")["format"], 2);
  EXPECT_EQ(read(h.directory() + "/segments/1/manifest")["format"], 2);
  EXPECT_EQ(read(h.directory() + "/segments/1/manifest")["later"], "kept");
  EXPECT_EQ(read(h.directory() + "/segments/1/manifest")["uuid"].get<std::string>().size(), 36u);
  h.close();
  rewrite(h.directory() + "/manifest", [](auto& d) { d["format"] = 3; });
  const auto refused = Shard::open(h.options);
  EXPECT_EQ(refused.status().code(), base::Code::kUnsupported);
  EXPECT_NE(refused.status().to_string().find("format 3, this release reads 1 and 2"),
            std::string::npos);
}

}  // namespace
}  // namespace rhumb::shard::test
