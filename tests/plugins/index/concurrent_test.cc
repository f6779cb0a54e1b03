// Inserting, searching, building and growing on several threads. These tests also run under
// ThreadSanitizer.
#include <atomic>
#include <thread>

#include "tests/plugins/index/graph_engines.h"

namespace rhumb::index_test {
namespace {

class Concurrent : public WithEngine {};

// The column is filled beforehand; only the slots are new to the index.
TEST_P(Concurrent, searches_run_while_ranges_are_inserted_and_the_graph_grows) {
  constexpr uint32_t kRows = 8000 / kFewer, kRange = 250, kWriters = 2, kReaders = 2;
  Generator generator(64, 41);
  Column column(RHUMB_COSINE, RHUMB_F32, 64);
  column.fill(generator, kRows);
  const auto queries = column.queries(generator, 32);
  // The index starts with room for few rows and grows.
  Index index(id(), column, R"({"m":8,"ef_construct":40})", "", kRows);
  std::atomic<uint32_t> next{0}, writing{kWriters};
  std::atomic<uint64_t> searches{0};
  std::vector<std::thread> threads;
  for (uint32_t w = 0; w < kWriters; ++w) {
    threads.emplace_back([&] {
      for (uint32_t first = next.fetch_add(kRange); first < kRows; first = next.fetch_add(kRange)) {
        EXPECT_EQ(index.insert(first, std::min(kRows, first + kRange)), RHUMB_OK);
      }
      --writing;
    });
  }
  for (uint32_t r = 0; r < kReaders; ++r) {
    threads.emplace_back([&, r] {
      Bits odd(kRows);
      for (uint32_t s = 1; s < kRows; s += 2) odd.set(s);
      const rhumb_filter_t filter = odd.as_bits();
      do {
        for (size_t q = r; q < queries.size(); q += kReaders) {
          const Hits hits =
              index.search_one(queries[q], {.ef = 10, .filter = q % 4 < 2 ? nullptr : &filter});
          for (size_t i = 0; i < hits.size(); ++i) {
            ASSERT_LT(hits[i].slot, kRows);
            if (q % 4 >= 2) ASSERT_TRUE(odd.has(hits[i].slot));
            if (i > 0) ASSERT_LE(hits[i - 1].distance, hits[i].distance);
          }
          ++searches;
        }
        const auto stats = index.stats();
        ASSERT_LE(stats["built_through"].get<uint64_t>(), kRows);
      } while (writing > 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(searches, 0u);
  EXPECT_EQ(index.stats()["rows"], kRows);
  EXPECT_EQ(index.stats()["built_through"], kRows);
  Index flat("flat", column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  EXPECT_GE(recall(index.search(queries, {.ef = 80}), flat.search(queries, {})), 0.95);
}

// A search finds the rows that were indexed before it began: each point searches for itself.
TEST_P(Concurrent, a_row_is_found_once_its_insert_returned) {
  constexpr uint32_t kRows = 4000 / kFewer;  // enough for walks, whose ef is small
  Generator generator(32, 42);
  Column column(RHUMB_EUCLID, RHUMB_F32, 32);
  column.fill(generator, kRows);
  Index index(id(), column, R"({"m":8,"ef_construct":40})");
  std::atomic<uint32_t> in{0};
  std::atomic<uint64_t> asked{0}, missed{0};
  std::thread writer([&] {
    for (uint32_t s = 0; s < kRows; ++s) {
      EXPECT_EQ(index.insert(s, s + 1), RHUMB_OK);
      in.store(s + 1, std::memory_order_release);
    }
  });
  std::mt19937_64 random(43);
  while (in.load(std::memory_order_acquire) == 0) std::this_thread::yield();
  for (uint32_t end = 1; end < kRows; ++asked) {
    end = in.load(std::memory_order_acquire);
    const auto slot = static_cast<uint32_t>(random() % end);
    const Hits hits = index.search_one({column.row(slot), column.raw().stride}, {.k = 1, .ef = 12});
    ASSERT_EQ(hits.size(), 1u);
    if (hits[0].distance != 0) ++missed;
  }
  writer.join();
  EXPECT_LE(missed * 100, asked) << missed << " of " << asked;
}

TEST_P(Concurrent, a_build_by_many_threads_is_as_good_as_by_one) {
  Generator generator(64, 44);
  Column column(RHUMB_COSINE, RHUMB_F32, 64);
  column.fill(generator, 8000 / kFewer);
  const auto queries = column.queries(generator, 100);
  Index flat("flat", column), one(id(), column), many(id(), column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  ASSERT_EQ(one.build(1), RHUMB_OK);
  ASSERT_EQ(many.build(4), RHUMB_OK);
  const auto truth = flat.search(queries, {});
  const double alone = recall(one.search(queries, {.ef = 20}), truth),
               together = recall(many.search(queries, {.ef = 20}), truth);
  EXPECT_GE(together, alone - 0.03);
}

struct Interruption {
  std::atomic<uint64_t> most{0};
  uint64_t stop_after = 0;
  static uint32_t tick(void* ctx, uint64_t done, uint64_t total) {
    auto& self = *static_cast<Interruption*>(ctx);
    EXPECT_LE(done, total);
    uint64_t most = self.most.load();
    while (most < done && !self.most.compare_exchange_weak(most, done)) {}
    return done < self.stop_after ? 1 : 0;
  }
};

TEST_P(Concurrent, a_cancelled_build_can_be_continued) {
  Generator generator(32, 37);
  Column column(RHUMB_COSINE, RHUMB_F32, 32);
  column.fill(generator, 9000 / kFewer);
  Index index(id(), column, R"({"ef_construct":60})");
  Interruption interruption;
  interruption.stop_after = column.rows() / 2;
  const rhumb_progress_t progress{sizeof progress, 4, &interruption, Interruption::tick};
  EXPECT_EQ(index.build(progress), RHUMB_CANCELLED);
  EXPECT_LT(interruption.most, column.rows());
  const uint64_t nodes = index.stats()["rows"];
  EXPECT_GT(nodes, 0u);
  EXPECT_LT(nodes, column.rows());
  EXPECT_EQ(index.stats()["built_through"], 0);

  interruption.stop_after = ~uint64_t{0};
  ASSERT_EQ(index.build(progress), RHUMB_OK) << index.error();
  EXPECT_EQ(interruption.most, column.rows());
  EXPECT_EQ(index.stats()["rows"], column.rows());
  EXPECT_EQ(index.stats()["built_through"], column.rows());
  Index flat("flat", column);
  ASSERT_EQ(flat.build(), RHUMB_OK);
  const auto queries = column.queries(generator, 50);
  EXPECT_GE(recall(index.search(queries, {}), flat.search(queries, {})), 0.95);
}

INSTANTIATE_TEST_SUITE_P(Engines, Concurrent, ::testing::ValuesIn(kGraphEngines), name_of_engine);

}  // namespace
}  // namespace rhumb::index_test
