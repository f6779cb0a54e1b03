// Arrays of numbers from JSON text to float32, many times faster than by way of a document: what a
// wide vector's text mostly costs.
#pragma once

#include <string_view>
#include <vector>

namespace rhumb::http::rest {

// `inside`: what stands between the brackets of an array. Appends its numbers, each the float
// nearest to the double nearest to what is written, as by way of the JSON library. False when it
// holds anything but JSON's numbers and blanks, is unusual (a number that overflows, an integer of
// more than 18 digits), or this processor has no AVX2: then `out` is of no use, and the library
// says what it is.
bool read_floats(std::string_view inside, std::vector<float>& out);

}  // namespace rhumb::http::rest
