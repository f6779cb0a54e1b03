// hnswlib as packaged by Debian, compiled for this machine, M = 16, efConstruction = 200.
#include <hnswlib/hnswlib.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <thread>

#include "tests/bench/ann/peer.h"
#include "tests/bench/random.h"

namespace rhumb::bench {
namespace {

// The library has no space for manhattan. The loop has sixteen sums side by side, so that the
// compiler turns it into vector code.
class L1Space final : public hnswlib::SpaceInterface<float> {
 public:
  explicit L1Space(size_t dim) : dim_(dim) {}
  size_t get_data_size() override { return dim_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return &dim_; }

 private:
  static float distance(const void* a, const void* b, const void* dim) {
    constexpr size_t kLanes = 16;
    const auto *const x = static_cast<const float*>(a), *const y = static_cast<const float*>(b);
    const size_t n = *static_cast<const size_t*>(dim);
    float sums[kLanes] = {};
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane)
        sums[lane] += std::abs(x[i + lane] - y[i + lane]);
    }
    float sum = 0;
    for (; i < n; ++i) sum += std::abs(x[i] - y[i]);
    for (const float s : sums) sum += s;
    return sum;
  }
  size_t dim_;
};

std::unique_ptr<hnswlib::SpaceInterface<float>> space_of(const Base& base) {
  const size_t dim = base.rows.columns;
  if (base.metric == RHUMB_MANHATTAN) return std::make_unique<L1Space>(dim);
  if (base.metric == RHUMB_EUCLID) return std::make_unique<hnswlib::L2Space>(dim);
  // Also for cosine, because rows are normalised.
  return std::make_unique<hnswlib::InnerProductSpace>(dim);
}

class Hnswlib final : public Peer {
 public:
  Hnswlib(const Base& base, bool shuffled)
      : base_(base), shuffled_(shuffled), space_(space_of(base)) {}
  std::string name() const override { return "hnswlib"; }
  void build(uint32_t threads) override {
    index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), base_.rows.rows, 16,
                                                               200, 42);
    std::vector<uint32_t> order(base_.rows.rows);
    std::iota(order.begin(), order.end(), 0);
    Random random(base_.rows.rows);
    for (uint32_t i = base_.rows.rows; shuffled_ && i > 1; --i)
      std::swap(order[i - 1], order[random.next() % i]);
    index_->addPoint(base_.rows.row(order[0]), order[0]);
    std::atomic<uint32_t> next{1};
    std::vector<std::thread> pool;
    const auto work = [&] {
      for (uint32_t i; (i = next++) < base_.rows.rows;)
        index_->addPoint(base_.rows.row(order[i]), order[i]);
    };
    for (uint32_t t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
    for (std::thread& t : pool) t.join();
  }
  void save(const std::string& directory) override {
    index_->saveIndex(directory + "/hnswlib.bin");
  }
  bool load(const std::string& directory) override {
    const std::string path = directory + "/hnswlib.bin";
    if (!std::filesystem::exists(path)) return false;
    index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), path);
    return true;
  }
  uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset* subset,
                  int32_t* out) override {
    if (subset != marked_) mark(subset);
    index_->setEf(std::max(ef, k));
    auto found = index_->searchKnn(query, k);
    uint32_t n = 0;
    for (; !found.empty(); found.pop()) out[n++] = static_cast<int32_t>(found.top().second);
    return n;
  }
  bool filters() const override { return true; }

 private:
  // This version has no filters. Its walk goes through points that are marked as deleted, just as
  // later versions go through points that a filter drops.
  void mark(const Subset* subset) {
    for (uint32_t i = 0; i < base_.rows.rows; ++i) {
      const bool passes = subset == nullptr || (subset->bits[i / 64] >> (i % 64) & 1) != 0;
      const bool marked = index_->isMarkedDeleted(index_->label_lookup_.at(i));
      if (passes && marked) index_->unmarkDelete(i);
      if (!passes && !marked) index_->markDelete(i);
    }
    marked_ = subset;
  }
  const Subset* marked_ = nullptr;
  const Base base_;
  const bool shuffled_;
  std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> index_;
};

}  // namespace

std::unique_ptr<Peer> make_hnswlib(const Base& base, bool shuffled) {
  return std::make_unique<Hnswlib>(base, shuffled);
}

}  // namespace rhumb::bench
