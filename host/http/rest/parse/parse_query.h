// Turns bodies of points/query and points/search into model types.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"
#include "host/model/query.h"

namespace rhumb::http::rest {

// One query as the client sent it: nearest to a vector, nearest to a point (whose vector is fetched
// first), or, without a query, points in the order of their ids.
struct ParsedQuery {
  // `limit` is as the client asked. The vector is empty while like_id waits to be looked up.
  model::SearchRequest search;
  std::optional<model::PointId> like_id;
  bool by_id_order = false;  // There is no query: a scroll.
  uint32_t offset = 0;
};

// `ignored` receives the members of the body that are unknown. It may be null.
base::Result<ParsedQuery> parse_query(const std::string& body,
                                      const model::CollectionConfig& config,
                                      IgnoredMembers* ignored = nullptr);
base::Result<std::vector<ParsedQuery>> parse_query_batch(const std::string& body,
                                                         const model::CollectionConfig& config,
                                                         IgnoredMembers* ignored = nullptr);
// Parses points/search, the form before version 1.19.
base::Result<ParsedQuery> parse_search(const std::string& body,
                                       const model::CollectionConfig& config,
                                       IgnoredMembers* ignored = nullptr);
base::Result<std::vector<ParsedQuery>> parse_search_batch(const std::string& body,
                                                          const model::CollectionConfig& config,
                                                          IgnoredMembers* ignored = nullptr);

}  // namespace rhumb::http::rest
