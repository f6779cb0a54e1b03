// Our engine, as the others are measured.
#include <filesystem>

#include "tests/bench/ann/engine.h"

namespace rhumb::bench {
namespace {

class Rhumb final : public Peer {
 public:
  Rhumb(const Base& base, const std::string& plugin, std::string config, std::string name)
      : name_(std::move(name)), config_(std::move(config)), base_(base), ops_(load_engine(plugin)) {}
  std::string name() const override { return name_; }
  void build(uint32_t threads) override {
    engine_ = std::make_unique<Engine>(ops_, base_, config_, "");
    engine_->build(base_.rows.rows, threads);
  }
  void save(const std::string& directory) override { engine_->save(directory + "/" + name_); }
  bool load(const std::string& directory) override {
    if (!std::filesystem::exists(directory + "/" + name_ + "/graph")) return false;
    engine_ = nullptr;
    engine_ = std::make_unique<Engine>(ops_, base_, config_, directory + "/" + name_);
    return true;
  }
  uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset* subset, int32_t* out) override {
    rhumb_filter_t filter{};
    if (subset != nullptr) filter = {sizeof filter, RHUMB_FILTER_BITS, subset->bits.data(), nullptr, base_.rows.rows, subset->count, nullptr};
    return engine_->search(query, 1, k, ef, subset != nullptr ? &filter : nullptr, out);
  }
  bool batches() const override { return true; }
  void search_batch(const Matrix<float>& queries, uint32_t k, uint32_t ef, Matrix<int32_t>& out) override {
    engine_->search(queries.values.data(), queries.rows, k, ef, nullptr, out.values.data());
  }
  bool filters() const override { return true; }

 private:
  const std::string name_, config_;
  const Base base_;
  const rhumb_index_ops_t* const ops_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

std::unique_ptr<Peer> make_rhumb(const Base& base, const std::string& plugin, const std::string& config, const std::string& name) {
  return std::make_unique<Rhumb>(base, plugin, config, name);
}

}  // namespace rhumb::bench
