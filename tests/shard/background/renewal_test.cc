// Graphs whose engine asks to be built anew. The new graph is published once and finds everything
// that the old one found and what came since. Searches, writes, checkpoints and stops go on
// meanwhile.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "host/base/memory_guard.h"
#include "tests/places.h"
#include "tests/shard/background/ageing_index.h"
#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

constexpr uint64_t kLimit = 1'000'000'000, kNormal = 0, kCold = kLimit / 10 * 9, kRefuse = kLimit;

// The engine's file is loaded once, and its state is that of this process.
Ageing& engine() {
  static Ageing* const state = [] {
    const std::string path = places::build() + "/test_plugins/ageing_index.so";
    EXPECT_TRUE(const_cast<plugin::PluginRegistry&>(plugins()).load_file(path).ok());
    void* const file = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
    using Function = Ageing* (*)();
    const auto function = reinterpret_cast<Function>(dlsym(file, "ageing"));
    return function();
  }();
  return *state;
}

class RenewalTest : public ::testing::Test {
 protected:
  RenewalTest() {
    engine().tell([] {
      Ageing& e = engine();
      e.wishes = true;
      e.insatiable = e.hold = e.fails = false;
      e.building = e.built = e.cancelled = e.grown_to = e.stats = 0;
    });
    h.options.segment.index_engine = "ageing";
    h.options.segment.graph_min_rows = 256;
    h.options.segment.renewers = &renewers;
    h.options.segment.memory = &guard;
    h.options.index_slice_rows = 256;
  }
  ~RenewalTest() override { hold(false); }

  static void hold(bool held) {
    engine().tell([&] { engine().hold = held; });
  }
  static uint32_t built() {
    const std::lock_guard lock(engine().mutex);
    return engine().built;
  }
  static std::string vector_of(uint64_t id) {
    Embeddings one(id + 1000, kDim);
    return one.next_bytes();
  }
  void write(uint64_t first, uint64_t end) {
    std::vector<model::PointWrite> batch;
    for (uint64_t id = first; id < end; ++id) batch.push_back(point(id, vector_of(id)));
    ASSERT_TRUE(h.write(upsert(batch)).ok());
  }
  // Each point finds itself first.
  void expect_found(uint64_t first, uint64_t end) {
    for (uint64_t id = first; id < end; ++id) {
      const auto found = h->search(nearest(vector_of(id), 1), {});
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      ASSERT_EQ(found->points.size(), 1u);
      ASSERT_EQ(found->points[0].id, model::PointId::number(id));
    }
  }
  void await_building() {
    engine().await([] { return engine().building > 0; });
  }
  model::IndexState index(size_t i = 0) {
    const auto state = h->state();
    return state.indexes.size() > i ? state.indexes[i] : model::IndexState{};
  }
  void set_used(uint64_t bytes) {
    used = bytes;
    guard.look();
    h->memory_changed();
  }

  std::atomic<uint64_t> used{kNormal};
  base::MemoryGuard guard{kLimit, [this] { return used.load(); }};
  base::Executor renewers{"renew", 1, 64};
  Harness h;
};

TEST_F(RenewalTest, a_new_graph_is_published_once_and_searches_are_always_right) {
  h.open();
  hold(true);
  write(0, 1500);
  await_building();
  EXPECT_FALSE(h->state().green) << "something is being done";
  EXPECT_EQ(index().renewing, "it has aged");
  EXPECT_EQ(index().codes, "4bit");
  expect_found(0, 50);
  write(1500, 2000);  // the graph began with 1,024 rows; 2,048 would begin another one
  engine().await([] { return engine().grown_to >= 2000; });  // the old graph takes them in
  ASSERT_TRUE(h.write(on(model::OperationKind::kDelete, {3, 1600})).ok());
  std::atomic<bool> ended{false};
  std::thread searches([&] {
    for (uint64_t id = 10; !ended.load(); id = 10 + (id + 7) % 1500) expect_found(id, id + 1);
  });
  hold(false);
  h.wait_indexed();
  ended = true;
  searches.join();
  EXPECT_EQ(built(), 1u);
  EXPECT_TRUE(h->state().green);
  EXPECT_EQ(index().renewing, "");
  EXPECT_EQ(index().codes, "8bit");
  EXPECT_EQ(index().rows, 2000u);
  EXPECT_EQ(index().recall, 0.99);
  EXPECT_EQ(index().queries, 128u);
  expect_found(4, 1600);
  expect_found(1601, 2000);
  EXPECT_NE(h->search(nearest(vector_of(3), 1), {})->points.at(0).id, model::PointId::number(3))
      << "it was deleted";
  const std::lock_guard lock(engine().mutex);
  EXPECT_EQ(engine().open, 1u) << "the old one is closed";
}

TEST_F(RenewalTest, a_graph_is_renewed_at_most_once_per_doubling_and_once_when_sealed) {
  engine().tell([] { engine().insatiable = true; });
  h.options.segment.seal_rows = 3000;
  h.open();
  uint64_t end = 0;
  for (const auto& [rows, builds] : std::vector<std::pair<uint64_t, uint32_t>>{
           {1000, 0}, {1100, 1}, {2000, 1}, {2200, 2}, {2900, 2}}) {
    write(end, rows);
    end = rows;
    h.wait_indexed();
    EXPECT_EQ(built(), builds) << rows;
  }
  write(2900, 3100);  // the second segment is too small for a graph
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(h.checkpoint().ok());
    h.wait_indexed();
    EXPECT_EQ(built(), 3u) << "sealed with its last rows";
  }
  expect_found(0, 100);
  expect_found(2900, 3100);
}

