#include "host/gateway/vector_bits.h"

#include <cmath>
#include <cstring>

#include "host/base/limits.h"
#include "rhumb/kernels.h"

namespace rhumb::gateway {
namespace {

namespace limits = base::limits;
using base::Result;
using base::Status;

constexpr uint64_t kLargestUint8 = 255, kLargestFloat16 = 65504;

std::string component_at(const std::string& where, size_t i, const model::VectorParams& params) {
  const auto index = [](size_t n) { return "[" + std::to_string(n) + "]"; };
  return params.multivector ? where + index(i / params.size) + index(i % params.size)
                            : where + index(i);
}

Result<std::string> to_u8(const std::vector<float>& components, const model::VectorParams& params,
                          const std::string& where) {
  std::string out(components.size(), '\0');
  for (size_t i = 0; i < components.size(); ++i) {
    const float v = components[i];
    if (v < 0 || v > kLargestUint8 || v != std::floor(v)) {
      const std::string place = component_at(where, i, params);
      return base::invalid(place + ": a uint8 vector holds whole numbers from 0 to 255")
          .with({.field = place, .limit = kLargestUint8});
    }
    out[i] = static_cast<char>(static_cast<uint8_t>(v));
  }
  return out;
}

}  // namespace

Result<const model::VectorParams*> vector_params(const model::CollectionConfig& config,
                                                 const std::string& name,
                                                 const std::string& where) {
  const auto it = config.vectors.find(name);
  if (it != config.vectors.end()) return &it->second;
  return base::invalid("Not existing vector name error: " + name +
                       (where.empty() ? "" : " (" + where + ")"))
      .with({.field = where});
}

Status wrong_dimension(uint32_t expected, size_t got, const std::string& where) {
  return base::invalid("Vector dimension error: expected dim: " + std::to_string(expected) +
                       ", got " + std::to_string(got) + " (" + where + ")")
      .with({.field = where, .limit = expected});
}

Status check_components(size_t count, const model::VectorParams& params, const std::string& where) {
  if (!params.multivector)
    return count == params.size ? base::ok() : wrong_dimension(params.size, count, where);
  if (count == 0 || count % params.size != 0) {
    return base::invalid("Vector dimension error: " + std::to_string(count) +
                         " components are not a whole number of rows of " +
                         std::to_string(params.size) + " (" + where + ")")
        .with({.field = where, .limit = params.size});
  }
  if (count <= limits::kMaxMultivectorComponents) return base::ok();
  return base::invalid(where + ": " + std::to_string(count) +
                       " components, a multivector has at most " +
                       std::to_string(limits::kMaxMultivectorComponents))
      .with({.field = where, .limit = limits::kMaxMultivectorComponents});
}

Result<std::string> final_bits(std::vector<float> components, const model::VectorParams& params,
                               const std::string& where) {
  RHUMB_TRY(check_components(components.size(), params, where));
  if (rhumb_all_finite(components.data(), RHUMB_F32, components.size()) == 0) {
    return base::invalid(where + ": a component is beyond the range of float32 (at most 3.4e38)")
        .with({.field = where});
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
    return base::invalid(where + ": a component is beyond the range of float16 (at most 65504)")
        .with({.field = where, .limit = kLargestFloat16});
  }
  return out;
}

}  // namespace rhumb::gateway
