// Bodies of points/query and points/search -> model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"
#include "host/model/query.h"

namespace rhumb::http::rest {

// One query as it came: nearest to a vector, nearest to a point (its vector is fetched first), or
// without a query: points by id.
struct ParsedQuery {
  // limit as the client asked; vector empty while like_id waits to be looked up
  model::SearchRequest search;
  std::optional<model::PointId> like_id;
  bool by_id_order = false;  // no query: a scroll
  uint32_t offset = 0;
};

// What a body says beyond its members is put into `ignored`, which may be null.
base::Result<ParsedQuery> parse_query(const std::string& body,
                                      const model::CollectionConfig& config,
                                      IgnoredMembers* ignored = nullptr);
base::Result<std::vector<ParsedQuery>> parse_query_batch(const std::string& body,
                                                         const model::CollectionConfig& config,
                                                         IgnoredMembers* ignored = nullptr);
// points/search, before 1.19
base::Result<ParsedQuery> parse_search(const std::string& body,
                                       const model::CollectionConfig& config,
                                       IgnoredMembers* ignored = nullptr);
base::Result<std::vector<ParsedQuery>> parse_search_batch(const std::string& body,
                                                          const model::CollectionConfig& config,
                                                          IgnoredMembers* ignored = nullptr);

}  // namespace rhumb::http::rest
