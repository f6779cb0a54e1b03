#include "host/payload/index/field_index_of.h"

namespace rhumb::payload {

std::unique_ptr<FieldIndex> FieldIndex::make(model::FieldType type, JsonPath path) {
  switch (type) {
    case model::FieldType::kKeyword:
      return std::make_unique<FieldIndexOf<KeywordKind>>(std::move(path));
    case model::FieldType::kInteger:
      return std::make_unique<FieldIndexOf<IntegerKind>>(std::move(path));
    case model::FieldType::kFloat:
      return std::make_unique<FieldIndexOf<FloatKind>>(std::move(path));
    case model::FieldType::kBool:
      return std::make_unique<FieldIndexOf<BoolKind>>(std::move(path));
    case model::FieldType::kDatetime:
      return std::make_unique<FieldIndexOf<DatetimeKind>>(std::move(path));
    case model::FieldType::kUuid:
      return std::make_unique<FieldIndexOf<UuidKind>>(std::move(path));
    case model::FieldType::kGeo:
    case model::FieldType::kText:
      break;
  }
  return nullptr;
}

}  // namespace rhumb::payload