TEST_F(RenewalTest, the_engine_is_asked_at_most_once_per_slice) {
  engine().tell([] { engine().wishes = false; });
  h.open();
  write(0, 3000);
  h.wait_indexed();
  uint32_t asked = 0;
  {
    const std::lock_guard lock(engine().mutex);
    asked = engine().stats;
  }
  EXPECT_LE(asked, 12u) << "slices of 256";
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(h.write(set_payload(1, R"({"a":1})")).ok());
    h.wait_indexed();
  }
  const std::lock_guard lock(engine().mutex);
  EXPECT_EQ(engine().stats, asked);
}

TEST_F(RenewalTest, without_memory_the_renewal_is_postponed) {
  h.open();
  set_used(kCold);
  write(0, 1500);
  h.wait_indexed();
  EXPECT_EQ(built(), 0u);
  EXPECT_TRUE(h->state().green) << "nothing that can be done is left";
  EXPECT_NE(index().warning.find("memory"), std::string::npos) << index().warning;
  hold(true);
  set_used(kNormal);
  await_building();
  set_used(kRefuse);  // the build that was begun gives its memory back
  engine().await([] { return engine().cancelled == 1; });
  h.wait_indexed();
  EXPECT_EQ(index().codes, "4bit");
  expect_found(0, 50);
  hold(false);
  set_used(kNormal);
  h.wait_indexed();
  EXPECT_EQ(built(), 1u);
  EXPECT_EQ(index().codes, "8bit");
  EXPECT_EQ(index().warning, "");
  expect_found(0, 1500);
}

TEST_F(RenewalTest, a_stop_does_not_wait_for_a_renewal) {
  for (const bool checkpoint : {true, false}) {
    hold(true);
    h.open();
    const uint64_t first = checkpoint ? 0 : 2000;
    write(first, first + 2000);
    await_building();
    if (checkpoint)
      h.close();
    else
      h.abandon();
    engine().await([&] { return engine().cancelled == (checkpoint ? 1u : 2u); });
    EXPECT_EQ(built(), 0u);
    hold(false);
    h.options.segment.renewers = nullptr;  // the old graph is kept
    h.open();
    h.wait_indexed();
    EXPECT_EQ(index().codes, "4bit");
    EXPECT_TRUE(h->state().green);
    expect_found(0, 20);
    expect_found(first + 1900, first + 2000);
    h.close();
    h.options.segment.renewers = &renewers;
  }
  h.open();
  h.wait_indexed();
  EXPECT_EQ(index().codes, "8bit") << "it was asked after load";
  expect_found(0, 4000);
}

TEST_F(RenewalTest, a_renewed_graph_is_saved) {
  h.options.segment.seal_rows = 1500;
  h.open();
  hold(true);
  write(0, 1400);
  await_building();
  ASSERT_TRUE(h.checkpoint().ok());  // saves the old graph
  hold(false);
  h.wait_indexed();
  EXPECT_EQ(index().codes, "8bit");
  h.abandon();
  engine().tell([] { engine().wishes = false; });
  h.open();
  h.wait_indexed();
  EXPECT_EQ(index().codes, "8bit") << "saved when it was published: its rows were durable";
  expect_found(0, 1400);
  write(1400, 1600);
  ASSERT_TRUE(h.checkpoint().ok());
  h.wait_indexed();
  h.close();
  h.open();
  EXPECT_EQ(index().codes, "8bit");
  expect_found(0, 1600);
}

TEST_F(RenewalTest, a_failed_renewal_leaves_the_old_graph) {
  engine().tell([] { engine().fails = true; });
  h.open();
  write(0, 1800);
  h.wait_indexed();
  EXPECT_EQ(built(), 1u);
  EXPECT_EQ(index().codes, "4bit");
  EXPECT_NE(index().warning.find("no room for codes"), std::string::npos) << index().warning;
  EXPECT_TRUE(h->state().green);
  write(1800, 1900);
  h.wait_indexed();
  EXPECT_EQ(built(), 1u) << "not again before the rows have doubled";
  expect_found(0, 1900);
}

TEST_F(RenewalTest, a_graph_of_multivectors_is_renewed_too) {
  model::CollectionConfig config = config_of();
  config.vectors[""].multivector = true;
  h.options.config = config;
  h.open();
  const auto rows_of = [](uint64_t id) {
    return vector_of(3 * id) + vector_of(3 * id + 1) + vector_of(3 * id + 2);
  };
  const auto write_points = [&](uint64_t first, uint64_t end) {
    for (uint64_t id = first; id < end; ++id) h.propose(upsert({point(id, rows_of(id))}));
    ASSERT_TRUE(h.apply().ok());
  };
  hold(true);
  write_points(0, 600);
  await_building();
  write_points(600, 650);
  engine().await([] { return engine().grown_to >= 3 * 650; });
  ASSERT_TRUE(h.write(on(model::OperationKind::kDelete, {5})).ok());
  hold(false);
  h.wait_indexed();
  EXPECT_EQ(index().codes, "8bit");
  for (uint64_t id = 6; id < 650; ++id) {
    const auto found = h->search(nearest(vector_of(3 * id + 1), 1), {});
    ASSERT_TRUE(found.ok());
    ASSERT_EQ(found->points.at(0).id, model::PointId::number(id));
  }
}

}  // namespace
}  // namespace rhumb::shard::test
