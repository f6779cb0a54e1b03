// The limits of a filter. They hold for each protocol, and a shard refuses to decode a filter
// beyond them.
#pragma once

#include <optional>
#include <string>

#include "host/base/status.h"
#include "host/model/filter.h"

namespace rhumb::gateway {

// Checks how deep the filter is and how many conditions it has with those of its nested filters.
// The failure is kUnprocessable, names the field and has the limit as data. No filter is right.
base::Status check(const std::optional<model::Filter>& filter, const std::string& field);

}  // namespace rhumb::gateway
