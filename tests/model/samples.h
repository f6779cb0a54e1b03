// Random values of the model in which every member occurs, the same for the same seed. Tests of
// codecs and messages use them.
#pragma once

#include <cstdint>
#include <random>

#include "host/model/filter.h"
#include "host/model/operation.h"
#include "host/model/optimization.h"
#include "host/model/query.h"
#include "host/model/topology.h"

namespace rhumb::model {

class Samples {
 public:
  explicit Samples(uint64_t seed) : random_(seed) {}

  PointId id();
  Filter filter(uint32_t depth = 3);
  PointWrite point();
  Operation operation(OperationKind kind);
  Command command(OperationKind kind);
  SearchRequest search_request();
  SearchResult search_result();
  Record record();
  GetRequest get_request();
  ScrollRequest scroll_request();
  CountRequest count_request();
  ShardState shard_state();
  ShardOptimizations shard_optimizations();
  CollectionConfig config();
  Collection collection(const std::string& name, uint32_t shards);
  ClusterMap cluster_map();

  uint64_t below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }
  std::string bytes(size_t max);  // any bytes, including zeros
  std::string text(size_t max);   // printable

 private:
  Condition condition(uint32_t depth);
  std::vector<Condition> conditions(uint32_t depth);
  std::vector<std::string> names();
  std::vector<NamedVector> vectors();
  std::vector<PointId> ids();
  template <typename R, typename T>
  R bounds(T scale);

  std::mt19937_64 random_;
};

inline constexpr OperationKind kAllKinds[] = {
    OperationKind::kUpsert,        OperationKind::kDelete,      OperationKind::kUpdateVectors,
    OperationKind::kDeleteVectors, OperationKind::kSetPayload,  OperationKind::kOverwritePayload,
    OperationKind::kDeletePayload, OperationKind::kClearPayload};

}  // namespace rhumb::model
