#include "host/model/collection.h"

#include <array>
#include <utility>

namespace rhumb::model {
namespace {

constexpr std::array<std::pair<FieldType, std::string_view>, 8> kFieldTypes = {
    {{FieldType::kKeyword, "keyword"},
     {FieldType::kInteger, "integer"},
     {FieldType::kFloat, "float"},
     {FieldType::kBool, "bool"},
     {FieldType::kDatetime, "datetime"},
     {FieldType::kUuid, "uuid"},
     {FieldType::kGeo, "geo"},
     {FieldType::kText, "text"}}};

}  // namespace

std::string_view distance_name(Distance d) {
  switch (d) {
    case Distance::kCosine:
      return "Cosine";
    case Distance::kDot:
      return "Dot";
    case Distance::kEuclid:
      return "Euclid";
    case Distance::kManhattan:
      return "Manhattan";
  }
  return "unknown";
}

std::string_view scalar_name(Scalar s) {
  switch (s) {
    case Scalar::kFloat32:
      return "float32";
    case Scalar::kFloat16:
      return "float16";
    case Scalar::kUint8:
      return "uint8";
  }
  return "unknown";
}

uint32_t scalar_bytes(Scalar s) {
  return s == Scalar::kFloat32 ? 4 : s == Scalar::kFloat16 ? 2 : 1;
}

bool VectorParams::operator==(const VectorParams& o) const {
  return size == o.size && distance == o.distance && datatype == o.datatype &&
         on_disk == o.on_disk && memory == o.memory && hnsw_json == o.hnsw_json &&
         quantization_json == o.quantization_json && multivector == o.multivector;
}

std::string_view field_type_name(FieldType t) {
  for (const auto& [type, name] : kFieldTypes) {
    if (type == t) return name;
  }
  return "unknown";
}

std::optional<FieldType> field_type_from(std::string_view name) {
  for (const auto& [type, known] : kFieldTypes) {
    if (known == name) return type;
  }
  return std::nullopt;
}

}  // namespace rhumb::model
