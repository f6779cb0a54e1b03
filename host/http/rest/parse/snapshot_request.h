// What requests about snapshots ask for.
#pragma once

#include <map>
#include <string>

#include "host/base/status.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/http/rest/snapshot_engine.h"

namespace rhumb::http::rest {

struct RestoreRequest {
  SnapshotPriority priority = SnapshotPriority::kReplica;
  std::string checksum;  // SHA-256 that the archive has to have; empty: any
};

// From the query of an upload: `priority` and `checksum`.
base::Result<RestoreRequest> parse_restore_query(const std::map<std::string, std::string>& query);

struct RecoverRequest : RestoreRequest {
  std::string path;     // of a local file, absolute; empty: `url` counts
  std::string url;      // http:// or https://
  std::string api_key;  // for the server of the URL
};

// {"location": "file:///path or URL", "priority"?, "checksum"?, "api_key"?}
base::Result<RecoverRequest> parse_recover(const std::string& body,
                                           IgnoredMembers* ignored = nullptr);

// {"name": "..."}: the name of the new collection.
base::Result<std::string> parse_branch(const std::string& body);

}  // namespace rhumb::http::rest
