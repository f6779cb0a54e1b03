// The bulk formats of import and export (docs/formats/points.md): NDJSON with one point per line as
// in an upsert, and a binary format (application/x-rhumb-points) of length-prefixed records, in
// which only the payload is text that has to be parsed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"
#include "host/model/operation.h"
#include "host/model/query.h"

namespace rhumb::http::rest {

inline constexpr const char* kNdjsonType = "application/x-ndjson";
inline constexpr const char* kBinaryPointsType = "application/x-rhumb-points";
enum class PointFormat : uint8_t { kNdjson, kBinary };

// Cuts a stream of bytes into points. feed() and finish() append whole points to `out`. An error
// names the line or the record.
class PointReader {
 public:
  PointReader(PointFormat format, const model::CollectionConfig& config)
      : format_(format), config_(config) {}
  base::Status feed(std::string_view bytes, std::vector<model::PointWrite>& out);
  base::Status finish(std::vector<model::PointWrite>& out);
  uint64_t points() const { return points_; }
  const IgnoredMembers& ignored() const { return ignored_; }  // over all lines

 private:
  base::Status read_line(std::string_view line, std::vector<model::PointWrite>& out);
  base::Status read_records(std::vector<model::PointWrite>& out);
  base::Status read_record(std::string_view record, std::vector<model::PointWrite>& out);
  base::Status whole(base::Result<model::PointWrite> point, std::vector<model::PointWrite>& out);

  const PointFormat format_;
  const model::CollectionConfig& config_;
  std::string pending_, line_;
  IgnoredMembers ignored_;
  uint64_t lines_ = 0, points_ = 0;
  bool head_seen_ = false;
};

// Writes one page of an export. With `first`, the binary format begins with its head.
std::string write_points(PointFormat format, const model::CollectionConfig& config,
                         const std::vector<model::Record>& records, bool first);

}  // namespace rhumb::http::rest
