#include "host/http/rest/parse/parse_reads.h"

#include <algorithm>

#include "host/base/limits.h"
#include "host/http/rest/parse/check_shape.h"
#include "host/http/rest/parse/parse_filter.h"
#include "host/http/rest/parse/parse_points.h"
#include "host/http/rest/parse/parse_select.h"

namespace rhumb::http::rest {

using base::Result;
namespace limits = base::limits;

Result<model::GetRequest> parse_get(const std::string& body, IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kGetBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  RHUMB_TRY(refuse_shard_key(object, ""));
  model::GetRequest out;
  const auto ids = member(object, "ids");
  if (!ids) return format_error("", "missing field `ids`");
  RHUMB_ASSIGN(out.ids, parse_ids(*ids, "ids"));
  RHUMB_ASSIGN(out.with_payload, parse_with_payload(object, "", true));
  RHUMB_ASSIGN(out.with_vector, parse_with_vector(object, ""));
  return out;
}

Result<model::ScrollRequest> parse_scroll(const std::string& body, IgnoredMembers* ignored) {
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kScrollBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  RHUMB_TRY(refuse_shard_key(object, ""));
  model::ScrollRequest out;
  if (member(object, "order_by")) return base::unsupported("order_by in scroll");
  if (const auto offset = member(object, "offset")) {
    RHUMB_ASSIGN(out.offset, parse_id(*offset, "offset"));
  }
  if (const auto limit = member(object, "limit")) {
    RHUMB_ASSIGN(const uint64_t n, as_unsigned(*limit, "limit", 1, UINT64_MAX));
    out.limit = static_cast<uint32_t>(std::min<uint64_t>(n, limits::kMaxLimit));
  }
  if (const auto filter = member(object, "filter")) {
    RHUMB_ASSIGN(out.filter, parse_filter(*filter, "filter"));
  }
  RHUMB_ASSIGN(out.with_payload, parse_with_payload(object, "", true));
  RHUMB_ASSIGN(out.with_vector, parse_with_vector(object, ""));
  return out;
}

Result<model::CountRequest> parse_count(const std::string& body, IgnoredMembers* ignored) {
  model::CountRequest out;
  if (body.empty()) return out;
  RHUMB_ASSIGN(const Element e, parse_body(body));
  RHUMB_TRY(check_shape(e, kCountBody, "", ignored));
  RHUMB_ASSIGN(const Object object, as_object(e, ""));
  RHUMB_TRY(refuse_shard_key(object, ""));
  if (const auto filter = member(object, "filter")) {
    RHUMB_ASSIGN(out.filter, parse_filter(*filter, "filter"));
  }
  if (const auto exact = member(object, "exact")) {
    RHUMB_ASSIGN(out.exact, as_bool(*exact, "exact"));
  }
  return out;
}

}  // namespace rhumb::http::rest
