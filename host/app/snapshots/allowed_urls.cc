#include "host/app/snapshots/allowed_urls.h"

#include <Poco/Exception.h>
#include <Poco/String.h>
#include <Poco/URI.h>

#include <algorithm>

#include "host/base/limits.h"

namespace rhumb::app {

using base::Result;
using base::Status;

namespace {

// "/backups" begins "/backups" and "/backups/a", but not "/backups2".
bool begins(const std::string& prefix, const std::string& path) {
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

bool has_dots(const std::string& path) {
  const std::string closed = path + "/";
  return closed.find("/./") != std::string::npos || closed.find("/../") != std::string::npos;
}

}  // namespace

Result<UrlParts> parse_url(const std::string& url) {
  const auto wrong = [&](const std::string& why) { return base::invalid("'" + url + "' " + why); };
  if (url.size() > base::limits::kMaxUrlBytes)
    return base::invalid("a URL of more than " + std::to_string(base::limits::kMaxUrlBytes) +
                         " bytes");
  try {
    const Poco::URI uri(url);
    UrlParts parts;
    parts.scheme = Poco::toLower(uri.getScheme());
    parts.host = Poco::toLower(uri.getHost());
    parts.port = uri.getPort();
    parts.path = uri.getPath().empty() ? "/" : uri.getPath();
    parts.query = uri.getPathAndQuery().starts_with('/') ? uri.getPathAndQuery()
                                                         : "/" + uri.getPathAndQuery();
    if (parts.scheme != "http" && parts.scheme != "https")
      return wrong("has neither the scheme http nor https");
    if (parts.host.empty() || parts.port == 0) return wrong("names no host");
    if (!uri.getUserInfo().empty()) return wrong("has a user");
    if (has_dots(parts.path) || parts.path.find('\\') != std::string::npos ||
        std::any_of(parts.path.begin(), parts.path.end(),
                    [](unsigned char c) { return c < ' ' || c == 0x7f; }))
      return wrong("has a path that leads elsewhere");
    return parts;
  } catch (const Poco::Exception&) {
    return wrong("is no URL");
  }
}

Result<AllowedUrls> AllowedUrls::parse(const std::string& list) {
  AllowedUrls allowed;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    const std::string item = Poco::trim(list.substr(at, end - at));
    at = end + 1;
    if (item.empty()) continue;
    RHUMB_ASSIGN(UrlParts parts, parse_url(item));
    allowed.prefixes_.push_back(std::move(parts));
  }
  return allowed;
}

Status AllowedUrls::check(const std::string& url) const {
  const auto parts = parse_url(url);
  if (!parts.ok()) return base::invalid("location: " + parts.status().message());
  const bool allowed = std::any_of(prefixes_.begin(), prefixes_.end(), [&](const UrlParts& p) {
    return p.scheme == parts->scheme && p.host == parts->host && p.port == parts->port &&
           begins(p.path, parts->path);
  });
  if (allowed) return base::ok();
  return {base::Code::kForbidden, "location: '" + url +
                                      "' is not below one of the URLs that the server fetches "
                                      "snapshots from (snapshots.allowed_urls)"};
}

}  // namespace rhumb::app
