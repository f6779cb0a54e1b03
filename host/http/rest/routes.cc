#include "host/http/rest/routes.h"

#include <memory>

#include "host/base/hex.h"
#include "host/http/rest/resources/collections.h"
#include "host/http/rest/resources/diff.h"
#include "host/http/rest/resources/export.h"
#include "host/http/rest/resources/import.h"
#include "host/http/rest/resources/points_read.h"
#include "host/http/rest/resources/points_write.h"
#include "host/http/rest/resources/query.h"
#include "host/http/rest/resources/service.h"
#include "host/http/rest/resources/snapshot_upload.h"
#include "host/http/rest/resources/snapshots.h"

namespace rhumb::http::rest {
namespace {

constexpr auto kLoop = Where::kLoop;
constexpr auto kEither = Where::kEither;
constexpr auto kPool = Where::kPool;
constexpr auto kPublic = Action::kPublic;
constexpr auto kRead = Action::kRead;
constexpr auto kWrite = Action::kWrite;
constexpr auto kManage = Action::kManage;
constexpr auto kAdmin = Action::kAdmin;

#define C "/collections/{collection_name}"
#define S C "/shards/{shard_id}"
const std::vector<Route>& table() {
  static const std::vector<Route> routes = {
      // Service. host/admin answers /healthz, /livez, /readyz and /metrics before a request comes
      // here.
      {"GET", "/", kPublic, kLoop, service::version, ""},
      {"GET", "/telemetry", kAdmin, kPool, service::telemetry, ""},
      {"GET", "/issues", kRead, kLoop, service::issues, ""},
      {"DELETE", "/issues", kAdmin, kLoop, service::clear_issues, ""},
      {"GET", "/cluster", kRead, kLoop, service::cluster, ""},
      {"GET", "/cluster/telemetry", kAdmin, kLoop, nullptr, "cluster telemetry"},
      {"POST", "/cluster/recover", kAdmin, kLoop, nullptr, "cluster recovery"},
      {"DELETE", "/cluster/peer/{peer_id}", kAdmin, kLoop, nullptr, "removal of a peer"},
      {"GET", "/quotas", kAdmin, kLoop, nullptr, "quotas"},
      {"PUT", "/quotas", kAdmin, kLoop, nullptr, "quotas"},
      {"GET", "/plugins", kAdmin, kLoop, service::plugins, ""},
      {"GET", "/plugins/{id}", kAdmin, kLoop, service::plugin, ""},
      {"POST", "/auth/{what}", kPublic, kLoop, nullptr, "accounts"},
      {"GET", "/auth/{what}", kAdmin, kLoop, nullptr, "accounts"},
      {"GET", "/openapi.json", kRead, kLoop, nullptr, "the OpenAPI document"},
      {"GET", "/docs", kRead, kLoop, nullptr, "the documentation page"},
      // Collections.
      {"GET", "/collections", kRead, kLoop, collections::list, ""},
      {"GET", C, kRead, kLoop, collections::info, ""},
      {"PUT", C, kManage, kPool, collections::create, ""},
      {"PATCH", C, kManage, kPool, collections::update, ""},
      {"DELETE", C, kManage, kPool, collections::drop, ""},
      {"GET", C "/exists", kRead, kLoop, collections::exists, ""},
      {"POST", "/collections/aliases", kManage, kPool, collections::change_aliases, ""},
      {"GET", "/aliases", kRead, kLoop, collections::all_aliases, ""},
      {"GET", C "/aliases", kRead, kLoop, collections::aliases, ""},
      {"PUT", C "/index", kManage, kPool, collections::create_index, ""},
      {"DELETE", C "/index/{field_name}", kManage, kPool, collections::drop_index, ""},
      {"PUT", C "/vectors/{vector_name}", kManage, kLoop, nullptr,
       "adding a named vector to a collection"},
      {"DELETE", C "/vectors/{vector_name}", kManage, kLoop, nullptr,
       "dropping a named vector of a collection"},
      {"GET", C "/cluster", kRead, kLoop, collections::cluster, ""},
      {"POST", C "/cluster", kAdmin, kLoop, nullptr, "moving and replicating shards"},
      {"GET", C "/optimizations", kRead, kLoop, collections::optimizations, ""},
      {"GET", C "/shards", kRead, kLoop, nullptr, "shard keys"},
      {"PUT", C "/shards", kManage, kLoop, nullptr, "shard keys"},
      {"POST", C "/shards/delete", kManage, kLoop, nullptr, "shard keys"},
      {"GET", C "/verify", kRead, kPool, collections::verify, ""},
      {"GET", C "/contract", kRead, kPool, collections::contract, ""},
      {"POST", C "/branch", kManage, kPool, snapshots::branch, ""},
      // Snapshots.
      {"GET", C "/snapshots", kRead, kPool, snapshots::list, ""},
      {"POST", C "/snapshots", kManage, kPool, snapshots::create, ""},
      {"GET", C "/snapshots/{snapshot_name}", kRead, kPool, snapshots::download, ""},
      {"DELETE", C "/snapshots/{snapshot_name}", kManage, kPool, snapshots::remove, ""},
      {"PUT", C "/snapshots/recover", kAdmin, kPool, snapshots::recover, ""},
      {"POST", C "/snapshots/upload", kAdmin, kPool, snapshots::upload_buffered, ""},
      {"GET", S "/snapshots", kRead, kPool, snapshots::list, ""},
      {"POST", S "/snapshots", kManage, kPool, snapshots::create, ""},
      {"GET", S "/snapshots/{snapshot_name}", kRead, kPool, snapshots::download, ""},
      {"DELETE", S "/snapshots/{snapshot_name}", kManage, kPool, snapshots::remove, ""},
      {"PUT", S "/snapshots/recover", kAdmin, kPool, snapshots::recover, ""},
      {"POST", S "/snapshots/upload", kAdmin, kPool, snapshots::upload_buffered, ""},
      {"GET", S "/snapshot", kRead, kLoop, nullptr, "shard snapshots"},
      {"PUT", "/snapshots/recover", kAdmin, kPool, snapshots::recover, ""},
      {"POST", "/snapshots/upload", kAdmin, kPool, snapshots::upload_buffered, ""},
      {"GET", "/snapshots", kAdmin, kPool, snapshots::list, ""},
      {"POST", "/snapshots", kAdmin, kPool, snapshots::create, ""},
      {"GET", "/snapshots/{snapshot_name}", kAdmin, kPool, snapshots::download, ""},
      {"DELETE", "/snapshots/{snapshot_name}", kAdmin, kPool, snapshots::remove, ""},
      // Points.
      {"PUT", C "/points", kWrite, kPool, points::upsert, ""},
      {"POST", C "/points", kRead, kPool, points::get, ""},
      {"GET", C "/points/{id}", kRead, kPool, points::get_one, ""},
      {"POST", C "/points/delete", kWrite, kPool, points::remove, ""},
      {"PUT", C "/points/vectors", kWrite, kPool, points::update_vectors, ""},
      {"POST", C "/points/vectors/delete", kWrite, kPool, points::delete_vectors, ""},
      {"POST", C "/points/payload", kWrite, kPool, points::set_payload, ""},
      {"PUT", C "/points/payload", kWrite, kPool, points::overwrite_payload, ""},
      {"POST", C "/points/payload/delete", kWrite, kPool, points::delete_payload, ""},
      {"POST", C "/points/payload/clear", kWrite, kPool, points::clear_payload, ""},
      {"POST", C "/points/batch", kWrite, kPool, points::batch, ""},
      {"POST", C "/points/scroll", kRead, kPool, points::scroll, ""},
      {"POST", C "/points/count", kRead, kPool, points::count, ""},
      {"POST", C "/facet", kRead, kLoop, nullptr, "facets"},
      {"POST", C "/points/query", kRead, kEither, points::query, ""},
      {"POST", C "/points/query/batch", kRead, kPool, points::query_batch, ""},
      {"POST", C "/points/query/groups", kRead, kLoop, nullptr, "grouped queries"},
      {"POST", C "/points/search/matrix/pairs", kRead, kLoop, nullptr, "the distance matrix"},
      {"POST", C "/points/search/matrix/offsets", kRead, kLoop, nullptr, "the distance matrix"},
      {"POST", C "/import", kWrite, kPool, points::import_buffered, ""},
      {"GET", C "/export", kRead, kLoop, points::export_all, ""},
      {"GET", C "/diff/{other_collection}", kRead, kLoop, points::diff, ""},
      // The form before version 1.19, which clients still use.
      {"POST", C "/points/search", kRead, kEither, points::search, ""},
      {"POST", C "/points/search/batch", kRead, kPool, points::search_batch, ""},
      {"POST", C "/points/search/groups", kRead, kLoop, nullptr, "grouped queries"},
      {"POST", C "/points/recommend", kRead, kLoop, nullptr, "recommend queries"},
      {"POST", C "/points/recommend/batch", kRead, kLoop, nullptr, "recommend queries"},
      {"POST", C "/points/recommend/groups", kRead, kLoop, nullptr, "recommend queries"},
      {"POST", C "/points/discover", kRead, kLoop, nullptr, "discover queries"},
      {"POST", C "/points/discover/batch", kRead, kLoop, nullptr, "discover queries"},
  };
  return routes;
}
#undef S
#undef C

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
  }
  return parts;
}

