// Our engine as a peer, measured like the others.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/bench/ann/engine.h"

namespace rhumb::bench {
namespace {

class Rhumb : public Peer {
 public:
  Rhumb(const Base& base, const std::string& plugin, std::string config, std::string name)
      : name_(std::move(name)),
        config_(std::move(config)),
        base_(base),
        ops_(load_engine(plugin)) {}
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
  uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset* subset,
                  int32_t* out) override {
    rhumb_filter_t filter{};
    if (subset != nullptr)
      filter = {sizeof filter, RHUMB_FILTER_BITS, subset->bits.data(),
                nullptr,       base_.rows.rows,   subset->count,
                nullptr};
    return engine_->search(query, 1, k, ef, subset != nullptr ? &filter : nullptr, out);
  }
  bool batches() const override { return true; }
  void search_batch(const Matrix<float>& queries, uint32_t k, uint32_t ef,
                    Matrix<int32_t>& out) override {
    engine_->search(queries.values.data(), queries.rows, k, ef, nullptr, out.values.data());
  }
  bool filters() const override { return true; }
  std::string stats() const override { return engine_->stats(); }
  uint64_t compared() const override { return Engine::compared(); }

 protected:
  const std::string name_, config_;
  const Base base_;
  const rhumb_index_ops_t* const ops_;
  std::unique_ptr<Engine> engine_;
};

class Grown final : public Rhumb {
 public:
  using Rhumb::Rhumb;
  // One thread inserts. A renewal is a build: at most one per doubling of the rows, as in a host,
  // and one at the end, as when a segment is sealed.
  void build(uint32_t threads) override {
    // The values of the host's kIndexSliceRows and kInsertBlockSlots.
    constexpr uint32_t kSliceRows = 2048, kBlockRows = 64;
    engine_ = std::make_unique<Engine>(ops_, base_, config_, "");
    uint32_t renewed_at = 0;
    for (uint32_t first = 0, end; first < base_.rows.rows; first = end) {
      end = std::min(base_.rows.rows, first + kSliceRows);
      for (uint32_t block = first; block < end; block += kBlockRows)
        engine_->insert(block, std::min(end, block + kBlockRows));
      if (!wants_renewal() || end / 2 < renewed_at) continue;
      renew(end, threads);
      renewed_at = end;
    }
    if (renewed_at != base_.rows.rows && wants_renewal()) renew(base_.rows.rows, threads);
  }
  uint32_t renewals() const override { return renewals_; }

 private:
  bool wants_renewal() const {
    const auto stats = nlohmann::json::parse(engine_->stats());
    const auto renew = stats.find("renew");
    return renew != stats.end() && *renew != nullptr && *renew != false;
  }
  void renew(uint32_t end, uint32_t threads) {
    auto fresh = std::make_unique<Engine>(ops_, base_, config_, "");
    fresh->build(end, threads);
    engine_ = std::move(fresh);
    ++renewals_;
  }
  uint32_t renewals_ = 0;
};

}  // namespace

std::unique_ptr<Peer> make_rhumb(const Base& base, const std::string& plugin,
                                 const std::string& config, const std::string& name) {
  return std::make_unique<Rhumb>(base, plugin, config, name);
}

std::unique_ptr<Peer> make_grown(const Base& base, const std::string& plugin,
                                 const std::string& config, const std::string& name) {
  return std::make_unique<Grown>(base, plugin, config, name);
}

}  // namespace rhumb::bench
