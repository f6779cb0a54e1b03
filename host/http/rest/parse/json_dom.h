// Wraps simdjson's DOM with the protocol's rules: null counts as absent, and every error names its
// place. Only parse_*.cc include it, because the header is heavy.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/http/rest/parse/body_error.h"

namespace rhumb::http::rest {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;

// Parses a body with at least kBodyPadding bytes of spare capacity. The element lives until the
// thread's next parse. A parser that grew over a large body is dropped with it.
base::Result<Element> parse_body(const std::string& body);

// Returns nothing when the member is absent or null.
std::optional<Element> member(const Object& object, std::string_view name);
base::Result<Object> as_object(const Element& e, const std::string& where);
base::Result<Array> as_array(const Element& e, const std::string& where);
base::Result<std::string_view> as_string(const Element& e, const std::string& where);
base::Result<bool> as_bool(const Element& e, const std::string& where);
base::Result<double> as_number(const Element& e, const std::string& where);
// A value out of range gives 422.
base::Result<uint64_t> as_unsigned(const Element& e, const std::string& where, uint64_t min,
                                   uint64_t max);
std::string_view type_name(const Element& e);

// Appends minified text. Of duplicate keys the last wins. Integers stay exact. Floats are the
// shortest that read back the same, and differ from integers (1e5 becomes 100000.0).
void append_minified(std::string& out, const Element& e);

}  // namespace rhumb::http::rest
