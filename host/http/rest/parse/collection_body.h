// Bodies of requests about collections (create, update, aliases, index) become model types.
// The documents are small, so nlohmann reads them, with its depth capped.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/base/status.h"
#include "host/gateway/gateway.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"

namespace rhumb::http::rest {

// What a body says beyond its members is put into `ignored`, which may be null.
base::Result<model::CollectionConfig> parse_create_collection(const std::string& body,
                                                              IgnoredMembers* ignored = nullptr);
// The configuration that results when `body` is applied to `config`.
base::Result<model::CollectionConfig> parse_update_collection(const std::string& body,
                                                              const model::CollectionConfig& config,
                                                              IgnoredMembers* ignored = nullptr);
base::Result<std::vector<gateway::AliasAction>> parse_alias_actions(
    const std::string& body, IgnoredMembers* ignored = nullptr);
base::Result<std::pair<std::string, model::PayloadIndexConfig>> parse_create_index(
    const std::string& body, IgnoredMembers* ignored = nullptr);
base::Status check_name(const std::string& name, const std::string& what, size_t max_bytes);

}  // namespace rhumb::http::rest
