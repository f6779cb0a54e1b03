#include "host/http/rest/parse/snapshot_request.h"

#include "host/archive/sha256.h"
#include "host/base/limits.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/collection_body.h"
#include "host/http/rest/routes.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;

constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kPriorities = "one of replica, snapshot, no_sync";

std::optional<SnapshotPriority> priority_of(std::string_view text) {
  if (text == "replica") return SnapshotPriority::kReplica;
  if (text == "snapshot") return SnapshotPriority::kSnapshot;
  if (text == "no_sync") return SnapshotPriority::kNoSync;
  return std::nullopt;
}

// A file URL of this machine: "file:///path", percent-encoded.
Result<std::string> local_path(std::string_view location) {
  std::string path;
  const std::string_view encoded = location.substr(kFileScheme.size());
  if (!encoded.starts_with('/') || !percent_decode(encoded, false, path) ||
      path.find('\0') != std::string::npos)
    return format_error("location", "'" + std::string(location) +
                                        "' is no file URL of this machine, as file:///path is");
  return path;
}

}  // namespace

Result<RestoreRequest> parse_restore_query(const std::map<std::string, std::string>& query) {
  RestoreRequest out;
  if (const auto it = query.find("priority"); it != query.end() && !it->second.empty()) {
    const auto priority = priority_of(it->second);
    if (!priority)
      return base::malformed_query("priority",
                                   "'" + it->second + "' is not " + std::string(kPriorities));
    out.priority = *priority;
  }
  if (const auto it = query.find("checksum"); it != query.end() && !it->second.empty()) {
    if (!archive::is_sha256(it->second))
      return base::malformed_query("checksum", "a SHA-256 checksum has 64 hexadecimal digits");
    out.checksum = it->second;
  }
  return out;
}

Result<RecoverRequest> parse_recover(const std::string& body, IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kRecoverBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  RecoverRequest out;
  const auto location = member(object, "location");
  if (!location) return format_error("", "missing field `location`");
  RHUMB_ASSIGN(const std::string_view where, as_string(*location, "location"));
  if (where.starts_with(kFileScheme)) {
    RHUMB_ASSIGN(out.path, local_path(where));
  } else if (where.starts_with("http://") || where.starts_with("https://")) {
    out.url = std::string(where);
  } else {
    return format_error("location", "expected a URL with the scheme file, http or https");
  }
  if (const auto priority = member(object, "priority")) {
    RHUMB_ASSIGN(const std::string_view text, as_string(*priority, "priority"));
    const auto known = priority_of(text);
    if (!known)
      return format_error("priority",
                          "'" + std::string(text) + "' is not " + std::string(kPriorities));
    out.priority = *known;
  }
  if (const auto checksum = member(object, "checksum")) {
    RHUMB_ASSIGN(const std::string_view text, as_string(*checksum, "checksum"));
    if (!archive::is_sha256(text))
      return format_error("checksum", "a SHA-256 checksum has 64 hexadecimal digits");
    out.checksum = std::string(text);
  }
  if (const auto key = member(object, "api_key")) {
    RHUMB_ASSIGN(const std::string_view text, as_string(*key, "api_key"));
    out.api_key = std::string(text);
  }
  return out;
}

Result<std::string> parse_branch(const std::string& body) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kBranchBody, "", nullptr));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  const auto name = member(object, "name");
  if (!name) return format_error("", "missing field `name`");
  RHUMB_ASSIGN(const std::string_view text, as_string(*name, "name"));
  RHUMB_TRY(check_name(std::string(text), "name", base::limits::kMaxNameBytes));
  return std::string(text);
}

}  // namespace rhumb::http::rest
