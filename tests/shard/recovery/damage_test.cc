// Damage of durable data is reported with file and offset and never returned as data. Damage of
// derived data costs only a rebuild.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>

#include "tests/shard/model.h"

namespace rhumb::shard::test {
namespace {

namespace fs = std::filesystem;

class DamageTest : public ::testing::Test {
 protected:
  DamageTest() : h(all_vectors()), source(77, 300) {
    std::printf("seed 77\n");
    shrink(h.options);
    h.options.segment.max_rows = 256;
  }
  // Writes some sealed segments and a growing one, all durable.
  void fill() {
    h.open();
    for (int i = 0; i < 900; ++i) {
      const model::Command command = source.next(model);
      model.apply(command, h.propose(command));
    }
    ASSERT_TRUE(h.apply().ok());
    ASSERT_TRUE(h.checkpoint().ok());
    h.wait_indexed();
    h.close();
  }
  fs::path segment(int id) const {
    return fs::path(h.directory()) / "segments" / std::to_string(id);
  }
  static void flip(const fs::path& file, uint64_t offset) {
    std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(static_cast<std::streamoff>(offset));
    const int byte = f.get();
    f.seekp(static_cast<std::streamoff>(offset));
    f.put(static_cast<char>(byte ^ 0x20));
  }
  std::string open_error() {
    auto opened = Shard::open(h.options);
    return opened.ok() ? "" : opened.status().to_string();
  }

