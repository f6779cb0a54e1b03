// Writing replies: std::to_chars into one string, payloads spliced as they are stored (0.5 us for
// ten hits).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/model/collection.h"
#include "host/model/query.h"

namespace rhumb::http::rest {

// shortest that reads back the same; infinite: the largest; NaN: 0
void append_number(std::string& out, double value);
void append_number(std::string& out, float value);
void append_number(std::string& out, uint64_t value);

// What of a record is shown.
struct RecordShape {
  bool score = false;    // a hit: score and version
  bool payload = false;  // {} when the point has none
  bool vector = false;
  const model::CollectionConfig* config = nullptr;  // how vectors are stored and named
};
void append_record(std::string& out, const model::Record& record, const RecordShape& shape);
// [..]
std::string records_json(const std::vector<model::Record>& records, const RecordShape& shape);
// explain
std::string plan_json(const std::vector<model::SegmentPlan>& plan);

}  // namespace rhumb::http::rest
