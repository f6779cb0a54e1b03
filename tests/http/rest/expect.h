// Bodies that must be refused, with the expected code and the field, value and limit that the error
// must name.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/base/limits.h"
#include "host/base/status.h"
#include "host/http/rest/parse/parse_writes.h"
#include "host/model/collection.h"

namespace rhumb::http::rest {

using base::Code;
namespace limits = base::limits;

struct Refused {
  std::string body;
  Code code;
  std::string says;
};

template <typename Parse>
void expect_refused(const std::vector<Refused>& cases, Parse parse) {
  for (const Refused& c : cases) {
    const std::string shown = c.body.substr(0, 200);
    const auto parsed = [&] {
      if constexpr (std::is_invocable_v<Parse, const std::string&>)
        return parse(c.body);
      else
        return parse(c.body, nullptr);
    }();
    if (parsed.ok()) {
      ADD_FAILURE() << "taken: " << shown;
      continue;
    }
    EXPECT_EQ(parsed.status().code(), c.code) << shown << "\n" << parsed.status().message();
    EXPECT_NE(parsed.status().message().find(c.says), std::string::npos)
        << shown << "\nsays: " << parsed.status().message() << "\nnot:  " << c.says;
  }
}

// `item` repeated `n` times, separated by commas.
inline std::string repeated(const std::string& item, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += (i > 0 ? "," : "") + item;
  return out;
}

// The bytes of a float32 vector.
inline std::string floats(const std::vector<float>& v) {
  return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float)};
}

// The vectors of a point whose `vector` is this text.
inline base::Result<std::vector<model::NamedVector>> parse_vectors(
    const std::string& vector, const model::CollectionConfig& config) {
  auto operation = parse_upsert(R"({"points":[{"id":1,"vector":)" + vector + "}]}", config);
  if (!operation.ok()) return operation.status();
  return std::move(operation->points.at(0).vectors);
}

// One unnamed vector of four components with cosine distance.
inline model::CollectionConfig single_vector() {
  model::CollectionConfig config;
  config.vectors[""] = {.size = 4, .distance = model::Distance::kCosine};
  config.single_vector = true;
  return config;
}
// Text: 3 float32; image: 2 float16; code: 2 uint8.
inline model::CollectionConfig named_vectors() {
  model::CollectionConfig config;
  config.vectors["text"] = {.size = 3, .distance = model::Distance::kDot};
  config.vectors["image"] = {
      .size = 2, .distance = model::Distance::kEuclid, .datatype = model::Scalar::kFloat16};
  config.vectors["code"] = {
      .size = 2, .distance = model::Distance::kManhattan, .datatype = model::Scalar::kUint8};
  return config;
}

}  // namespace rhumb::http::rest
