// The templates, built out of tree by sdk_templates_build, in the host's own registry.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "host/plugin/status.h"
#include "rhumb/kernels.h"
#include "tests/places.h"

namespace rhumb::plugin {
namespace {

constexpr uint32_t kRows = 700, kDim = 32, kShift = 8;
constexpr uint64_t kSeed = 5;

// templates.sh does not build the Rust template with sanitizers.
std::vector<const char*> built() {
  if (std::string(RHUMB_TEMPLATE_SANITIZE).empty()) return {"my_flat", "my_index", "my_rust_flat"};
  return {"my_flat", "my_index"};
}

class Templates : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string id = GetParam();
    const base::Status loaded =
        registry_.load_file(places::build() + "/sdk_templates/" + id + "/build/" + id + ".so");
    ASSERT_TRUE(loaded.ok()) << loaded.to_string();
    engine_ = *registry_.find<rhumb_index_ops_t>(id);
    std::mt19937_64 rng(kSeed);
    std::normal_distribution<float> normal;
    for (uint32_t c = 0; c <= kRows >> kShift; ++c) chunks_.emplace_back((1u << kShift) * kDim);
    for (uint32_t i = 0; i < kRows; ++i) {
      const float centre = static_cast<float>(i % 9) - 4;
      float* row = chunks_[i >> kShift].data() + (i & 255) * kDim;
      for (uint32_t d = 0; d < kDim; ++d)
        row[d] = centre * std::sin(static_cast<float>(d)) + 0.3f * normal(rng);
    }
    for (const auto& chunk : chunks_) table_.push_back(chunk.data());
    vectors_ = {sizeof vectors_,      RHUMB_F32,     kDim,   kShift, kRows,
                kDim * sizeof(float), table_.data(), nullptr};
  }
  const float* row(uint32_t i) const { return chunks_[i >> kShift].data() + (i & 255) * kDim; }

  base::Executor executor_{"test", 2, 64};
  PluginRegistry registry_{executor_};
  Engine<rhumb_index_ops_t> engine_{};
  std::vector<std::vector<float>> chunks_;
  std::vector<const void*> table_;
  rhumb_vectors_t vectors_{};
};

TEST_P(Templates, are_loaded_and_searched) {
  const rhumb_open_t base{sizeof base, 0, {nullptr, 0}, {nullptr, 0}, nullptr};
  const rhumb_index_open_t open{sizeof open, RHUMB_EUCLID, &vectors_, kRows, &base};
  rhumb_index_t* self = nullptr;
  ErrorSlot error;
  ASSERT_TRUE(
      error.status(engine_.ops->open(engine_.host, &open, &self, error.out()), "open").ok());
  ASSERT_TRUE(
      error.status(engine_.ops->build(self, nullptr, kRows, nullptr, nullptr, error.out()), "build")
          .ok());

  constexpr uint32_t kHits = 5;
  uint32_t slots[kHits], count = 0;
  float distances[kHits];
  const rhumb_kernel_t* kernel = rhumb_kernel_for(RHUMB_EUCLID, RHUMB_F32);
  for (uint32_t i = 0; i < kRows; i += 23) {
    rhumb_query_t query{};
    query.struct_size = sizeof query;
    query.k = kHits;
    query.vectors = {row(i), 1, vectors_.stride, kDim, RHUMB_F32};
    query.query_count = 1;
    rhumb_hits_t hits{sizeof hits, 0, slots, distances, &count, 0, 0};
    const CallContext call(base::Deadline::after_ms(60'000));
    ASSERT_TRUE(
        error.status(engine_.ops->search(self, call.raw(), &query, &hits, error.out()), "search")
            .ok());
    ASSERT_EQ(kHits, count);
    EXPECT_EQ(i, slots[0]) << "a stored vector is its own closest";
    uint32_t closer = 0;
    for (uint32_t other = 0; other < kRows; ++other)
      closer += kernel->one(row(i), row(other), kDim) < distances[kHits - 1] ? 1 : 0;
    EXPECT_EQ(kHits - 1, closer) << "and these are the five closest";
  }
  const CallContext late(base::Deadline{1});
  rhumb_query_t query{};
  query.struct_size = sizeof query;
  query.k = kHits;
  query.vectors = {row(0), 1, vectors_.stride, kDim, RHUMB_F32};
  query.query_count = 1;
  rhumb_hits_t hits{sizeof hits, 0, slots, distances, &count, 0, 0};
  EXPECT_EQ(
      base::Code::kTimeout,
      error.status(engine_.ops->search(self, late.raw(), &query, &hits, error.out()), "search")
          .code());
  engine_.ops->close(self);
}

INSTANTIATE_TEST_SUITE_P(OutOfTree, Templates, testing::ValuesIn(built()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace rhumb::plugin
