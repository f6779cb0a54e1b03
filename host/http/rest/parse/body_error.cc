#include "host/http/rest/parse/body_error.h"

namespace rhumb::http::rest {

std::string at(const std::string& parent, std::string_view member) {
  return parent.empty() ? std::string(member) : parent + "." + std::string(member);
}
std::string at(const std::string& parent, size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

base::Status format_error(const std::string& where, std::string_view what) {
  return base::malformed_body(where + (where.empty() ? "" : ": ") + std::string(what))
      .with({.field = where});
}
base::Status out_of_range(const std::string& where, std::string_view what) {
  return base::unprocessable("[" + where + ": " + std::string(what) + "]").with({.field = where});
}

base::Status in_brackets(base::Status status) {
  if (status.ok() || status.code() != base::Code::kUnprocessable) return status;
  return base::unprocessable("[" + status.message() + "]").with(status.detail());
}

}  // namespace rhumb::http::rest
