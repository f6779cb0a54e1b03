// Reads vectors from JSON. host/gateway/vector_bits.h turns their numbers into the bits that the
// collection stores. Only parse_*.cc include it.
#pragma once

#include <string>
#include <vector>

#include "host/http/rest/parse/json_dom.h"
#include "host/model/collection.h"
#include "host/model/operation.h"

namespace rhumb::http::rest {

// Parses an array of numbers, for a multivector also an array of such arrays, or {"vector_b64":
// "..."}. Other forms of the protocol that are not served yet give kUnsupported.
base::Result<std::string> parse_vector(const Element& e, const model::VectorParams& params,
                                       const std::string& where);
bool holds_rows(const Element& e);  // whether `e` is [[..],..]
base::Result<std::vector<float>> decode_base64_f32(std::string_view text, const std::string& where);
// Parses the `vector` of a point: a bare array for the unnamed vector, or a map by name.
base::Result<std::vector<model::NamedVector>> parse_vectors(const Element& e,
                                                            const model::CollectionConfig& config,
                                                            const std::string& where);
// Names the protocol's meaning of an object that is not a map of vectors: "sparse vectors",
// "inference", or nothing.
std::string_view unserved_form(const Object& object);

}  // namespace rhumb::http::rest
