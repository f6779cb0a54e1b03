// Cross-origin requests of browsers, as the configuration allows (Fetch standard, CORS protocol).
#pragma once

#include <optional>
#include <string>

#include "host/http/options.h"
#include "host/http/request.h"

namespace rhumb::http {

class Cors {
 public:
  explicit Cors(CorsOptions options);
  // Returns the value of Access-Control-Allow-Origin for this request. Empty means no such field.
  std::string allowed_origin(const Request& request) const;
  // Whether answers differ by Origin. Caches are then told so by a Vary field.
  bool varies() const { return options_.enabled && !any_; }
  // Returns the answer to a preflight request, or nothing when the request is not one.
  std::optional<Response> preflight(const Request& request) const;

 private:
  const CorsOptions options_;
  bool any_ = false;
};

}  // namespace rhumb::http
