// Request bodies: each is read or refused with a 4xx, and a parsed operation survives its own
// codec.
#include "host/http/request.h"
#include "host/http/rest/parse/collection_body.h"
#include "host/http/rest/parse/json_dom.h"
#include "host/http/rest/parse/parse_query.h"
#include "host/http/rest/parse/parse_reads.h"
#include "host/http/rest/parse/parse_writes.h"
#include "host/peer/messages.h"
#include "tests/fuzz/fuzz.h"

namespace {

namespace rest = rhumb::http::rest;
namespace model = rhumb::model;
using rhumb::base::Code;

const model::CollectionConfig& config() {
  static const model::CollectionConfig instance = [] {
    model::CollectionConfig c;
    c.vectors["a"].size = 3;
    c.vectors["b"].size = 2;
    c.vectors["b"].distance = model::Distance::kEuclid;
    c.vectors["c"].size = 2;
    c.vectors["c"].multivector = true;
    return c;
  }();
  return instance;
}

template <typename T>
bool good(const rhumb::base::Result<T>& result) {
  if (result.ok()) return true;
  FUZZ_CHECK(!result.status().message().empty() && result.status().code() != Code::kInternal);
  return false;
}

void through_the_codec(std::vector<model::Operation> operations) {
  rhumb::peer::WriteRequest request;
  request.operations = std::move(operations);
  std::string bytes, again;
  rhumb::base::ByteWriter out(bytes);
  request.encode(out);
  rhumb::base::ByteReader in(bytes);
  const auto decoded = rhumb::peer::WriteRequest::decode(in);
  FUZZ_CHECK(decoded.ok());
  rhumb::base::ByteWriter out_again(again);
  decoded->encode(out_again);
  FUZZ_CHECK(bytes == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  body.reserve(body.size() + rhumb::http::kBodyPadding);
  const auto one = [&](auto operation) {
    if (!good(operation)) return;
    std::vector<model::Operation> operations;
    operations.push_back(std::move(*operation));
    through_the_codec(std::move(operations));
  };
  rest::IgnoredMembers ignored;
  switch (data[0] % 14) {
    case 0:
      one(rest::parse_upsert(body, config(), &ignored));
      break;
    case 1:
      one(rest::parse_delete_points(body, &ignored));
      break;
    case 2:
      one(rest::parse_update_vectors(body, config(), &ignored));
      break;
    case 3:
      one(rest::parse_delete_vectors(body, config(), &ignored));
      break;
    case 4:
      one(rest::parse_payload_change(body, model::OperationKind::kSetPayload, &ignored));
      break;
    case 5:
      one(rest::parse_payload_change(body, model::OperationKind::kDeletePayload, &ignored));
      break;
    case 6: {
      auto batch = rest::parse_batch(body, config(), &ignored);
      if (good(batch)) through_the_codec(std::move(*batch));
      break;
    }
    case 7:
      good(rest::parse_import_line(body, config(), &ignored));
      break;
    case 8:
      good(rest::parse_get(body, &ignored));
      break;
    case 9:
      good(rest::parse_scroll(body, &ignored));
      break;
    case 10:
      good(rest::parse_query(body, config(), &ignored));
      break;
    case 11:
      good(rest::parse_search_batch(body, config(), &ignored));
      break;
    case 12:
      good(rest::parse_create_collection(body, &ignored));
      break;
    case 13:
      good(rest::parse_alias_actions(body, &ignored));
      break;
  }
  FUZZ_CHECK(ignored.warnings().size() <= rest::IgnoredMembers::kMaxNamed + 1);
  return 0;
}