struct Compiled {
  const Route* route;
  std::vector<std::string_view> parts;
};

const std::vector<Compiled>& compiled() {
  static const std::vector<Compiled> all = [] {
    std::vector<Compiled> out;
    for (const Route& r : table()) out.push_back({&r, parts_of(r.pattern)});
    return out;
  }();
  return all;
}

// A literal part beats a capture. Returns the number of literal parts that matched, or -1.
int fit(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& parts) {
  if (pattern.size() != parts.size()) return -1;
  int literals = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (pattern[i].starts_with('{')) continue;
    if (pattern[i] != parts[i]) return -1;
    ++literals;
  }
  return literals;
}

}  // namespace

const std::vector<Route>& routes() { return table(); }

// One for each of routes(), in its order.
const RouteMetrics* metrics_of(const Route& route) {
  static const auto* const all = [] {
    auto* out = new std::vector<std::unique_ptr<RouteMetrics>>;
    for (const Route& r : table()) {
      const std::string name = std::string(r.method) + " " + std::string(r.pattern);
      out->push_back(r.run == nullptr ? nullptr : std::make_unique<RouteMetrics>(name));
    }
    return out;
  }();
  return (*all)[static_cast<size_t>(&route - table().data())].get();
}

Match match_route(std::string_view method, std::string_view path) {
  Match match;
  if (!path.starts_with('/')) return match;  // the path "*"
  const auto parts = parts_of(path);
  const Compiled* best = nullptr;
  int best_literals = -1;
  for (const Compiled& candidate : compiled()) {
    const int literals = fit(candidate.parts, parts);
    if (literals < 0) continue;
    if (candidate.route->method != method) {
      if (match.allow.find(candidate.route->method) == std::string::npos)
        match.allow += (match.allow.empty() ? "" : ", ") + std::string(candidate.route->method);
      continue;
    }
    if (literals > best_literals) {
      best = &candidate;
      best_literals = literals;
    }
  }
  if (best == nullptr) return match;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!best->parts[i].starts_with('{')) continue;
    std::string decoded;
    if (!percent_decode(parts[i], false, decoded)) return {};
    match.captures[std::string(best->parts[i].substr(1, best->parts[i].size() - 2))] =
        std::move(decoded);
  }
  match.route = best->route;
  match.allow.clear();
  return match;
}

bool percent_decode(std::string_view in, bool plus_is_space, std::string& out) {
  out.clear();
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (in[i] != '%') {
      out += in[i];
    } else {
      const std::string_view digits = in.substr(i + 1, 2);
      const std::optional<uint32_t> byte = base::parse_hex(digits);
      if (digits.size() != 2 || !byte) return false;
      out += static_cast<char>(*byte);
      i += 2;
    }
  }
  return true;
}

base::Result<std::map<std::string, std::string>> parse_query_string(std::string_view query) {
  std::map<std::string, std::string> out;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    std::string name, value;
    const bool good = percent_decode(pair.substr(0, equals), true, name) &&
                      percent_decode(equals == std::string_view::npos ? std::string_view()
                                                                      : pair.substr(equals + 1),
                                     true, value);
    if (!good)
      return base::Status(base::Code::kMalformedQuery,
                          "'" + std::string(pair) + "' is not percent-encoded text");
    out[name] = std::move(value);
  }
  return out;
}

}  // namespace rhumb::http::rest