  Harness h;
  Model model;
  CommandSource source;
};

TEST_F(DamageTest, truncated_columns_are_refused_by_name) {
  fill();
  for (const char* file :
       {"rows.dat", "ids.dat", "payload.dat", "vec.0.dat", "vec.2.dat", "slots.2.dat"}) {
    const fs::path path = segment(1) / file;
    const auto size = fs::file_size(path);
    const fs::path saved = fs::path(h.directory()).parent_path() / "saved";
    fs::copy_file(path, saved, fs::copy_options::overwrite_existing);
    fs::resize_file(path, size / 2);
    const std::string error = open_error();
    EXPECT_NE(error.find("corrupt"), std::string::npos) << file << ": " << error;
    EXPECT_NE(error.find(path.string()), std::string::npos) << file << ": " << error;
    fs::copy_file(saved, path, fs::copy_options::overwrite_existing);
  }
  h.open();
  expect_equal(h, model, "repaired");
}

TEST_F(DamageTest, a_damaged_row_record_is_refused_with_its_offset) {
  fill();
  const fs::path rows = segment(1) / "rows.dat";
  for (uint64_t slot = 0; slot < 256; ++slot) flip(rows, slot * 64 + 9);
  const std::string error = open_error();
  EXPECT_NE(error.find("rows.dat at offset"), std::string::npos) << error;
}

TEST_F(DamageTest, a_damaged_record_of_a_multivector_is_refused_with_its_offset) {
  fill();
  const fs::path slots = segment(4) / "slots.2.dat";
  for (uint64_t at = 5; at < fs::file_size(slots); at += 16) flip(slots, at);
  const std::string error = open_error();
  EXPECT_NE(error.find(slots.string() + " at offset"), std::string::npos) << error;
}

// In a sealed segment a checksum covers every byte. In the growing segment checksums cover ids and
// payloads, and verification compares content hashes.
TEST_F(DamageTest, bit_flips_are_found_and_fence_the_shard) {
  fill();
  struct Case {
    int segment;
    const char* file;
  };
  for (const Case c : {Case{1, "payload.dat"}, Case{1, "ids.dat"}, Case{1, "vec.0.dat"},
                       Case{1, "vec.1.dat"}, Case{1, "vec.2.dat"}, Case{2, "payload.dat"}}) {
    const fs::path path = segment(c.segment) / c.file;
    const uint64_t at = fs::file_size(path) / 3;
    flip(path, at);
    h.open();
    ASSERT_TRUE(h.is_open());
    const auto verified = h->verify({});
    ASSERT_TRUE(verified.ok()) << verified.status().to_string();
    ASSERT_FALSE(verified->problems.empty());
    EXPECT_TRUE(verified->problems.front().starts_with(path.string() + " at offset"))
        << verified->problems.front();
    EXPECT_FALSE(h->fenced().ok());
    EXPECT_FALSE(h->search(nearest("", 1), {}).ok());
    h.abandon();
    flip(path, at);
  }
  h.open();
  expect_equal(h, model, "repaired");
}

TEST_F(DamageTest, verification_names_every_damaged_file) {
  fill();
  const std::vector<fs::path> damaged = {segment(1) / "ids.dat", segment(1) / "vec.1.dat",
                                         segment(2) / "payload.dat"};
  for (const fs::path& path : damaged) flip(path, fs::file_size(path) / 3);
  h.open();
  const auto verified = h->verify({});
  ASSERT_TRUE(verified.ok()) << verified.status().to_string();
  for (const fs::path& path : damaged) {
    EXPECT_TRUE(std::any_of(
        verified->problems.begin(), verified->problems.end(),
        [&](const std::string& p) { return p.starts_with(path.string() + " at offset"); }))
        << path;
  }
}

// A row of the store without a live row would still be found by its id.
TEST_F(DamageTest, a_row_of_the_store_without_a_live_row_is_found) {
  fill();
  {
    auto kv = storage::KvStore::open(plugins(), "sqlite", h.directory() + "/kv");
    ASSERT_TRUE(kv.ok());
    storage::KvBatch batch;
    batch.put(kPoints, model::PointId::number(987654321).key(), encode(PointRow{1, 0, 1, {}}));
    ASSERT_TRUE((*kv)->write(batch).ok());
  }
  h.open();
  const auto verified = h->verify({});
  ASSERT_TRUE(verified.ok()) << verified.status().to_string();
  ASSERT_FALSE(verified->problems.empty());
  EXPECT_NE(verified->problems.front().find("rows of points"), std::string::npos)
      << verified->problems.front();
}

TEST_F(DamageTest, a_live_row_that_the_store_does_not_find_is_named) {
  fill();
  std::string key;
  {
    auto kv = storage::KvStore::open(plugins(), "sqlite", h.directory() + "/kv");
    ASSERT_TRUE(kv.ok());
    ASSERT_TRUE((*kv)
                    ->visit_range(kPoints, "", "",
                                  [&](std::string_view first, std::string_view) {
                                    key = first;
                                    return false;
                                  })
                    .ok());
    storage::KvBatch batch;
    batch.erase(kPoints, key);
    ASSERT_TRUE((*kv)->write(batch).ok());
  }
  h.open();
  const auto verified = h->verify({});
  ASSERT_TRUE(verified.ok()) << verified.status().to_string();
  ASSERT_EQ(verified->problems.size(), 2u);  // the second problem is the count of rows
  EXPECT_NE(verified->problems.front().find("rows.dat at offset"), std::string::npos)
      << verified->problems.front();
}

TEST_F(DamageTest, the_derived_files_that_are_built_again_are_named) {
  fill();
  std::vector<std::string> told;
  h.options.segment.on_derived_damage = [&told](const base::Status& what) {
    told.push_back(what.message());
  };
  h.open();
  EXPECT_TRUE(told.empty());
  h.close();
  flip(segment(1) / "graph.1" / "graph", 70);
  h.open();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told.front().find((segment(1) / "graph.1").string()), std::string::npos)
      << told.front();
  EXPECT_TRUE(h->verify({})->problems.empty());
}

TEST_F(DamageTest, reading_a_damaged_point_answers_an_error_and_not_the_bytes) {
  fill();
  flip(segment(1) / "vec.0.dat", 5);
  h.open();
  model::ScrollRequest request;
  request.limit = 1000;
  request.with_vector.mode = model::VectorSelector::Mode::kAll;
  const auto records = h->scroll(request, {});
  if (records.ok()) GTEST_SKIP() << "no live row in the damaged block";
  EXPECT_EQ(records.status().code(), base::Code::kCorrupt);
  EXPECT_NE(records.status().message().find("vec.0.dat at offset 0"), std::string::npos)
      << records.status().to_string();
}

TEST_F(DamageTest, payloads_of_the_growing_segment_are_checked) {
  h.open();
  std::vector<model::PointWrite> points;
  for (uint64_t id = 0; id < 50; ++id) {
    points.push_back(point(id, "", R"({"text":"abcdefghijklmnopqrstuvwxyz"})"));
  }
  ASSERT_TRUE(h.write(upsert(points)).ok());
  h.close();
  flip(segment(1) / "payload.dat", 100);
  h.open();
  model::ScrollRequest request;
  request.limit = 100;
  request.with_payload.mode = model::PayloadSelector::Mode::kAll;
  const auto records = h->scroll(request, {});
  ASSERT_FALSE(records.ok());
  EXPECT_NE(records.status().message().find("payload.dat at offset"), std::string::npos)
      << records.status().to_string();
}

TEST_F(DamageTest, derived_data_is_built_again) {
  fill();
  size_t removed = 0, damaged = 0;
  for (const auto& entry : fs::recursive_directory_iterator(h.directory())) {
    const std::string path = entry.path().string();
    if (!entry.is_regular_file() ||
        (path.find("/fields/") == std::string::npos && path.find("/graph.") == std::string::npos))
      continue;
    if ((removed + damaged) % 2 == 0) {
      flip(entry.path(), fs::file_size(entry.path()) / 2);
      ++damaged;
    } else {
      fs::remove(entry.path());
      ++removed;
    }
  }
  EXPECT_GT(removed, 2u);
  EXPECT_GT(damaged, 2u);
  h.open();
  h.wait_indexed();
  expect_equal(h, model, "rebuilt");
  EXPECT_EQ(h->state().warning, "");
  model::CountRequest count;
  count.filter = match("colour", std::string("red"));
  uint64_t expected = 0;
  for (const auto& [id, p] : model.points())
    expected += p.payload.contains("colour") && p.payload["colour"] == "red" ? 1 : 0;
  EXPECT_EQ(*h->count(count, {}), expected);
}

TEST_F(DamageTest, a_segment_that_was_never_committed_is_removed) {
  fill();
  fs::create_directories(segment(4000));
  std::ofstream(segment(4000) / "rows.dat") << "left over";
  h.open();
  EXPECT_TRUE(fs::exists(segment(4000))) << "not before the log was found to go with the store";
  const model::Command command = source.next(model);
  model.apply(command, h.propose(command));
  ASSERT_TRUE(h.apply().ok());
  EXPECT_FALSE(fs::exists(segment(4000)));
  expect_equal(h, model, "without it");
}

// The consensus loop refuses the next entries, because the log begins after such a state. The rows
// stay until an operator looks at them.
TEST_F(DamageTest, a_store_that_lost_its_rows_removes_no_segment) {
  fill();
  fs::resize_file(fs::path(h.directory()) / "kv" / "data.db", 0);
  {
    auto opened = Shard::open(h.options);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    EXPECT_EQ((*opened)->durable_index(), 0u);
  }
  EXPECT_TRUE(fs::exists(segment(1) / "rows.dat"));
}

TEST_F(DamageTest, a_clean_stop_leaves_nothing_to_replay) {
  fill();
  h.open();
  EXPECT_EQ(h->durable_index(), h.log().size());
  EXPECT_EQ(h.released(), h.log().size());
}

TEST_F(DamageTest, the_directory_of_another_shard_is_refused) {
  fill();
  h.options.shard = 1025;
  EXPECT_NE(open_error().find("manifest"), std::string::npos);
}

}  // namespace
}  // namespace rhumb::shard::test
