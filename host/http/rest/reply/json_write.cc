#include "host/http/rest/reply/json_write.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "host/base/assert.h"
#include "host/base/json_text.h"
#include "rhumb/kernels.h"

namespace rhumb::http::rest {
namespace {

using base::append_json_string;

template <typename T>
void append_chars(std::string& out, T value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  out.append(text, end);
}

// Replaces infinities and NaN, which JSON does not have and strictly typed clients cannot read as
// null.
template <typename T>
T ordinary(T value) {
  RHUMB_UNEXPECTED(std::isnan(value));
  if (std::isnan(value)) return 0;
  return value > 0 ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
}

template <typename T>
void append_float(std::string& out, T value) {
  if (!std::isfinite(value)) [[unlikely]]
    value = ordinary(value);
  const size_t start = out.size();
  append_chars(out, value);
  // A whole number keeps the look of a float, because strictly typed clients tell 1 from 1.0.
  if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

template <typename T>
void append_components(std::string& out, std::string_view bytes) {
  for (size_t i = 0; i + sizeof(T) <= bytes.size(); i += sizeof(T)) {
    if (i > 0) out += ',';
    T value;
    std::memcpy(&value, bytes.data() + i, sizeof(T));
    if constexpr (std::is_same_v<T, float>)
      append_float(out, value);
    else
      append_chars(out, static_cast<unsigned>(value));
  }
}

void append_half(std::string& out, std::string_view bytes) {
  std::vector<float> wide(bytes.size() / 2);
  rhumb_f16_to_f32(reinterpret_cast<const uint16_t*>(bytes.data()), wide.data(), wide.size());
  for (size_t i = 0; i < wide.size(); ++i) {
    if (i > 0) out += ',';
    append_float(out, wide[i]);
  }
}

void append_row(std::string& out, std::string_view bytes, model::Scalar scalar) {
  out += '[';
  if (scalar == model::Scalar::kFloat32)
    append_components<float>(out, bytes);
  else if (scalar == model::Scalar::kUint8)
    append_components<uint8_t>(out, bytes);
  else
    append_half(out, bytes);
  out += ']';
}

void append_vector(std::string& out, const model::NamedVector& vector,
                   const model::CollectionConfig& config) {
  auto it = config.vectors.find(vector.name);
  if (it == config.vectors.end()) return append_row(out, vector.bytes, model::Scalar::kFloat32);
  const model::VectorParams& params = it->second;
  if (!params.multivector) return append_row(out, vector.bytes, params.datatype);
  out += '[';
  for (size_t row = 0; row < vector.bytes.size(); row += params.row_bytes()) {
    if (row > 0) out += ',';
    append_row(out, std::string_view(vector.bytes).substr(row, params.row_bytes()),
               params.datatype);
  }
  out += ']';
}

// The unnamed vector alone is a bare array. Everything else is a map.
void append_vectors(std::string& out, const std::vector<model::NamedVector>& vectors,
                    const model::CollectionConfig& config) {
  if (vectors.size() == 1 && vectors[0].name.empty() && config.single_vector)
    return append_vector(out, vectors[0], config);
  out += '{';
  for (size_t i = 0; i < vectors.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, vectors[i].name);
    out += ':';
    append_vector(out, vectors[i], config);
  }
  out += '}';
}

}  // namespace

void append_number(std::string& out, double value) { append_float(out, value); }
void append_number(std::string& out, float value) { append_float(out, value); }
void append_number(std::string& out, uint64_t value) { append_chars(out, value); }

void append_record(std::string& out, const model::Record& record, const RecordShape& shape) {
  out += "{\"id\":";
  record.id.append_json(out);
  if (shape.score) {
    out += ",\"version\":";
    append_chars(out, record.version);
    out += ",\"score\":";
    append_float(out, record.score);
  }
  if (shape.payload) {
    out += ",\"payload\":";
    out += record.payload.empty() ? std::string_view("{}") : std::string_view(record.payload);
  }
  if (shape.vector) {
    out += ",\"vector\":";
    append_vectors(out, record.vectors, *shape.config);
  }
  out += '}';
}

std::string records_json(const std::vector<model::Record>& records, const RecordShape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < records.size(); ++i) {
    if (i > 0) out += ',';
    append_record(out, records[i], shape);
  }
  out += ']';
  return out;
}

std::string plan_json(const std::vector<model::SegmentPlan>& plan) {
  std::string out = "[";
  for (const model::SegmentPlan& p : plan) {
    if (out.size() > 1) out += ',';
    out += "{\"segment\":";
    append_chars(out, p.segment);
    out += ",\"state\":";
    append_json_string(out, p.state);
    out += ",\"strategy\":";
    append_json_string(out, p.strategy);
    out += ",\"index\":";
    if (p.index.empty())
      out += "null";
    else
      append_json_string(out, p.index);
    for (const auto& [name, value] : {std::pair{"rows", p.rows},
                                      {"rows_examined", p.rows_examined},
                                      {"passed", p.passed},
                                      {"distances", p.distances},
                                      {"tail", p.tail}}) {
      out += ",\"";
      out += name;
      out += "\":";
      append_chars(out, value);
    }
    out += '}';
  }
  out += ']';
  return out;
}

}  // namespace rhumb::http::rest
