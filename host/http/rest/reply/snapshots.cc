#include "host/http/rest/reply/snapshots.h"

#include "host/base/json_text.h"
#include "host/http/rest/reply/json_write.h"

namespace rhumb::http::rest {

std::string snapshot_json(const archive::SnapshotFile& snapshot) {
  std::string out = "{\"name\":";
  base::append_json_string(out, snapshot.name);
  out += ",\"creation_time\":";
  base::append_json_string(out, archive::creation_time_text(snapshot.created_seconds));
  out += ",\"size\":";
  append_number(out, snapshot.bytes);
  out += ",\"checksum\":";
  if (snapshot.checksum)
    base::append_json_string(out, *snapshot.checksum);
  else
    out += "null";
  return out + '}';
}

std::string snapshots_json(const std::vector<archive::SnapshotFile>& snapshots) {
  std::string out = "[";
  for (const archive::SnapshotFile& snapshot : snapshots) {
    if (out.size() > 1) out += ',';
    out += snapshot_json(snapshot);
  }
  return out + ']';
}

}  // namespace rhumb::http::rest
