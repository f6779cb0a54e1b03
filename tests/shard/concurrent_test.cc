// Readers run beside apply, checkpoints, sealing and indexing. A point that is updated all the time
// never vanishes and never shows twice, and every point that a filter let through passes it.
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

#include "tests/shard/harness.h"

namespace rhumb::shard::test {
namespace {

constexpr uint64_t kSeed = 4711, kIds = 200, kRounds = 60;

class ConcurrentTest : public ::testing::Test {
 protected:
  ConcurrentTest() {
    h.options.segment.max_rows = 700;
    h.options.segment.graph_min_rows = 128;
    h.options.segment.extents = {4096, 65536};
    h.options.index_slice_rows = 64;
    h.options.checkpoint_points = 900;
    h.options.config.payload_indexes["gen"].type = model::FieldType::kInteger;
  }
  void readers_until(std::atomic<bool>& stop, const std::function<void(Embeddings&)>& read, int n) {
    for (int i = 0; i < n; ++i) {
      threads.emplace_back([&stop, read, i] {
        Embeddings own(kSeed + 100 + static_cast<uint64_t>(i), kDim);
        while (!stop.load()) read(own);
      });
    }
  }
  void join() {
    for (auto& thread : threads) thread.join();
    threads.clear();
  }
  void write_all(uint64_t generation, bool whole) {
    Embeddings vectors(kSeed + generation, kDim);
    std::vector<model::PointWrite> points;
    for (uint64_t id = 0; id < kIds; ++id) {
      const std::string payload = R"({"gen":)" + std::to_string(generation % 3) + "}";
      if (whole)
        points.push_back(point(id, vectors.next_bytes(), payload));
      else
        h.propose(set_payload(id, payload));
      if (points.size() == 50) h.propose(upsert(std::exchange(points, {})));
    }
    const base::Status applied = h.apply();
    ASSERT_TRUE(applied.ok()) << applied.to_string();
  }

  Harness h;
  std::vector<std::thread> threads;
};

TEST_F(ConcurrentTest, every_view_is_consistent) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  h.open();
  write_all(0, true);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> searches{0};
  readers_until(
      stop,
      [&](Embeddings& own) {
        const auto found = h->search(nearest(own.next_bytes(), 2 * kIds), {});
        ASSERT_TRUE(found.ok()) << found.status().to_string();
        std::set<uint64_t> ids;
        for (const auto& record : found->points) ids.insert(record.id.as_number());
        ASSERT_EQ(found->points.size(), kIds);
        ASSERT_EQ(ids.size(), kIds);
        searches.fetch_add(1);
      },
      1);
  readers_until(
      stop,
      [&](Embeddings& own) {
        auto request = nearest(own.next_bytes(), 20);
        request.filter = match("gen", int64_t{1});
        const auto found = h->search(request, {});
        ASSERT_TRUE(found.ok()) << found.status().to_string();
        for (const auto& record : found->points) ASSERT_EQ(record.payload, R"({"gen":1})");
        model::ScrollRequest scroll;
        scroll.limit = 2 * kIds;
        const auto page = h->scroll(scroll, {});
        ASSERT_TRUE(page.ok()) << page.status().to_string();
        ASSERT_EQ(page->size(), kIds);
        model::GetRequest get;
        get.ids = {model::PointId::number(7), model::PointId::number(kIds)};
        const auto got = h->get(get);
        ASSERT_TRUE(got.ok()) << got.status().to_string();
        ASSERT_EQ(got->size(), 1u);
        ASSERT_EQ(*h->count({}, {}), kIds);
        h->state();
      },
      1);
  for (uint64_t generation = 1; generation < kRounds && !HasFatalFailure(); ++generation)
    write_all(generation, generation % 3 != 2);
  stop.store(true);
  join();
  EXPECT_GT(searches.load(), 0u);
  h.wait_indexed();
  const auto verified = h->verify({});
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->problems.empty()) << verified->problems.front();
  EXPECT_EQ(h->state().warning, "");
  const auto hash = h->state().content_hash;
  h.close();
  h.open();
  EXPECT_EQ(h->state().content_hash, hash);
}

TEST_F(ConcurrentTest, indexes_come_and_go_under_writes) {
  h.open();
  write_all(0, true);
  std::atomic<bool> stop{false};
  readers_until(
      stop,
      [&](Embeddings&) {
        model::CountRequest count;
        count.filter = match("id", int64_t{1});
        const auto counted = h->count(count, {});
        ASSERT_TRUE(counted.ok()) << counted.status().to_string();
        ASSERT_EQ(*counted, 0u);
      },
      1);
  std::thread configurer([&] {
    auto config = h.options.config;
    uint64_t version = 100;
    while (!stop.load()) {
      for (const bool with : {true, false}) {
        config.payload_indexes.erase("other");
        if (with) config.payload_indexes["other"].type = model::FieldType::kKeyword;
        std::promise<base::Status> built;
        h->configure(config, ++version, [](const base::Status&) {});
        h->when_configured(version,
                           [&built](const base::Status& status) { built.set_value(status); });
        ASSERT_TRUE(built.get_future().get().ok());
      }
    }
  });
  for (uint64_t generation = 1; generation < 20; ++generation)
    write_all(generation, generation % 2 == 0);
  stop.store(true);
  join();
  configurer.join();
  model::CountRequest count;
  count.filter = match("gen", int64_t{19 % 3});
  EXPECT_EQ(*h->count(count, {}), kIds);
}

}  // namespace
}  // namespace rhumb::shard::test
