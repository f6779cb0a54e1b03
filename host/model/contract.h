// The recall that a collection promises, which is measured while the collection serves (GET
// {collection}/contract).
#pragma once

#include <optional>

#include "host/model/collection.h"

namespace rhumb::model {

inline constexpr double kRecallMin = 0.9, kRecallMax = 0.999;

struct Contract {
  double recall = 0;  // at the limit of each search; 0: no recall is promised
};

Contract contract_of(const CollectionConfig& config);

// Compares a measured recall and its 95 % interval with the promised recall. Returns true when the
// mean reaches the promise and the lower bound misses at most twice what the promise allows to
// miss. Returns false when the upper bound is below the promise. Returns nullopt when the outcome
// is not known yet.
std::optional<bool> contract_kept(double asked, double mean, double low, double high);

}  // namespace rhumb::model
