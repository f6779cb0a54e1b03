// Random requests over a small set of ids, fields and values, so that they touch the same points.
// One seed gives one sequence.
#pragma once

#include <random>

#include "tests/model_check/model.h"

namespace rhumb::model_check {

inline constexpr const char* kCollection = "/collections/m";
inline constexpr const char* kVectorNames[] = {"cosine", "euclid", "half", "bytes"};

// The configuration of the collection that the requests are for.
json collection_body();

class Source {
 public:
  explicit Source(uint64_t seed) : random_(seed) {}

  Step next(const Model& model);
  // Returns an upsert of one point without conditions. It happens completely or not at all,
  // wherever it is cut off.
  Step single_upsert();
  json filter(int depth = 0);
  // Near a centre, like an embedding, with whole numbers and fractions that every scalar type
  // represents exactly.
  json vector(const std::string& name);
  json any_id(const Model& model, uint32_t known_percent);

  uint32_t below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(random_); }
  bool chance(uint32_t percent) { return below(100) < percent; }

 private:
  json id();
  json point(const json& id, bool with_payload);
  json payload();
  json scalar(const std::string& field);
  json condition(int depth, bool nested);
  json conditions(int depth, bool nested);
  json filter(int depth, bool nested);
  json range(const std::string& field);
  json operation(const Model& model);
  json upsert(const Model& model);
  json payload_change(const std::string& kind);
  Step index_step(const Model& model);
  void select(const Model& model, json& body);

  std::mt19937_64 random_;
};

}  // namespace rhumb::model_check
