// Merging the answers of shards: the best hits of sorted lists, and the first records by id.
#include "host/query/merge.h"

#include "tests/bench/micro/micro.h"
#include "tests/bench/random.h"

namespace rhumb::bench {
namespace {

model::Record record(uint64_t id, float score) {
  model::Record out;
  out.id = model::PointId::number(id);
  out.score = score;
  out.payload = R"({"city":"Berlin","year":2024})";
  return out;
}

// Similarities as of neighbours in a clustered set: they fall off quickly and then slowly.
std::vector<model::SearchResult> answers(uint32_t shards, uint32_t hits) {
  Random random(19);
  std::vector<model::SearchResult> out(shards);
  for (model::SearchResult& part : out) {
    double score = 0.95;
    for (uint32_t i = 0; i < hits; ++i) {
      score -= random.uniform() * 0.2 / (i + 2.0);
      part.points.push_back(record(random.next() % 1'000'000, static_cast<float>(score)));
    }
  }
  return out;
}
std::vector<std::vector<model::Record>> pages(uint32_t shards, uint32_t records) {
  Random random(20);
  std::vector<std::vector<model::Record>> out(shards);
  for (auto& page : out) {
    uint64_t id = 0;
    for (uint32_t i = 0; i < records; ++i) page.push_back(record(id += random.next() % 50, 0));
  }
  return out;
}

}  // namespace

// The lists are consumed, so each iteration merges a copy. The copies are part of the time.
void add_benchmarks() {
  for (const auto& [shards, hits] :
       {std::pair{2u, 10u}, std::pair{16u, 10u}, std::pair{16u, 100u}}) {
    const std::string end = std::to_string(shards) + "x" + std::to_string(hits);
    add("merge/best/" + end, [shards = shards, hits = hits] {
      return [hits, parts = answers(shards, hits)] {
        benchmark::DoNotOptimize(query::merge(model::Distance::kCosine, hits, parts));
      };
    });
    add("merge/by_id/" + end, [shards = shards, hits = hits] {
      return [hits, parts = pages(shards, hits)] {
        benchmark::DoNotOptimize(query::merge_by_id(hits, parts));
      };
    });
  }
}

}  // namespace rhumb::bench
