// The rules for definitions: which names and configurations of collections are refused before the
// metadata is changed. The failures are kUnprocessable, name the field and have its limit as data.
#pragma once

#include <cstddef>
#include <string>

#include "host/base/status.h"
#include "host/model/collection.h"

namespace rhumb::gateway {

// The name of a collection, an alias or a vector: UTF-8 text of 1 to max_bytes bytes without
// control characters and without characters that paths give a meaning. `field` is what the client
// calls it.
base::Status check_name(const std::string& name, const std::string& field, size_t max_bytes);

base::Status check(const model::CollectionConfig& config);

}  // namespace rhumb::gateway
