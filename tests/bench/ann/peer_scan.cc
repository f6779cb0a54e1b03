// Compares all passing rows exactly, which is a way to answer any filter.
#include <algorithm>

#include "rhumb/kernels.h"
#include "tests/bench/ann/peer.h"

namespace rhumb::bench {
namespace {

class Scan final : public Peer {
 public:
  explicit Scan(const Base& base) : base_(base), kernel_(rhumb_kernel_for(base.metric, RHUMB_F32)) {
    chunks_.push_back(base.rows.values.data());
    column_ = {sizeof column_,    RHUMB_F32,
               base.rows.columns, 31,
               base.rows.rows,    base.rows.columns * sizeof(float),
               chunks_.data(),    nullptr};
  }
  std::string name() const override { return "scan"; }
  void build(uint32_t) override {}
  void save(const std::string&) override {}
  bool load(const std::string&) override { return true; }
  bool filters() const override { return true; }
  uint32_t search(const float* query, uint32_t k, uint32_t, const Subset* subset,
                  int32_t* out) override {
    slots_.clear();
    for (uint32_t w = 0; w < subset->bits.size(); ++w) {
      for (uint64_t word = subset->bits[w]; word != 0; word &= word - 1)
        slots_.push_back(64 * w + static_cast<uint32_t>(__builtin_ctzll(word)));
    }
    distances_.resize(slots_.size());
    kernel_->slots(query, &column_, slots_.data(), slots_.size(), distances_.data());
    near_.clear();
    float worst = 0;
    for (size_t i = 0; i < slots_.size(); ++i) {  // keeps a heap of the k nearest
      if (near_.size() == k && distances_[i] >= worst) continue;
      if (near_.size() == k) {
        std::pop_heap(near_.begin(), near_.end());
        near_.pop_back();
      }
      near_.emplace_back(distances_[i], slots_[i]);
      std::push_heap(near_.begin(), near_.end());
      worst = near_.front().first;
    }
    for (size_t i = 0; i < near_.size(); ++i) out[i] = static_cast<int32_t>(near_[i].second);
    return static_cast<uint32_t>(near_.size());
  }

 private:
  const Base base_;
  const rhumb_kernel_t* kernel_;
  std::vector<const void*> chunks_;
  rhumb_vectors_t column_{};
  std::vector<uint32_t> slots_;
  std::vector<float> distances_;
  std::vector<std::pair<float, uint32_t>> near_;
};

}  // namespace

std::unique_ptr<Peer> make_scan(const Base& base) { return std::make_unique<Scan>(base); }

}  // namespace rhumb::bench
