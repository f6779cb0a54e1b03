// Several writers write the same thousand ids again and again, while segments are sealed,
// checkpoints are made and graphs are built. Every exact search and every scroll must see a
// thousand different points: an update never shows a point twice and never hides it. The requests
// go through the REST handler down to the disk.

#include <atomic>
#include <thread>

#include "tests/model_check/fire.h"

namespace rhumb::model_check {
namespace {

constexpr uint64_t kSeed = 1000;
constexpr uint32_t kIds = 1000, kBatch = 100, kWriters = 3, kBatches = 100, kSoakBatches = 3000;

std::set<uint64_t> ids_of(const json& points) {
  std::set<uint64_t> ids;
  for (const json& point : points) ids.insert(point["id"].get<uint64_t>());
  return ids;
}

class SameIds : public FireTest {
 protected:
  void upsert(Fire& fire, uint32_t first, uint32_t count, uint64_t generation) {
    json points = json::array();
    for (uint32_t i = 0; i < count; ++i)
      points.push_back({{"id", (first + i) % kIds},
                        {"vector", fire.vector()},
                        {"payload", {{"gen", generation}}}});
    expect_ok("PUT", "/points?wait=true", {{"points", points}});
  }
  void look_by_search(Fire& fire) {
    const json hits = expect_ok(
        "POST", "/points/query",
        {{"query", fire.vector()}, {"limit", kIds}, {"params", {{"exact", true}}}})["points"];
    EXPECT_EQ(hits.size(), kIds);
    EXPECT_EQ(ids_of(hits).size(), kIds);
  }
  void look_by_scroll() {
    std::set<uint64_t> ids;
    size_t points = 0;
    json body = {{"limit", 130}, {"with_payload", false}};
    do {
      const json page = expect_ok("POST", "/points/scroll", body);
      points += page["points"].size();
      ids.merge(ids_of(page["points"]));
      body["offset"] = page["next_page_offset"];
    } while (!body["offset"].is_null() && points <= kIds);
    EXPECT_EQ(points, kIds);
    EXPECT_EQ(ids.size(), kIds);
  }
};

TEST_F(SameIds, a_view_always_has_a_thousand_different_points) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  open({{"vectors", {{"size", kFireDim}, {"distance", "Cosine"}}}, {"shard_number", 2}});
  Fire first(kSeed);
  for (uint32_t id = 0; id < kIds; id += kBatch) upsert(first, id, kBatch, 0);
  const uint32_t batches = soak() ? kSoakBatches : kBatches;
  std::atomic<uint32_t> writing{kWriters};
  std::atomic<uint64_t> looks{0};
  std::vector<std::thread> threads;
  for (uint32_t w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      Fire fire(kSeed + 1 + w);
      for (uint32_t i = 0; i < batches && !failed(); ++i) upsert(fire, fire.below(kIds), kBatch, i);
      writing.fetch_sub(1);
    });
  }
  threads.emplace_back([&] {
    Fire fire(kSeed + 100);
    for (; writing.load() > 0 && !failed(); looks.fetch_add(1)) look_by_search(fire);
  });
  threads.emplace_back([&] {
    for (; writing.load() > 0 && !failed(); looks.fetch_add(1)) look_by_scroll();
  });
  for (std::thread& thread : threads) thread.join();
  Fire last(kSeed + 200);
  look_by_search(last);
  look_by_scroll();
  const json info = expect_ok("GET", "", nullptr);
  std::printf("%llu looks, %u rows written, %llu segments\n",
              static_cast<unsigned long long>(looks.load()), kWriters * batches * kBatch,
              static_cast<unsigned long long>(info["segments_count"].get<uint64_t>()));
  EXPECT_GT(segments_begun(), 10u) << "no segment was sealed";
  EXPECT_GT(looks.load(), 10u);
  reopen();
  look_by_search(last);
  look_by_scroll();
}

}  // namespace
}  // namespace rhumb::model_check
