// The route table: every path of the protocol, what it needs, who answers it. Data: the handler
// walks it, tests walk it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/rest/call.h"

namespace rhumb::http::rest {

// Cheap ones run on the loop's thread; kEither does when it looks short, and goes to the pool when
// it turns out not to be.
enum class Where : uint8_t { kLoop, kPool, kEither };

struct Route {
  std::string_view method, pattern;  // "/collections/{collection_name}/points"
  Action action = Action::kRead;
  Where where = Where::kPool;
  void (*run)(const CallPtr&) = nullptr;  // nullptr: not there yet
  std::string_view feature;               // what a 501 names
};

const std::vector<Route>& routes();

struct Match {
  const Route* route = nullptr;
  std::map<std::string, std::string> captures;
  std::string allow;  // methods the path knows, when this one is not among them
};
// path: raw, percent-encoded. No route and empty `allow`: unknown path.
Match match_route(std::string_view method, std::string_view path);

bool percent_decode(std::string_view in, bool plus_is_space, std::string& out);  // false: malformed
base::Result<std::map<std::string, std::string>> parse_query_string(std::string_view query);

}  // namespace rhumb::http::rest
