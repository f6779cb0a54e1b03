// What a collection promises, measured while it serves (GET {collection}/contract).
#pragma once

#include <optional>

#include "host/model/collection.h"

namespace rhumb::model {

inline constexpr double kRecallMin = 0.9, kRecallMax = 0.999;

struct Contract {
  double recall = 0;  // at the limit of each search; 0: none is promised
};

Contract contract_of(const CollectionConfig& config);

// What a measured recall with its 95 % interval says of a promise. true: as much as asked is found,
// and what is missing may be twice of what is allowed at most. false: too little is found, surely.
// nullopt: it is not known yet.
std::optional<bool> contract_kept(double asked, double mean, double low, double high);

}  // namespace rhumb::model
