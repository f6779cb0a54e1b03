// Our engine, loaded from its plugin as a host loads it.
#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "rhumb/cpp/guard.h"
#include "rhumb/index.h"
#include "tests/bench/ann/peer.h"

namespace rhumb::bench {
namespace {

constexpr uint32_t kChunkShift = 16;
constexpr uint32_t kWidth = 16;  // threads of the executor at most

void require(rhumb_status_t status, const rhumb_error_t& error, const char* what) {
  if (status == RHUMB_OK) return;
  std::fprintf(stderr, "%s: %d %s\n", what, status, error.text);
  std::exit(1);
}

rhumb_status_t parallel(const rhumb_host_t*, uint64_t n, void (*fn)(void*, uint64_t), void* arg) {
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 1; t < std::min<uint64_t>(n, kWidth); ++t) {
    threads.emplace_back([&] {
      for (uint64_t i; (i = next++) < n;) fn(arg, i);
    });
  }
  for (uint64_t i; (i = next++) < n;) fn(arg, i);
  for (std::thread& t : threads) t.join();
  return RHUMB_OK;
}
const void* extension(const rhumb_host_t*, const char* id) {
  // One thread unless a build asks for more: what runs besides would be another thread's CPU time.
  static const rhumb_host_executor_t executor{sizeof executor, 1, nullptr, parallel};
  return std::strcmp(id, RHUMB_HOST_EXECUTOR) == 0 ? &executor : nullptr;
}

class Rhumb final : public Peer {
 public:
  Rhumb(const Base& base, const std::string& plugin, std::string config, std::string name)
      : name_(std::move(name)), config_(std::move(config)), base_(base) {
    void* const library = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const auto entry = library != nullptr ? reinterpret_cast<const rhumb_plugin_t* (*)()>(::dlsym(library, "rhumb_plugin_v1")) : nullptr;
    if (entry == nullptr) {
      std::fprintf(stderr, "%s: %s\n", plugin.c_str(), ::dlerror());
      std::exit(1);
    }
    ops_ = static_cast<const rhumb_index_ops_t*>(entry()->factories[0]->ops);
    const uint32_t rows = base.rows.rows, dim = base.rows.columns;
    for (uint32_t first = 0; first < rows; first += 1u << kChunkShift) chunks_.push_back(base.rows.row(first));
    column_ = {sizeof column_, RHUMB_F32, dim, kChunkShift, rows, dim * sizeof(float), chunks_.data(), nullptr};
  }
  ~Rhumb() override { close(); }
  std::string name() const override { return name_; }
  void build(uint32_t threads) override {
    open("");
    rhumb_error_t error{sizeof error, 0, {}};
    const rhumb_progress_t progress{sizeof progress, threads, nullptr, nullptr};
    require(ops_->build(self_, nullptr, base_.rows.rows, nullptr, &progress, &error), error, "build");
  }
  void save(const std::string& directory) override {
    const std::string own = directory + "/" + name_;
    std::filesystem::remove_all(own);
    std::filesystem::create_directories(own);
    rhumb_error_t error{sizeof error, 0, {}};
    require(ops_->save(self_, slice(own), &error), error, "save");
  }
  bool load(const std::string& directory) override {
    if (!std::filesystem::exists(directory + "/" + name_ + "/graph")) return false;
    open(directory + "/" + name_);
    return true;
  }
  uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset* subset, int32_t* out) override {
    rhumb_filter_t filter{};
    if (subset != nullptr) filter = {sizeof filter, RHUMB_FILTER_BITS, subset->bits.data(), nullptr, base_.rows.rows, subset->count, nullptr};
    float distances[1024];
    uint32_t count = 0;
    run(query, 1, k, ef, subset != nullptr ? &filter : nullptr, reinterpret_cast<uint32_t*>(out), distances, &count);
    return count;
  }
  bool batches() const override { return true; }
  void search_batch(const Matrix<float>& queries, uint32_t k, uint32_t ef, Matrix<int32_t>& out) override {
    std::vector<float> distances(uint64_t{queries.rows} * k);
    std::vector<uint32_t> counts(queries.rows);
    run(queries.values.data(), queries.rows, k, ef, nullptr, reinterpret_cast<uint32_t*>(out.values.data()), distances.data(), counts.data());
  }
  bool filters() const override { return true; }

 private:
  void close() {
    if (self_ != nullptr) ops_->close(self_);
    self_ = nullptr;
  }
  void open(const std::string& directory) {
    close();
    const rhumb_open_t base{sizeof base, 0, slice(config_), slice(directory), nullptr};
    const rhumb_index_open_t params{sizeof params, static_cast<uint32_t>(base_.cosine ? RHUMB_COSINE : RHUMB_EUCLID), &column_, base_.rows.rows, &base};
    rhumb_error_t error{sizeof error, 0, {}};
    require(ops_->open(&host_, &params, &self_, &error), error, "open");
  }
  void run(const float* queries, uint64_t n, uint32_t k, uint32_t ef, const rhumb_filter_t* filter, uint32_t* slots, float* distances,
           uint32_t* counts) {
    rhumb_query_t query{};
    query.struct_size = sizeof query;
    query.k = k;
    query.vectors = {queries, n, column_.stride, column_.dim, RHUMB_F32};
    query.query_count = n;
    query.filter = filter;
    query.ef = ef;
    rhumb_hits_t hits{sizeof hits, 0, slots, distances, counts, 0, 0};
    rhumb_error_t error{sizeof error, 0, {}};
    require(ops_->search(self_, nullptr, &query, &hits, &error), error, "search");
  }

  const std::string name_, config_;
  const Base base_;
  const rhumb_host_t host_{sizeof host_, RHUMB_ABI_MAJOR, RHUMB_ABI_MINOR, nullptr, extension};
  const rhumb_index_ops_t* ops_;
  std::vector<const void*> chunks_;
  rhumb_vectors_t column_{};
  rhumb_index_t* self_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> make_rhumb(const Base& base, const std::string& plugin, const std::string& config, const std::string& name) {
  return std::make_unique<Rhumb>(base, plugin, config, name);
}

}  // namespace rhumb::bench
