#include "host/http/rest/parse/parse_vector.h"

#include "host/base/base64.h"
#include "host/base/limits.h"
#include "host/gateway/vector_bits.h"
#include "host/gateway/write_rules.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/wide_numbers.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
namespace limits = base::limits;

// Appends the numbers of an array.
Status read_components(const Element& e, const std::string& where, std::vector<float>& out) {
  RHUMB_ASSIGN(const Array array, as_array(e, where));
  size_t n = 0;
  for (const Element item : array) {
    double value = 0;
    if (!item.is_number() || item.get(value) != simdjson::SUCCESS) {
      return format_error(at(where, n), "expected a number, got " + std::string(type_name(item)));
    }
    if (n++ == limits::kMaxDim)
      return out_of_range(where, "more than " + std::to_string(limits::kMaxDim) + " components");
    out.push_back(static_cast<float>(value));
  }
  return base::ok();
}

// Reads all rows one after another, each of the right length.
Result<std::vector<float>> read_rows(const Array& rows, const model::VectorParams& params,
                                     const std::string& where) {
  RHUMB_TRY(gateway::check_components(rows.size() * params.size, params, where));
  std::vector<float> out;
  out.reserve(rows.size() * params.size);
  size_t row = 0;
  for (const Element item : rows) {
    const std::string place = at(where, row++);
    const size_t before = out.size();
    RHUMB_TRY(read_components(item, place, out));
    if (out.size() - before != params.size)
      return gateway::wrong_dimension(params.size, out.size() - before, place);
  }
  return out;
}

Result<std::vector<float>> components_of(const Element& e, const model::VectorParams& params,
                                         const std::string& where) {
  if (holds_rows(e)) {
    if (!params.multivector)
      return base::invalid("Conversion between multi and regular vectors failed (" + where + ")");
    return read_rows(Array(e), params, where);
  }
  std::vector<float> out;
  out.reserve(params.size);
  RHUMB_TRY(read_components(e, where, out));
  if (out.size() != params.size) return gateway::wrong_dimension(params.size, out.size(), where);
  return out;
}

}  // namespace

bool holds_rows(const Element& e) {
  if (!e.is_array()) return false;
  const Array array(e);
  return array.begin() != array.end() && (*array.begin()).is_array();
}

Result<std::vector<float>> decode_base64_f32(std::string_view text, const std::string& where) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  const size_t size = base::base64_bytes(text);
  std::vector<float> out((size + sizeof(float) - 1) / sizeof(float));
  if (!base::read_base64(text, reinterpret_cast<unsigned char*>(out.data())))
    return format_error(where, "not base64");
  if (size % sizeof(float) != 0)
    return format_error(where,
                        std::to_string(size) + " bytes are not a whole number of float32 values");
  if (out.size() > limits::kMaxMultivectorComponents) {
    return out_of_range(
        where, "more than " + std::to_string(limits::kMaxMultivectorComponents) + " components");
  }
  return out;
}

std::string_view unserved_form(const Object& object) {
  if (member(object, "indices") && member(object, "values")) return "sparse vectors";
  if (member(object, "model") &&
      (member(object, "text") || member(object, "image") || member(object, "object")))
    return "inference";
  return {};
}

Result<std::string> parse_vector(const Element& e, const model::VectorParams& params,
                                 const std::string& where) {
  if (e.is_object()) {
    RHUMB_TRY(check_shape(e, kVectorForm, where, nullptr));
    const Object object(e);
    if (const auto base64 = member(object, "vector_b64")) {
      RHUMB_ASSIGN(const auto text, as_string(*base64, at(where, "vector_b64")));
      RHUMB_ASSIGN(auto components, decode_base64_f32(text, at(where, "vector_b64")));
      return gateway::final_bits(std::move(components), params, where);
    }
    if (const auto form = unserved_form(object); !form.empty())
      return base::unsupported(std::string(form) + " (" + where + ")");
  }
  if (auto numbers = take_wide_numbers(e)) {
    if (numbers->size() != params.size)
      return gateway::wrong_dimension(params.size, numbers->size(), where);
    return gateway::final_bits(std::move(*numbers), params, where);
  }
  RHUMB_ASSIGN(auto components, components_of(e, params, where));
  return gateway::final_bits(std::move(components), params, where);
}

Result<std::vector<model::NamedVector>> parse_vectors(const Element& e,
                                                      const model::CollectionConfig& config,
                                                      const std::string& where) {
  std::vector<model::NamedVector> out;
  const bool whole =
      e.is_array() || is_wide_numbers(e) ||
      (e.is_object() && (member(Object(e), "vector_b64") || !unserved_form(Object(e)).empty()));
  if (whole) {
    RHUMB_ASSIGN(const auto* params, gateway::vector_params(config, "", where));
    RHUMB_ASSIGN(auto bytes, parse_vector(e, *params, where));
    out.push_back({"", std::move(bytes)});
    return out;
  }
  RHUMB_ASSIGN(const Object map, as_object(e, where));
  for (const auto field : map) {
    const std::string name(field.key);
    RHUMB_ASSIGN(const auto* params, gateway::vector_params(config, name, where));
    RHUMB_ASSIGN(auto bytes, parse_vector(field.value, *params, at(where, name)));
    gateway::put_vector(out, name, std::move(bytes));
  }
  return out;
}

}  // namespace rhumb::http::rest
