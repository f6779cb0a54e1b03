// Arrays of numbers that are read without the JSON library. A taken array must equal the library's
// result bit for bit. The same holds for bodies that contain such arrays: with a blank before its
// first number the library reads the array, and nothing else may differ.
#include <cstring>
#include <vector>

#include "host/http/request.h"
#include "host/http/rest/parse/float_text.h"
#include "host/http/rest/parse/json_dom.h"
#include "host/http/rest/parse/parse_writes.h"
#include "tests/fuzz/fuzz.h"

namespace {

namespace rest = rhumb::http::rest;
namespace model = rhumb::model;

constexpr uint32_t kWide = 128;

std::string padded(std::string text) {
  text.reserve(text.size() + rhumb::http::kBodyPadding);
  return text;
}

void numbers(const std::string& inside) {
  std::vector<float> found, expected;
  if (!rest::read_floats(inside, found)) return;
  const std::string text = padded("[" + inside + "]");
  const auto e = rest::parse_body(text);
  FUZZ_CHECK(e.ok());
  for (const rest::Element item : rest::Array(*e)) {
    double value = 0;
    FUZZ_CHECK(item.is_number() && item.get(value) == simdjson::SUCCESS);
    expected.push_back(static_cast<float>(value));
  }
  FUZZ_CHECK(found.size() == expected.size() &&
             std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0);
}

// Every '#' stands for a wide array; the text before the first '#' comes before the arrays.
void bodies(std::string_view input) {
  static const model::CollectionConfig config = [] {
    model::CollectionConfig c;
    c.vectors[""].size = kWide;
    c.single_vector = true;
    return c;
  }();
  static const std::string wide = [] {
    std::string out;
    for (uint32_t i = 0; i < kWide; ++i) out += (i == 0 ? "0.0625" : ",0.0625");
    return out;
  }();
  std::string numbers, plain;
  for (const char c : input.substr(0, 256)) {
    numbers += c == '#' ? "[" + wide + "]" : std::string(1, c);
    plain += c == '#' ? "[ " + wide + "]" : std::string(1, c);
  }
  const auto a = rest::parse_upsert(padded(numbers), config),
             b = rest::parse_upsert(padded(plain), config);
  FUZZ_CHECK(a.ok() == b.ok());
  if (!a.ok()) return;
  FUZZ_CHECK(a->points.size() == b->points.size());
  for (size_t i = 0; i < a->points.size(); ++i) {
    FUZZ_CHECK(a->points[i].id == b->points[i].id &&
               a->points[i].vectors.size() == b->points[i].vectors.size());
    for (size_t v = 0; v < a->points[i].vectors.size(); ++v)
      FUZZ_CHECK(a->points[i].vectors[v].bytes == b->points[i].vectors[v].bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0)
    numbers(std::string(input));
  else
    bodies(input);
  return 0;
}
