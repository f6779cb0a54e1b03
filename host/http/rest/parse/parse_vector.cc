#include "host/http/rest/parse/parse_vector.h"

#include <cmath>
#include <cstring>

#include "host/base/limits.h"
#include "host/http/rest/parse/base64_text.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/wide_numbers.h"
#include "rhumb/kernels.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;
namespace limits = base::limits;

Status wrong_dim(uint32_t expected, size_t got, const std::string& where) {
  return base::invalid("Vector dimension error: expected dim: " + std::to_string(expected) +
                       ", got " + std::to_string(got) + " (" + where + ")");
}

// Checks the length of a vector that was given flat, as base64 or in a binary record.
Status check_length(size_t n, const model::VectorParams& params, const std::string& where) {
  if (!params.multivector) return n == params.size ? base::ok() : wrong_dim(params.size, n, where);
  if (n == 0 || n % params.size != 0) {
    return base::invalid("Vector dimension error: " + std::to_string(n) +
                         " components are not a whole number of rows of " +
                         std::to_string(params.size) + " (" + where + ")");
  }
  if (n <= limits::kMaxMultivectorComponents) return base::ok();
  return base::invalid(where + ": " + std::to_string(n) +
                       " components, a multivector has at most " +
                       std::to_string(limits::kMaxMultivectorComponents));
}

std::string component_at(const std::string& where, size_t i, const model::VectorParams& params) {
  return params.multivector ? at(at(where, i / params.size), i % params.size) : at(where, i);
}

Result<std::string> to_u8(const std::vector<float>& components, const model::VectorParams& params,
                          const std::string& where) {
  std::string out(components.size(), '\0');
  for (size_t i = 0; i < components.size(); ++i) {
    const float v = components[i];
    if (v < 0 || v > 255 || v != std::floor(v)) {
      return base::invalid(component_at(where, i, params) +
                           ": a uint8 vector holds whole numbers from 0 to 255");
    }
    out[i] = static_cast<char>(static_cast<uint8_t>(v));
  }
  return out;
}

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
  RHUMB_TRY(check_length(rows.size() * params.size, params, where));
  std::vector<float> out;
  out.reserve(rows.size() * params.size);
  size_t row = 0;
  for (const Element item : rows) {
    const std::string place = at(where, row++);
    const size_t before = out.size();
    RHUMB_TRY(read_components(item, place, out));
    if (out.size() - before != params.size)
      return wrong_dim(params.size, out.size() - before, place);
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
  if (out.size() != params.size) return wrong_dim(params.size, out.size(), where);
  return out;
}

}  // namespace

bool holds_rows(const Element& e) {
  if (!e.is_array()) return false;
  const Array array(e);
  return array.begin() != array.end() && (*array.begin()).is_array();
}

Result<std::string> final_bits(std::vector<float> components, const model::VectorParams& params,
                               const std::string& where) {
  RHUMB_TRY(check_length(components.size(), params, where));
  if (rhumb_all_finite(components.data(), RHUMB_F32, components.size()) == 0) {
    return base::invalid(where + ": a component is beyond the range of float32 (at most 3.4e38)");
  }
  if (params.datatype == model::Scalar::kUint8) return to_u8(components, params, where);
  if (params.distance == model::Distance::kCosine) {
    for (size_t row = 0; row < components.size(); row += params.size)
      rhumb_normalise_f32(components.data() + row, params.size);
  }
  std::string out(components.size() * model::scalar_bytes(params.datatype), '\0');
  if (params.datatype == model::Scalar::kFloat32) {
    std::memcpy(out.data(), components.data(), out.size());
    return out;
  }
  rhumb_f32_to_f16(components.data(), reinterpret_cast<uint16_t*>(out.data()), components.size());
  if (rhumb_all_finite(out.data(), RHUMB_F16, components.size()) == 0) {
    return base::invalid(where + ": a component is beyond the range of float16 (at most 65504)");
  }
  return out;
}

Result<std::vector<float>> decode_base64_f32(std::string_view text, const std::string& where) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  const size_t size = base64_bytes(text);
  std::vector<float> out((size + sizeof(float) - 1) / sizeof(float));
  if (!read_base64(text, reinterpret_cast<unsigned char*>(out.data())))
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
      return final_bits(std::move(components), params, where);
    }
    if (const auto form = unserved_form(object); !form.empty())
      return base::unsupported(std::string(form) + " (" + where + ")");
  }
  if (auto numbers = take_wide_numbers(e)) {
    if (numbers->size() != params.size) return wrong_dim(params.size, numbers->size(), where);
    return final_bits(std::move(*numbers), params, where);
  }
  RHUMB_ASSIGN(auto components, components_of(e, params, where));
  return final_bits(std::move(components), params, where);
}

Result<const model::VectorParams*> vector_params(const model::CollectionConfig& config,
                                                 const std::string& name,
                                                 const std::string& where) {
  auto it = config.vectors.find(name);
  if (it == config.vectors.end())
    return base::invalid("Not existing vector name error: " + name +
                         (where.empty() ? "" : " (" + where + ")"));
  return &it->second;
}

void put_vector(std::vector<model::NamedVector>& vectors, const std::string& name,
                std::string bytes) {
  auto same = std::find_if(vectors.begin(), vectors.end(),
                           [&](const model::NamedVector& v) { return v.name == name; });
  if (same != vectors.end())
    same->bytes = std::move(bytes);
  else
    vectors.push_back({name, std::move(bytes)});
}

Result<std::vector<model::NamedVector>> parse_vectors(const Element& e,
                                                      const model::CollectionConfig& config,
                                                      const std::string& where) {
  std::vector<model::NamedVector> out;
  const bool whole =
      e.is_array() || is_wide_numbers(e) ||
      (e.is_object() && (member(Object(e), "vector_b64") || !unserved_form(Object(e)).empty()));
  if (whole) {
    RHUMB_ASSIGN(const auto* params, vector_params(config, "", where));
    RHUMB_ASSIGN(auto bytes, parse_vector(e, *params, where));
    out.push_back({"", std::move(bytes)});
    return out;
  }
  RHUMB_ASSIGN(const Object map, as_object(e, where));
  for (const auto field : map) {
    const std::string name(field.key);
    RHUMB_ASSIGN(const auto* params, vector_params(config, name, where));
    RHUMB_ASSIGN(auto bytes, parse_vector(field.value, *params, at(where, name)));
    put_vector(out, name, std::move(bytes));
  }
  return out;
}

}  // namespace rhumb::http::rest
