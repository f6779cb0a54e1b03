// The bits of a vector: size, range, unit length and datatype. tests/http/rest/parse has the texts
// that clients get.
#include "host/gateway/vector_bits.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "host/base/limits.h"

namespace rhumb::gateway {
namespace {

using base::Code;

model::VectorParams params(model::Distance distance, model::Scalar datatype, uint32_t size = 2) {
  return {.size = size, .distance = distance, .datatype = datatype};
}
model::VectorParams dot(model::Scalar datatype) { return params(model::Distance::kDot, datatype); }
model::VectorParams rows_of_two() {
  model::VectorParams out = dot(model::Scalar::kUint8);
  out.multivector = true;
  return out;
}
std::vector<float> floats(const std::string& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

TEST(VectorBitsTest, only_cosine_has_unit_length) {
  const auto float32 = model::Scalar::kFloat32;
  const auto unit = final_bits({-6, 8}, params(model::Distance::kCosine, float32), "v");
  ASSERT_TRUE(unit.ok()) << unit.status().message();
  EXPECT_FLOAT_EQ(floats(*unit)[0], -0.6f);
  EXPECT_FLOAT_EQ(floats(*unit)[1], 0.8f);
  for (const auto d :
       {model::Distance::kDot, model::Distance::kEuclid, model::Distance::kManhattan})
    EXPECT_EQ(floats(*final_bits({-6, 8}, params(d, float32), "v")), (std::vector<float>{-6, 8}));
  model::VectorParams rows = params(model::Distance::kCosine, float32);
  rows.multivector = true;
  const auto both = floats(*final_bits({3, 0, 0, 5}, rows, "v"));
  EXPECT_EQ(both, (std::vector<float>{1, 0, 0, 1})) << "Each row has unit length.";
}

TEST(VectorBitsTest, components_are_converted_to_the_datatype) {
  EXPECT_EQ(*final_bits({1, -2}, dot(model::Scalar::kFloat16), "v"),
            std::string("\x00\x3c\x00\xc0", 4));
  EXPECT_EQ(*final_bits({7, 255}, dot(model::Scalar::kUint8), "v"), "\x07\xff");
  EXPECT_EQ(*final_bits({7, 255}, params(model::Distance::kCosine, model::Scalar::kUint8), "v"),
            "\x07\xff")
      << "Bytes are not normalised.";
  EXPECT_EQ(*final_bits({1, 2, 3, 4}, rows_of_two(), "v"), "\x01\x02\x03\x04");
}

TEST(VectorBitsTest, what_does_not_fit_is_refused_with_its_place_and_limit) {
  const float infinity = std::numeric_limits<float>::infinity();
  const struct {
    std::vector<float> components;
    model::VectorParams params;
    std::string message;
    base::ErrorDetail detail;
  } cases[] = {{{1, 2, 3},
                dot(model::Scalar::kFloat32),
                "Vector dimension error: expected dim: 2, got 3 (q)",
                {.field = "q", .limit = 2}},
               {{},
                dot(model::Scalar::kFloat32),
                "Vector dimension error: expected dim: 2, got 0 (q)",
                {.field = "q", .limit = 2}},
               {{1, infinity},
                dot(model::Scalar::kFloat32),
                "q: a component is beyond the range of float32 (at most 3.4e38)",
                {.field = "q"}},
               {{1, 65520},
                dot(model::Scalar::kFloat16),
                "q: a component is beyond the range of float16 (at most 65504)",
                {.field = "q", .limit = 65504}},
               {{1, 256},
                dot(model::Scalar::kUint8),
                "q[1]: a uint8 vector holds whole numbers from 0 to 255",
                {.field = "q[1]", .limit = 255}},
               {{0.5f, 1},
                dot(model::Scalar::kUint8),
                "q[0]: a uint8 vector holds whole numbers from 0 to 255",
                {.field = "q[0]", .limit = 255}},
               {{1, 2, 3, -4},
                rows_of_two(),
                "q[1][1]: a uint8 vector holds whole numbers from 0 to 255",
                {.field = "q[1][1]", .limit = 255}},
               {{1, 2, 3},
                rows_of_two(),
                "Vector dimension error: 3 components are not a whole number of rows of 2 (q)",
                {.field = "q", .limit = 2}},
               {std::vector<float>(base::limits::kMaxMultivectorComponents + 2),
                rows_of_two(),
                "q: 1048578 components, a multivector has at most 1048576",
                {.field = "q", .limit = base::limits::kMaxMultivectorComponents}}};
  for (const auto& c : cases) {
    const auto bits = final_bits(c.components, c.params, "q");
    ASSERT_FALSE(bits.ok()) << c.message;
    EXPECT_EQ(bits.status().code(), Code::kInvalid);
    EXPECT_EQ(bits.status().message(), c.message);
    EXPECT_EQ(bits.status().detail(), c.detail) << c.message;
  }
}

TEST(VectorBitsTest, an_unknown_name_is_refused) {
  model::CollectionConfig config;
  config.vectors["title"] = dot(model::Scalar::kUint8);
  EXPECT_EQ((*vector_params(config, "title", "q"))->size, 2u);
  const auto unknown = vector_params(config, "text", "q").status();
  EXPECT_EQ(unknown.code(), Code::kInvalid);
  EXPECT_EQ(unknown.message(), "Not existing vector name error: text (q)");
  EXPECT_EQ(unknown.detail().field, "q");
}

}  // namespace
}  // namespace rhumb::gateway
