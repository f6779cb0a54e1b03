// The engines that walk a graph. The tests of this folder hold for each of them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {

struct GraphEngine {
  const char* id;
  const char* at_fault;  // in a message about a damaged file, its name and what follows
};
inline constexpr GraphEngine kGraphEngines[] = {{"hnsw", "/graph at "}, {"rhumb", "/graph: "}};

inline void PrintTo(const GraphEngine& engine, std::ostream* out) { *out << engine.id; }
inline std::string name_of_engine(const ::testing::TestParamInfo<GraphEngine>& info) {
  return info.param.id;
}

class WithEngine : public ::testing::TestWithParam<GraphEngine> {
 protected:
  static const char* id() { return GetParam().id; }
};

// A column of clustered data with an engine and the exact one over it. The queries come from
// outside the data.
struct World {
  static constexpr uint32_t kRows = 20'000 / kSlowDown, kQueries = 100, kDim = 128;

  World(const char* id, uint32_t metric, uint32_t scalar, uint32_t rows, uint64_t seed)
      : generator(kDim, seed), column(metric, scalar, kDim) {
    column.fill(generator, rows, &clusters);
    queries = column.queries(generator, kQueries, &query_clusters);
    graph = std::make_unique<Index>(id, column, R"({"m":16,"ef_construct":100})");
    flat = std::make_unique<Index>("flat", column);
    if (graph->opened() != RHUMB_OK || graph->build(4) != RHUMB_OK || flat->build() != RHUMB_OK)
      throw std::runtime_error(graph->error());
  }
  // The world that the tests of one engine share.
  static World& of(const std::string& id) {
    static std::map<std::string, std::unique_ptr<World>> worlds;
    std::unique_ptr<World>& world = worlds[id];
    if (world == nullptr)
      world = std::make_unique<World>(id.c_str(), RHUMB_COSINE, RHUMB_F32, kRows, 21);
    return *world;
  }

  Generator generator;
  Column column;
  std::vector<uint32_t> clusters, query_clusters;
  std::vector<std::string> queries;
  std::unique_ptr<Index> graph, flat;
};

// An index of generated rows that was saved in `dir`.
struct Saved {
  static constexpr const char* kConfig = R"({"m":8,"ef_construct":40})";

  Saved(const char* engine_id, uint32_t rows, uint64_t seed = 51)
      : id(engine_id), generator(32, seed), column(RHUMB_COSINE, RHUMB_F32, 32), dir(temp.fresh()) {
    column.fill(generator, rows);
    index = std::make_unique<Index>(id, column, kConfig);
    if (index->build(2) != RHUMB_OK || index->save(dir) != RHUMB_OK)
      throw std::runtime_error(index->error());
  }
  // Writes other bytes into the file and loads it.
  rhumb_status_t load(const std::string& bytes, std::string* why = nullptr) {
    write_bytes(dir + "/graph", bytes);
    Index loaded(id, column, kConfig, dir);
    if (why != nullptr) *why = loaded.error();
    return loaded.opened();
  }

  const char* const id;
  const TempDir temp;
  Generator generator;
  Column column;
  const std::string dir;
  std::unique_ptr<Index> index;
};

}  // namespace rhumb::index_test
