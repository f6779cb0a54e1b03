// The model of a shard: a map, and random commands that drive both.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "tests/shard/harness.h"

namespace rhumb::shard::test {

struct ModelPoint {
  nlohmann::json payload = nlohmann::json::object();
  std::map<std::string, std::string> vectors;
  uint64_t version = 0;
};

class Model {
 public:
  void apply(const model::Command& command, uint64_t index);
  const std::map<uint64_t, ModelPoint>& points() const { return points_; }

 private:
  std::map<uint64_t, ModelPoint> points_;
};

inline constexpr uint32_t kRowDim = 6;

// A configuration with two named vectors, a multivector ("c"), indexed payload fields and small
// segments.
model::CollectionConfig all_vectors();
void shrink(ShardOptions& options);

class CommandSource {
 public:
  explicit CommandSource(uint64_t seed, uint64_t ids = 400)
      : random_(seed), ids_(ids), a_(seed + 1, kDim), b_(seed + 2, 8), c_(seed + 3, kRowDim) {}
  model::Command next(const Model& model);
  std::string vector(const std::string& name);
  uint64_t draw(uint64_t n) { return random_() % n; }

 private:
  model::PointWrite write(uint64_t id);
  std::string payload();
  void condition(model::Command& command);
  std::mt19937_64 random_;
  const uint64_t ids_;
  Embeddings a_, b_, c_;
};

// Expects every point, every count and the content hash as the model has them.
void expect_equal(Harness& harness, const Model& model, const std::string& when);

}  // namespace rhumb::shard::test
