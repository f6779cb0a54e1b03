#include "host/model/query.h"

#include "host/base/limits.h"

namespace rhumb::model {

uint64_t memory_bytes(const SearchRequest& request) {
  uint64_t bytes = sizeof(request) + request.vector_name.size() + request.vector.size();
  if (request.filter) bytes += memory_bytes(*request.filter);
  for (const auto* names : {&request.with_payload.keys, &request.with_vector.names}) {
    for (const std::string& name : *names) bytes += sizeof(std::string) + name.size();
  }
  return bytes;
}

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
