// Vectors from JSON to the bits in which the collection stores them: checked against size and type,
// normalised for cosine, converted. Included by parse_*.cc only.
#pragma once

#include <string>
#include <vector>

#include "host/http/rest/parse/json_dom.h"
#include "host/model/collection.h"
#include "host/model/operation.h"

namespace rhumb::http::rest {

// Components -> row bytes; of a multivector, those of all rows one after another. kInvalid with the
// protocol's text ("expected dim: 4, got 3") and where it stands.
base::Result<std::string> final_bits(std::vector<float> components,
                                     const model::VectorParams& params, const std::string& where);
// An array of numbers, of a multivector an array of them as well, or {"vector_b64": "..."}; other
// forms that the protocol knows and we do not serve yet are kUnsupported.
base::Result<std::string> parse_vector(const Element& e, const model::VectorParams& params,
                                       const std::string& where);
bool holds_rows(const Element& e);  // [[..],..]
base::Result<std::vector<float>> decode_base64_f32(std::string_view text, const std::string& where);
base::Result<const model::VectorParams*> vector_params(const model::CollectionConfig& config,
                                                       const std::string& name,
                                                       const std::string& where);
// `vector` of a point: bare array for the unnamed vector, or a map by name.
base::Result<std::vector<model::NamedVector>> parse_vectors(const Element& e,
                                                            const model::CollectionConfig& config,
                                                            const std::string& where);
// By name, once: the last one counts.
void put_vector(std::vector<model::NamedVector>& vectors, const std::string& name,
                std::string bytes);
// What an object that is no map of vectors stands for in the protocol: "sparse vectors",
// "inference", or nothing.
std::string_view unserved_form(const Object& object);

}  // namespace rhumb::http::rest
