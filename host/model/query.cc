#include "host/model/query.h"

#include "host/base/limits.h"

namespace rhumb::model {

uint64_t text_bytes(const Record& record) {
  // Bytes of text per stored byte of a component.
  constexpr uint64_t kTextPerByte = 3;
  uint64_t bytes = base::limits::kRecordTextBytes + record.id.key().size() + record.payload.size();
  for (const NamedVector& v : record.vectors)
    bytes += v.name.size() + kTextPerByte * v.bytes.size();
  return bytes;
}

base::Status too_large() {
  return {base::Code::kTooLarge,
          "the points of this answer have more than " +
              std::to_string(base::limits::kMaxReplyBytes) +
              " bytes: ask for fewer, or without vectors or payload, or scroll"};
}

}  // namespace rhumb::model
