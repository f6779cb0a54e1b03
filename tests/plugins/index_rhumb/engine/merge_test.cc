// Merging through the ABI: the result is as good as a new build, costs only what is new, and has no
// unreachable nodes.
#include <atomic>

#include "plugins/index_rhumb/file/file.h"
#include "rhumb/index_merge.h"
#include "tests/plugins/index_fixture.h"

namespace rhumb::index_test {
namespace {

constexpr uint32_t kMergeDim = 48, kMergeQueries = 100;

// The engine asks whether a call is cancelled each time it has compared a certain number of rows.
// So the number of questions is a measure of the work.
struct Work {
  Work() {
    call.struct_size = sizeof call;
    call.cancel_ctx = &asked;
    call.cancelled = [](void* ctx) -> uint32_t {
      ++*static_cast<std::atomic<uint64_t>*>(ctx);
      return 0;
    };
  }
  std::atomic<uint64_t> asked{0};
  rhumb_call_t call{};
};

// A column, the vectors in it and their index, as in a segment.
struct Part {
  explicit Part(uint32_t metric = RHUMB_COSINE) : column(metric, RHUMB_F32, kMergeDim) {}
  void add(std::vector<float> v) {
    column.add(v);
    vectors.push_back(std::move(v));
  }
  void open() {
    index = std::make_unique<Index>("rhumb", column);
    if (index->opened() != RHUMB_OK) throw std::runtime_error(index->error());
  }
  void build() {
    open();
    if (index->build(2) != RHUMB_OK) throw std::runtime_error(index->error());
  }
  Column column;
  std::vector<std::vector<float>> vectors;
  std::unique_ptr<Index> index;
};

// Copies the slots for which keep(part, slot) is true into a new part and merges the indexes. The
// rows `more` are added at the end.
template <typename Keep>
std::unique_ptr<Part> merged(const std::vector<Part*>& parts, Keep keep,
                             const std::vector<std::vector<float>>& more = {},
                             const rhumb_call_t* call = nullptr) {
  auto out = std::make_unique<Part>(parts[0]->column.metric());
  std::vector<std::vector<uint32_t>> maps;
  std::vector<rhumb_index_input_t> inputs;
  for (size_t p = 0; p < parts.size(); ++p) {
    std::vector<uint32_t>& map = maps.emplace_back();
    for (uint32_t s = 0; s < parts[p]->vectors.size(); ++s) {
      map.push_back(keep(p, s) ? static_cast<uint32_t>(out->vectors.size()) : RHUMB_NO_SLOT);
      if (map.back() != RHUMB_NO_SLOT) out->add(parts[p]->vectors[s]);
    }
  }
  for (const auto& v : more) out->add(v);
  for (size_t p = 0; p < parts.size(); ++p)
    inputs.push_back({parts[p]->index->raw(), maps[p].data(), maps[p].size()});
  out->open();
  const auto* extension = static_cast<const rhumb_index_merge_t*>(
      out->index->ops().get_extension(out->index->raw(), RHUMB_INDEX_MERGE));
  if (extension == nullptr) throw std::runtime_error("no " RHUMB_INDEX_MERGE);
  rhumb_error_t error{sizeof error, 0, {}};
  const rhumb_progress_t progress{sizeof progress, 2, nullptr, nullptr};
  const rhumb_status_t rc = extension->merge(out->index->raw(), call, inputs.data(), inputs.size(),
                                             out->column.rows(), nullptr, &progress, &error);
  if (rc != RHUMB_OK) throw std::runtime_error(error.text);
  return out;
}

std::vector<Hits> truth_of(const Part& part, const std::vector<std::string>& queries) {
  Index flat("flat", part.column);
  if (flat.build() != RHUMB_OK) throw std::runtime_error(flat.error());
  return flat.search(queries, {});
}

// Returns the number of nodes of a saved graph that cannot be reached from its entry point.
uint64_t unreachable(Part& part, const TempDir& temp) {
  const std::string dir = temp.fresh();
  if (part.index->save(dir) != RHUMB_OK) throw std::runtime_error(part.index->error());
  const coded::LoadedGraph loaded = coded::load_graph(dir, part.column.metric(), part.column.raw(),
                                                      {}, coded::kernels_in_use(), Host(nullptr));
  const coded::Graph& graph = loaded.trained->graph;
  std::vector<bool> reached(graph.end());
  std::vector<uint32_t> stack{graph.entry()->slot}, links(graph.row_links(0) + coded::kSlackLinks);
  reached[stack.back()] = true;
  uint64_t count = 1;
  while (!stack.empty()) {
    const uint32_t slot = stack.back();
    stack.pop_back();
    const uint32_t n = graph.copy_links(slot, 0, links.data());
    for (uint32_t i = 0; i < n; ++i) {
      if (reached[links[i]]) continue;
      reached[links[i]] = true;
      stack.push_back(links[i]);
      ++count;
    }
  }
  return graph.nodes() - count;
}

TEST(RhumbMerge, a_tenth_is_merged_into_nine_tenths) {
  const uint32_t rows = 20'000 / kSlowDown;
  Generator generator(kMergeDim, 81);
  Part large, small;
  for (uint32_t i = 0; i < rows; ++i) (i % 10 == 0 ? small : large).add(generator.next());
  large.build();
  small.build();
  Work merging, building;
  auto whole = merged(
      {&small, &large}, [](size_t, uint32_t) { return true; }, {}, &merging.call);
  EXPECT_EQ(whole->index->stats()["rows"], rows);
  EXPECT_EQ(whole->index->stats()["built_through"], rows);
  Index fresh("rhumb", whole->column);
  ASSERT_EQ(fresh.build(2, nullptr, &building.call), RHUMB_OK);
  const auto queries = whole->column.queries(generator, kMergeQueries);
  const auto truth = truth_of(*whole, queries);
  EXPECT_GE(recall(whole->index->search(queries, {.ef = 20}), truth),
            recall(fresh.search(queries, {.ef = 20}), truth) - 0.01);
  // Both measure the graph in the end, which weighs more where there are fewer rows.
  EXPECT_LT(merging.asked, building.asked / (kSlowDown > 1 ? 2 : 3))
      << "the cost must depend on the new rows";
  const TempDir temp;
  EXPECT_EQ(unreachable(*whole, temp), 0u);
}

// Replaces a third of the points by others, ten times.
TEST(RhumbMerge, repeated_turnovers_do_not_lower_recall) {
  const uint32_t rows = std::max(2000u, 8000 / kSlowDown);
  Generator generator(kMergeDim, 82);
  auto part = std::make_unique<Part>(RHUMB_EUCLID);
  for (uint32_t i = 0; i < rows; ++i) part->add(generator.next());
  part->build();
  for (int turn = 0; turn < 10; ++turn) {
    std::vector<bool> keep(part->vectors.size());
    uint32_t kept = 0;
    for (size_t i = 0; i < keep.size(); ++i) {
      keep[i] = generator.random()() % 3 != 0;
      kept += keep[i] ? 1 : 0;
    }
    std::vector<std::vector<float>> more;
    while (kept + more.size() < rows) more.push_back(generator.next());
    part = merged(
        {part.get()}, [&](size_t, uint32_t slot) { return keep[slot]; }, more);
  }
  Index fresh("rhumb", part->column);
  ASSERT_EQ(fresh.build(2), RHUMB_OK);
  const auto queries = part->column.queries(generator, 2 * kMergeQueries);
  const auto truth = truth_of(*part, queries);
  const double turned = recall(part->index->search(queries, {.ef = 12}), truth),
               anew = recall(fresh.search(queries, {.ef = 12}), truth);
  std::printf("recall %.4f, of a fresh build %.4f\n", turned, anew);
  EXPECT_GE(turned, anew - 0.01);
  const TempDir temp;
  EXPECT_EQ(unreachable(*part, temp), 0u);
}

TEST(RhumbMerge, recall_stays_when_whole_clusters_are_deleted) {
  Generator generator(kMergeDim, 83);
  Part part;
  std::vector<uint32_t> clusters;
  // A third is left, which is still enough for a graph.
  for (uint32_t i = 0; i < (kSlowDown > 1 ? 9000 : 18000); ++i) {
    uint32_t cluster = 0;
    part.add(generator.next(&cluster));
    clusters.push_back(cluster);
  }
  part.build();
  auto rest = merged({&part}, [&](size_t, uint32_t slot) { return clusters[slot] % 3 == 0; });
  const auto queries = rest->column.queries(generator, kMergeQueries);
  EXPECT_GE(recall(rest->index->search(queries, {.ef = 40}), truth_of(*rest, queries)), 0.95);
  const TempDir temp;
  EXPECT_EQ(unreachable(*rest, temp), 0u);
}

TEST(RhumbMerge, small_and_missing_inputs_are_merged) {
  Generator generator(kMergeDim, 84);
  Part a, b;
  for (int i = 0; i < 100; ++i) a.add(generator.next());
  for (int i = 0; i < 2000; ++i) b.add(generator.next());
  a.build();
  b.build();
  const auto none = merged({&a, &b}, [](size_t, uint32_t) { return false; });
  EXPECT_TRUE(none->index->search_one(a.column.query(generator.next())).empty());
  // Too few rows for a graph.
  const auto few = merged({&a, &b}, [](size_t p, uint32_t s) { return p == 0 || s < 500; });
  EXPECT_EQ(few->index->search_one(a.column.query(generator.next()), {.k = 1000}).size(), 600u);
  const auto all = merged({&a, &b}, [](size_t, uint32_t) { return true; });
  const auto queries = all->column.queries(generator, 20);
  EXPECT_GE(recall(all->index->search(queries, {}), truth_of(*all, queries)), 0.95);
}

TEST(RhumbMerge, invalid_inputs_are_refused) {
  Generator generator(kMergeDim, 85);
  Part part, other(RHUMB_DOT);
  for (int i = 0; i < 2000; ++i) part.add(generator.next());
  for (int i = 0; i < 2000; ++i) other.add(part.vectors[static_cast<size_t>(i)]);
  part.build();
  other.build();
  const auto merge = [&](Index& into, Index& from, std::vector<uint32_t> map) {
    const auto* extension = static_cast<const rhumb_index_merge_t*>(
        into.ops().get_extension(into.raw(), RHUMB_INDEX_MERGE));
    const rhumb_index_input_t input{from.raw(), map.data(), map.size()};
    return extension->merge(into.raw(), nullptr, &input, 1, part.column.rows(), nullptr, nullptr,
                            nullptr);
  };
  std::vector<uint32_t> straight(2000);
  for (uint32_t i = 0; i < 2000; ++i) straight[i] = i;
  std::vector<uint32_t> twice = straight, beyond = straight;
  twice[7] = 8;
  beyond[7] = 2000;
  EXPECT_EQ(merge(*part.index, *part.index, straight), RHUMB_INVALID) << "not empty";
  Index first("rhumb", part.column), second("rhumb", part.column), third("rhumb", part.column),
      fourth("rhumb", part.column);
  EXPECT_EQ(merge(first, *part.index, twice), RHUMB_INVALID);
  EXPECT_EQ(merge(second, *part.index, beyond), RHUMB_INVALID);
  EXPECT_EQ(merge(third, *other.index, straight), RHUMB_UNSUPPORTED);
  EXPECT_EQ(merge(fourth, *part.index, straight), RHUMB_OK);
}

}  // namespace
}  // namespace rhumb::index_test
