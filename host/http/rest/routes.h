// The route table: every path of the protocol, the permission it needs, and the function that
// answers it. It is data: the handler and the tests walk over it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/rest/call.h"

namespace rhumb::http::rest {

// Cheap calls run on the thread of the loop. kEither runs there when the call looks short, and
// moves to the pool when it turns out not to be.
enum class Where : uint8_t { kLoop, kPool, kEither };

struct Route {
  std::string_view method, pattern;  // "/collections/{collection_name}/points"
  Action action = Action::kRead;
  Where where = Where::kPool;
  void (*run)(const CallPtr&) = nullptr;  // null when it is not implemented yet
  std::string_view feature;               // the feature that a 501 names
};

const std::vector<Route>& routes();
// The counters of a route. nullptr for a route that is not implemented yet.
const RouteMetrics* metrics_of(const Route& route);

struct Match {
  const Route* route = nullptr;
  std::map<std::string, std::string> captures;
  std::string allow;  // the methods that the path knows when this method is not among them
};
// `path` is raw and percent-encoded. No route and an empty `allow` mean an unknown path.
Match match_route(std::string_view method, std::string_view path);

// Returns false when `in` is malformed.
bool percent_decode(std::string_view in, bool plus_is_space, std::string& out);
base::Result<std::map<std::string, std::string>> parse_query_string(std::string_view query);

}  // namespace rhumb::http::rest
