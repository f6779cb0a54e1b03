#include "tests/bench/ann/engine.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "rhumb/cpp/guard.h"

namespace rhumb::bench {
namespace {

constexpr uint32_t kChunkShift = 16;
thread_local uint64_t last_compared = 0;
// Threads of the present build or merge. Any other work would count as CPU time of other threads.
std::atomic<uint32_t> executor_width{1};

void require(rhumb_status_t status, const rhumb_error_t& error, const char* what) {
  if (status == RHUMB_OK) return;
  std::fprintf(stderr, "%s: %d %s\n", what, status, error.text);
  std::exit(1);
}

rhumb_status_t parallel(const rhumb_host_t*, uint64_t n, void (*fn)(void*, uint64_t), void* arg) {
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 1; t < std::min<uint64_t>(n, executor_width); ++t) {
    threads.emplace_back([&] {
      for (uint64_t i; (i = next++) < n;) fn(arg, i);
    });
  }
  for (uint64_t i; (i = next++) < n;) fn(arg, i);
  for (std::thread& t : threads) t.join();
  return RHUMB_OK;
}
const void* extension(const rhumb_host_t*, const char* id) {
  static const rhumb_host_executor_t executor{sizeof executor, 1, nullptr, parallel};
  return std::strcmp(id, RHUMB_HOST_EXECUTOR) == 0 ? &executor : nullptr;
}

}  // namespace

const rhumb_index_ops_t* load_engine(const std::string& plugin) {
  void* const library = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  const auto entry =
      library != nullptr
          ? reinterpret_cast<const rhumb_plugin_t* (*)()>(::dlsym(library, "rhumb_plugin_v1"))
          : nullptr;
  if (entry == nullptr) {
    std::fprintf(stderr, "%s: %s\n", plugin.c_str(), ::dlerror());
    std::exit(1);
  }
  return static_cast<const rhumb_index_ops_t*>(entry()->factories[0]->ops);
}

Engine::Engine(const rhumb_index_ops_t* ops, const Base& base, const std::string& config,
               const std::string& directory)
    : ops_(ops), host_{sizeof host_, RHUMB_ABI_MAJOR, RHUMB_ABI_MINOR, nullptr, extension} {
  const uint32_t rows = base.rows.rows, dim = base.rows.columns;
  for (uint32_t first = 0; first < rows; first += 1u << kChunkShift)
    chunks_.push_back(base.rows.row(first));
  column_ = {sizeof column_,      RHUMB_F32,      dim,    kChunkShift, rows,
             dim * sizeof(float), chunks_.data(), nullptr};
  const rhumb_open_t open{sizeof open, 0, slice(config), slice(directory), nullptr};
  const rhumb_index_open_t params{sizeof params, base.metric, &column_, rows, &open};
  rhumb_error_t error{sizeof error, 0, {}};
  require(ops_->open(&host_, &params, &self_, &error), error, "open");
}

Engine::~Engine() { ops_->close(self_); }

void Engine::build(uint32_t slot_end, uint32_t threads) {
  rhumb_error_t error{sizeof error, 0, {}};
  const rhumb_progress_t progress{sizeof progress, threads, nullptr, nullptr};
  executor_width = threads;
  require(ops_->build(self_, nullptr, slot_end, nullptr, &progress, &error), error, "build");
}

void Engine::insert(uint32_t first, uint32_t end) {
  rhumb_error_t error{sizeof error, 0, {}};
  require(ops_->insert(self_, nullptr, first, end, &error), error, "insert");
}

void Engine::save(const std::string& directory) {
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  rhumb_error_t error{sizeof error, 0, {}};
  require(ops_->save(self_, slice(directory), &error), error, "save");
}

void Engine::merge(const std::vector<Input>& inputs, uint32_t slot_end, uint32_t threads) {
  const auto* const ext =
      static_cast<const rhumb_index_merge_t*>(ops_->get_extension(self_, RHUMB_INDEX_MERGE));
  std::vector<rhumb_index_input_t> given;
  for (const Input& input : inputs)
    given.push_back({input.engine.self_, input.slot_map.data(), input.slot_map.size()});
  rhumb_error_t error{sizeof error, 0, {}};
  const rhumb_progress_t progress{sizeof progress, threads, nullptr, nullptr};
  executor_width = threads;
  require(
      ext->merge(self_, nullptr, given.data(), given.size(), slot_end, nullptr, &progress, &error),
      error, "merge");
}

std::string Engine::stats() const {
  rhumb_buffer_t out{};
  require(ops_->stats(self_, &out), {}, "stats");
  std::string text(static_cast<const char*>(out.data), out.size);
  if (out.release != nullptr) out.release(&out);
  return text;
}

uint32_t Engine::search(const float* queries, uint64_t n, uint32_t k, uint32_t ef,
                        const rhumb_filter_t* filter, int32_t* out) const {
  rhumb_query_t query{};
  query.struct_size = sizeof query;
  query.k = k;
  query.vectors = {queries, n, column_.stride, column_.dim, RHUMB_F32};
  query.query_count = n;
  query.filter = filter;
  query.ef = ef;
  static thread_local std::vector<float> distances;
  static thread_local std::vector<uint32_t> counts;
  distances.resize(n * k);
  counts.assign(n, 0);
  rhumb_hits_t hits{
      sizeof hits, 0, reinterpret_cast<uint32_t*>(out), distances.data(), counts.data(), 0, 0};
  rhumb_error_t error{sizeof error, 0, {}};
  require(ops_->search(self_, nullptr, &query, &hits, &error), error, "search");
  last_compared = hits.exact_distances + hits.code_distances;
  for (uint64_t i = 0; i < n; ++i) std::fill(out + i * k + counts[i], out + (i + 1) * k, -1);
  return counts[0];
}

uint64_t Engine::compared() { return last_compared; }

}  // namespace rhumb::bench
