// The route table: every path of the protocol, what it needs, who answers it. Data: the handler walks it, tests walk it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/rest/call.h"

namespace rhumb::http::rest {

// Cheap ones run on the loop's thread; kEither does when it looks short, and goes to the pool when it turns out not to be.
enum class Where : uint8_t { kLoop, kPool, kEither };

struct Route {
  std::string_view method, pattern;  // "/collections/{collection_name}/points"
  Action action = Action::kRead;
  Where where = Where::kPool;
  void (*run)(const ExchangePtr&) = nullptr;  // nullptr: not there yet
  std::string_view feature;                   // what a 501 names
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

// The handlers, by resource.
namespace service {
void version(const ExchangePtr& x);
void telemetry(const ExchangePtr& x);
void issues(const ExchangePtr& x);
void clear_issues(const ExchangePtr& x);
void cluster(const ExchangePtr& x);
void plugins(const ExchangePtr& x);
void plugin(const ExchangePtr& x);
}  // namespace service
namespace collections {
void list(const ExchangePtr& x);
void info(const ExchangePtr& x);
void exists(const ExchangePtr& x);
void create(const ExchangePtr& x);
void update(const ExchangePtr& x);
void drop(const ExchangePtr& x);
void change_aliases(const ExchangePtr& x);
void all_aliases(const ExchangePtr& x);
void aliases(const ExchangePtr& x);
void create_index(const ExchangePtr& x);
void drop_index(const ExchangePtr& x);
void cluster(const ExchangePtr& x);
void verify(const ExchangePtr& x);
void contract(const ExchangePtr& x);
}  // namespace collections
namespace points {
void upsert(const ExchangePtr& x);
void remove(const ExchangePtr& x);
void update_vectors(const ExchangePtr& x);
void delete_vectors(const ExchangePtr& x);
void set_payload(const ExchangePtr& x);
void overwrite_payload(const ExchangePtr& x);
void delete_payload(const ExchangePtr& x);
void clear_payload(const ExchangePtr& x);
void batch(const ExchangePtr& x);
void get_one(const ExchangePtr& x);
void get(const ExchangePtr& x);
void scroll(const ExchangePtr& x);
void count(const ExchangePtr& x);
void query(const ExchangePtr& x);
void query_batch(const ExchangePtr& x);
void search(const ExchangePtr& x);
void search_batch(const ExchangePtr& x);
void export_all(const ExchangePtr& x);
void import_buffered(const ExchangePtr& x);
}  // namespace points

}  // namespace rhumb::http::rest
