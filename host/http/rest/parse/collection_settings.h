// Settings of a collection: parts of its configuration that are checked, stored and shown again.
// Only collection_*.cc include it.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "host/base/status.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"

namespace rhumb::http::rest {

using nlohmann::json;

// Parses JSON with a limit on its depth; a failure is kMalformedBody. Members that the shape
// ignores are left out and put into `ignored`, so that the stored value, which is shown again,
// holds nothing that strictly typed clients do not know. A member with several names is kept under
// its first.
base::Result<json> parse_small(const std::string& body, const Shape& shape,
                               IgnoredMembers* ignored);

// Settings are stored with the metadata, so their size is limited by kMaxMetadataBytes.
base::Status check_size(const json& j, const std::string& where);
// Writes the given members over the values in `out`.
base::Status read_hnsw(const json& j, const std::string& where, model::HnswConfig& out);
// Holds the given members only.
json hnsw_to_json(const model::HnswConfig& h);

// These functions read members; null counts as absent. The error names `min` and `max`.
base::Status read_u32(const json& j, const char* name, const std::string& where, uint64_t min,
                      uint64_t max, std::optional<uint32_t>& out);
base::Status read_bool(const json& j, const char* name, const std::string& where,
                       std::optional<bool>& out);
// Reads the member `memory`.
base::Status read_memory(const json& j, const std::string& where, std::optional<std::string>& out);
bool given(const json& j, const char* name);
// Reads `quantization_config`, which the protocol also calls `quantization`. The result is null
// when neither is given. Both at once are refused.
base::Result<const json*> given_quantization(const json& j, const std::string& where);

}  // namespace rhumb::http::rest
