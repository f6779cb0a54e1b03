// The rules for writes: what is refused before anything is proposed, and what ids and vector names
// mean that a request gives more than once.
#pragma once

#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/model/operation.h"

namespace rhumb::gateway {

// Checks all that does not depend on the stored points. The failure is kInvalid or kUnprocessable,
// names the field and has its limit as data. The fields of one operation among several begin with
// "operations[i].".
base::Status check(const std::vector<model::Operation>& operations,
                   const model::CollectionConfig& config);

// Afterwards no id occurs twice in the operation. Of an upsert's points with the same id, the last
// one counts. New vectors of the same point are put together.
void merge_equal_ids(model::Operation& operation);

// Keeps one vector per name. The last one counts.
void put_vector(std::vector<model::NamedVector>& vectors, const std::string& name,
                std::string bytes);

}  // namespace rhumb::gateway
