// Turns the components of a vector into the bits that a collection stores: checks size and range,
// normalises for cosine, and converts to the datatype. The vector of a query gets the same bits.
// `where` is the place of the vector in the client's request. Errors name the place in their text
// and in their details.
#pragma once

#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/collection.h"

namespace rhumb::gateway {

// The parameters of the vector with this name, or kInvalid.
base::Result<const model::VectorParams*> vector_params(const model::CollectionConfig& config,
                                                       const std::string& name,
                                                       const std::string& where);

// kInvalid: a row has another number of components than the collection's vectors.
base::Status wrong_dimension(uint32_t expected, size_t got, const std::string& where);
// Checks the number of components of a vector, for a multivector of all its rows together.
base::Status check_components(size_t count, const model::VectorParams& params,
                              const std::string& where);

// Converts components to the bytes of a row, or for a multivector to the bytes of all rows one
// after another.
base::Result<std::string> final_bits(std::vector<float> components,
                                     const model::VectorParams& params, const std::string& where);

}  // namespace rhumb::gateway
