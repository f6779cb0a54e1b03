// simdjson's DOM with the lenience and the strictness of the protocol: null counts as absent, every
// complaint names where it stands. Included by parse_*.cc only (a heavy header).
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::http::rest {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;

// Where a value stands in the body: "points[3].vector".
std::string at(const std::string& parent, std::string_view member);
std::string at(const std::string& parent, size_t index);

// 400: of the wrong form
base::Status format_error(const std::string& where, std::string_view what);
// 422: a value beyond its limit
base::Status out_of_range(const std::string& where, std::string_view what);

// A body with at least kBodyPadding bytes of spare capacity. The element lives until the thread's
// next parse; a parser that grew over a large body is dropped with it.
base::Result<Element> parse_body(const std::string& body);

// absent or null: nothing
std::optional<Element> member(const Object& object, std::string_view name);
base::Result<Object> as_object(const Element& e, const std::string& where);
base::Result<Array> as_array(const Element& e, const std::string& where);
base::Result<std::string_view> as_string(const Element& e, const std::string& where);
base::Result<bool> as_bool(const Element& e, const std::string& where);
base::Result<double> as_number(const Element& e, const std::string& where);
// out of range: 422
base::Result<uint64_t> as_unsigned(const Element& e, const std::string& where, uint64_t min,
                                   uint64_t max);
std::string_view type_name(const Element& e);

// Minified text. Duplicate keys: the last wins. Integers exact, floats shortest and told from
// integers (1e5 -> 100000.0).
void append_minified(std::string& out, const Element& e);

}  // namespace rhumb::http::rest
