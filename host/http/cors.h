// Cross-origin requests of browsers, by configuration (the Fetch standard, CORS protocol).
#pragma once

#include <optional>
#include <string>

#include "host/http/options.h"
#include "host/http/request.h"

namespace rhumb::http {

class Cors {
 public:
  explicit Cors(CorsOptions options);
  // The value of Access-Control-Allow-Origin for this request; empty: none.
  std::string allowed_origin(const Request& request) const;
  // Whether answers differ by Origin, so that caches must know.
  bool varies() const { return options_.enabled && !any_; }
  // The answer to a preflight, or nothing when it is not one.
  std::optional<Response> preflight(const Request& request) const;

 private:
  const CorsOptions options_;
  bool any_ = false;
};

}  // namespace rhumb::http
