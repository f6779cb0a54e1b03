// The URLs that snapshots may be fetched from (snapshots.allowed_urls). Without such a list a user
// of this server could reach through it what the user cannot reach.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::app {

struct UrlParts {
  std::string scheme, host;  // in lower case
  uint16_t port = 0;
  std::string path;   // decoded
  std::string query;  // with the path as it is sent
};
// kInvalid for what is no http or https URL, and for one with a user, or with "." or ".." as a part
// of its path.
base::Result<UrlParts> parse_url(const std::string& url);

class AllowedUrls {
 public:
  // URLs with commas between them. Each allows the paths that begin with its own, part by part.
  static base::Result<AllowedUrls> parse(const std::string& list);
  // kForbidden says which setting would allow it.
  base::Status check(const std::string& url) const;

 private:
  std::vector<UrlParts> prefixes_;
};

}  // namespace rhumb::app
