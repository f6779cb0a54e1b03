// Converts arrays of numbers from JSON text to float32, many times faster than a JSON document
// would. Reading a wide vector spends most of its time here.
#pragma once

#include <string_view>
#include <vector>

namespace rhumb::http::rest {

// `inside` is the text between the brackets of an array. Appends its numbers, each as the float
// nearest to the double nearest to the written number, as the JSON library does. Returns false when
// the text holds anything but JSON's numbers and blanks, or an unusual number (one that overflows,
// an integer of more than 18 digits), or when this processor has no AVX2. In that case `out` is not
// usable, and the JSON library reads the text and reports errors.
bool read_floats(std::string_view inside, std::vector<float>& out);

}  // namespace rhumb::http::rest
