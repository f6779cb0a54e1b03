// usearch, from the headers of its npm package (tests/bench/ann/run.py fetches it): f32 and i8.
#include "tests/bench/ann/peer.h"

#if defined(RHUMB_BENCH_USEARCH)
#include <atomic>
#include <filesystem>
#include <thread>
#include <usearch/index_dense.hpp>
#endif

namespace rhumb::bench {
#if defined(RHUMB_BENCH_USEARCH)
namespace {

namespace us = unum::usearch;

class Usearch final : public Peer {
 public:
  Usearch(const Base& base, bool codes) : base_(base), codes_(codes) {
    const us::metric_punned_t metric(
        base.rows.columns,
        base.metric == RHUMB_COSINE ? us::metric_kind_t::cos_k : us::metric_kind_t::l2sq_k,
        codes ? us::scalar_kind_t::i8_k : us::scalar_kind_t::f32_k);
    us::index_dense_config_t config(16, 200, 64);
    index_ = us::index_dense_t::make(metric, config);
  }
  std::string name() const override { return codes_ ? "usearch-i8" : "usearch-f32"; }
  void build(uint32_t threads) override {
    index_.reserve(us::index_limits_t(base_.rows.rows, threads));
    std::atomic<uint32_t> next{0};
    std::vector<std::thread> pool;
    const auto work = [&](uint32_t t) {
      for (uint32_t i; (i = next++) < base_.rows.rows;) index_.add(i, base_.rows.row(i), t);
    };
    for (uint32_t t = 1; t < threads; ++t) pool.emplace_back(work, t);
    work(0);
    for (std::thread& t : pool) t.join();
  }
  void save(const std::string& directory) override {
    index_.save((directory + "/" + name()).c_str());
  }
  bool load(const std::string& directory) override {
    const std::string path = directory + "/" + name();
    return std::filesystem::exists(path) && static_cast<bool>(index_.load(path.c_str()));
  }
  uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset*,
                  int32_t* out) override {
    index_.change_expansion_search(std::max(ef, k));
    us::index_dense_t::vector_key_t keys[1024];
    const auto found = index_.search(query, k).dump_to(keys);
    for (size_t i = 0; i < found; ++i) out[i] = static_cast<int32_t>(keys[i]);
    return static_cast<uint32_t>(found);
  }

 private:
  const Base base_;
  const bool codes_;
  us::index_dense_t index_;
};

}  // namespace
std::unique_ptr<Peer> make_usearch(const Base& base, bool codes) {
  return std::make_unique<Usearch>(base, codes);
}
#else
std::unique_ptr<Peer> make_usearch(const Base&, bool) { return nullptr; }
#endif

}  // namespace rhumb::bench
