// What a collection promises, measured while it serves (GET {collection}/contract).
#pragma once

#include "host/model/collection.h"

namespace rhumb::model {

inline constexpr double kRecallMin = 0.9, kRecallMax = 0.999;

struct Contract {
  double recall = 0;  // at the limit of each search; 0: none is promised
};

Contract contract_of(const CollectionConfig& config);

}  // namespace rhumb::model
