// Faiss as packaged by Debian: HNSW16 on floats, and on 8-bit codes.
#include "tests/bench/ann/peer.h"

#if defined(RHUMB_BENCH_FAISS)
#include <faiss/IndexHNSW.h>
#include <faiss/index_io.h>
#include <omp.h>

#include <filesystem>
#endif

namespace rhumb::bench {
#if defined(RHUMB_BENCH_FAISS)
namespace {

class Faiss final : public Peer {
 public:
  Faiss(const Base& base, bool codes) : base_(base), codes_(codes) {}
  std::string name() const override { return codes_ ? "faiss-HNSW16_SQ8" : "faiss-HNSW16"; }
  void build(uint32_t threads) override {
    const auto dim = static_cast<int>(base_.rows.columns);
    if (codes_)
      index_ = std::make_unique<faiss::IndexHNSWSQ>(dim, faiss::ScalarQuantizer::QT_8bit, 16);
    else
      index_ = std::make_unique<faiss::IndexHNSWFlat>(dim, 16);
    index_->hnsw.efConstruction = 200;
    omp_set_num_threads(static_cast<int>(threads));
    if (codes_) index_->train(base_.rows.rows, base_.rows.values.data());
    index_->add(base_.rows.rows, base_.rows.values.data());
    omp_set_num_threads(1);
  }
  void save(const std::string& directory) override {
    faiss::write_index(index_.get(), (directory + "/" + name()).c_str());
  }
  bool load(const std::string& directory) override {
    const std::string path = directory + "/" + name();
    if (!std::filesystem::exists(path)) return false;
    index_.reset(dynamic_cast<faiss::IndexHNSW*>(faiss::read_index(path.c_str())));
    omp_set_num_threads(1);
    return index_ != nullptr;
  }
  uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset*,
                  int32_t* out) override {
    index_->hnsw.efSearch = static_cast<int>(std::max(ef, k));
    float distances[1024];
    faiss::Index::idx_t ids[1024];
    index_->search(1, query, k, distances, ids);
    for (uint32_t i = 0; i < k; ++i) out[i] = static_cast<int32_t>(ids[i]);
    return k;
  }

 private:
  const Base base_;
  const bool codes_;
  std::unique_ptr<faiss::IndexHNSW> index_;
};

}  // namespace
std::unique_ptr<Peer> make_faiss(const Base& base, bool codes) {
  return std::make_unique<Faiss>(base, codes);
}
#else
std::unique_ptr<Peer> make_faiss(const Base&, bool) { return nullptr; }
#endif

}  // namespace rhumb::bench
