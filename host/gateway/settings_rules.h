// The rules for the settings of a collection that are kept as JSON and shown again: what they may
// hold, and how a change is merged into them. Every protocol has the same rules.
#pragma once

#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/model/collection.h"

namespace rhumb::gateway {

// Checks the value of one setting: optimizers_config, wal_config, quantization_config,
// strict_mode_config, metadata, contract, payload or id_tracker. Another name is kInvalid. `place`
// is what the client calls the setting. A value of the wrong form is kMalformedBody, and a value
// beyond its limit is kUnprocessable; both name the member.
base::Status check_setting(std::string_view name, std::string_view json, const std::string& place);

// Merges a change into the setting, and checks the change and the whole. Members that are given
// win. Members that are null stay as they are; those of `metadata` are removed. A quantization is
// replaced as a whole. "Disabled" removes a quantization or a contract. After a failure the config
// must not be used.
base::Status merge_setting(model::CollectionConfig& config, const std::string& name,
                           std::string_view json, const std::string& place);

// The ranges of the graph's parameters. `place` is the member's place, for example "hnsw_config".
base::Status check_hnsw(const model::HnswConfig& hnsw, const std::string& place);

}  // namespace rhumb::gateway
