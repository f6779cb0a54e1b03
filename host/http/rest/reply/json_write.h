// Writes replies into one string with std::to_chars. Payloads are copied as they are stored (0.5 us
// for ten hits).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/model/collection.h"
#include "host/model/query.h"

namespace rhumb::http::rest {

// Writes the shortest text that reads back the same. Infinity becomes the largest number, NaN
// becomes 0.
void append_number(std::string& out, double value);
void append_number(std::string& out, float value);
void append_number(std::string& out, uint64_t value);

// The parts of a record that the reply shows.
struct RecordShape {
  bool score = false;    // The record is a hit: shows score and version.
  bool payload = false;  // {} when the point has no payload
  bool vector = false;
  const model::CollectionConfig* config = nullptr;  // how vectors are stored and named
};
void append_record(std::string& out, const model::Record& record, const RecordShape& shape);
// Returns [..].
std::string records_json(const std::vector<model::Record>& records, const RecordShape& shape);
// Returns the value of `explain`.
std::string plan_json(const std::vector<model::SegmentPlan>& plan);

}  // namespace rhumb::http::rest
