// Vectors from JSON to the bits that are stored.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "host/base/base64.h"
#include "host/http/rest/parse/parse_writes.h"
#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {
namespace {

std::vector<float> floats_of(const std::string& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

base::Result<std::vector<model::NamedVector>> single(const std::string& vector) {
  return parse_vectors(vector, single_vector());
}
base::Result<std::vector<model::NamedVector>> named(const std::string& vectors) {
  return parse_vectors(vectors, named_vectors());
}

model::CollectionConfig of(model::Distance distance, model::Scalar datatype, uint32_t size = 4) {
  model::CollectionConfig config;
  config.vectors[""] = {.size = size, .distance = distance, .datatype = datatype};
  return config;
}

TEST(ParseVectorTest, cosine_vectors_are_normalised_and_others_are_stored_as_sent) {
  const auto cosine = single("[0, 3, 0, -4e0]");
  ASSERT_TRUE(cosine.ok()) << cosine.status().message();
  const auto unit = floats_of(cosine->at(0).bytes);
  EXPECT_FLOAT_EQ(unit[1], 0.6f);
  EXPECT_FLOAT_EQ(unit[3], -0.8f);
  EXPECT_EQ(floats_of(single("[0,0,0,0]")->at(0).bytes), (std::vector<float>{0, 0, 0, 0}))
      << "no direction: stays zero, no NaN";
  for (const auto d :
       {model::Distance::kDot, model::Distance::kEuclid, model::Distance::kManhattan}) {
    EXPECT_EQ(floats_of(parse_vectors("[0,3,0.5,-4]", of(d, model::Scalar::kFloat32))->at(0).bytes),
              (std::vector<float>{0, 3, 0.5f, -4}));
  }
  const auto tiny = floats_of(single("[1e-30,0,0,0]")->at(0).bytes);
  EXPECT_FLOAT_EQ(tiny[0], 1.0f) << "length without underflow";
  const auto huge = floats_of(single("[3e38,3e38,0,0]")->at(0).bytes);
  EXPECT_FLOAT_EQ(huge[0], std::sqrt(0.5f)) << "and without overflow";
}

TEST(ParseVectorTest, vectors_of_float16_and_uint8_are_read) {
  EXPECT_EQ(parse_vectors("[1,-2,0.5,65504]", of(model::Distance::kDot, model::Scalar::kFloat16))
                ->at(0)
                .bytes,
            std::string("\x00\x3c\x00\xc0\x00\x38\xff\x7b", 8));
  EXPECT_EQ(parse_vectors("[0,1,254,255]", of(model::Distance::kCosine, model::Scalar::kUint8))
                ->at(0)
                .bytes,
            std::string("\x00\x01\xfe\xff", 4))
      << "not normalised";
}

TEST(ParseVectorTest, base64_of_floats_gives_the_same_vector) {
  const auto expected = single("[1,2,3,4]");
  ASSERT_TRUE(expected.ok());
  for (const char* text : {"AACAPwAAAEAAAEBAAACAQA==", "AACAPwAAAEAAAEBAAACAQA"}) {
    const auto inner = single(std::string(R"({"vector_b64":")") + text + "\"}");
    ASSERT_TRUE(inner.ok()) << inner.status().message();
    EXPECT_EQ(inner->at(0).bytes, expected->at(0).bytes);
    const auto outer = parse_upsert(
        std::string(R"({"points":[{"id":1,"vector_b64":")") + text + "\"}]}", single_vector());
    ASSERT_TRUE(outer.ok()) << outer.status().message();
    EXPECT_EQ(outer->points[0].vectors.at(0).bytes, expected->at(0).bytes);
  }
}

TEST(ParseVectorTest, base64_reads_every_byte_in_every_place) {
  for (uint32_t size = 1; size <= 301; size += 50) {
    std::string bytes(size * sizeof(float), '\0');
    // The pattern gives finite floats.
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(i % 4 == 3 ? 0x3d + i % 3 : i * 37 % 256);
    const std::string plain = base::to_base64(bytes);
    for (const std::string& text : {plain.substr(0, plain.find('=')), base::to_base64url(bytes)}) {
      const auto config = of(model::Distance::kDot, model::Scalar::kFloat32, size);
      for (const char* padding : {"", "=", "=="}) {
        const auto parsed = parse_vectors(R"({"vector_b64":")" + text + padding + "\"}", config);
        ASSERT_TRUE(parsed.ok()) << parsed.status().message();
        EXPECT_EQ(parsed->at(0).bytes, bytes);
      }
      for (const size_t at : {size_t{0}, text.size() / 2, text.size() / 2 + 1, text.size() / 2 + 2,
                              text.size() / 2 + 3, text.size() - 1}) {
        for (const char wrong : {'*', ' ', ',', '.', '@', '[', '`', '{', '\x7f', '\xc3'}) {
          std::string damaged = text;
          damaged.replace(at, 1, wrong == '\xc3' ? "\xc3\xa9" : std::string(1, wrong));
          EXPECT_FALSE(parse_vectors(R"({"vector_b64":")" + damaged + "\"}", config).ok())
              << damaged;
        }
      }
    }
  }
}

TEST(ParseVectorTest, vectors_are_read_by_name) {
  const auto both = named(R"({"text":[1,2,3],"code":[7,8]})");
  ASSERT_TRUE(both.ok()) << both.status().message();
  ASSERT_EQ(both->size(), 2u);
  EXPECT_EQ(both->at(0).name, "text");
  EXPECT_EQ(both->at(1).bytes, "\x07\x08");
  EXPECT_TRUE(named("{}")->empty()) << "a point may have none of its vectors";
  const auto twice = named(R"({"code":[1,2],"code":[3,4]})");
  ASSERT_EQ(twice->size(), 1u);
  EXPECT_EQ(twice->at(0).bytes, "\x03\x04");
  model::CollectionConfig odd;  // names that look like other forms of the protocol
  odd.vectors["indices"] = odd.vectors["model"] = {.size = 1, .distance = model::Distance::kDot};
  EXPECT_EQ(parse_vectors(R"({"indices":[1],"model":[2]})", odd)->size(), 2u);
}

TEST(ParseVectorTest, a_value_that_is_no_vector_of_the_collection_is_named) {
  expect_refused(
      {
          {"7", Code::kMalformedBody, "points[0].vector: expected an object, got an integer"},
          {"[1,2,3]", Code::kInvalid,
           "Vector dimension error: expected dim: 4, got 3 (points[0].vector)"},
          {"[1,2,3,4,5]", Code::kInvalid, "expected dim: 4, got 5"},
          {"[]", Code::kInvalid, "expected dim: 4, got 0"},
          {R"([1,2,"3",4])", Code::kMalformedBody,
           "points[0].vector[2]: expected a number, got a string"},
          {"[1,2,null,4]", Code::kMalformedBody,
           "points[0].vector[2]: expected a number, got null"},
          {"[1,2,3,1e39]", Code::kInvalid,
           "points[0].vector: a component is beyond the range of float32"},
          {"[1,2,3,1e400]", Code::kMalformedBody, ""},
          {"[1,2,3,NaN]", Code::kMalformedBody, ""},
          {R"({"text":[1,2,3]})", Code::kInvalid,
           "Not existing vector name error: text (points[0].vector)"},
          {R"({"vector_b64":7})", Code::kMalformedBody,
           "points[0].vector.vector_b64: expected a string"},
          {R"({"vector_b64":"*"})", Code::kMalformedBody,
           "points[0].vector.vector_b64: not base64"},
          {R"({"vector_b64":"AAAA"})", Code::kMalformedBody,
           "points[0].vector.vector_b64: 3 bytes are not a whole number of float32 values"},
          {R"({"vector_b64":"AACAPw=="})", Code::kInvalid, "expected dim: 4, got 1"},
          // NaN, as bits
          {R"({"vector_b64":"AADAfwAAwH8AAMB/AADAfw=="})", Code::kInvalid,
           "beyond the range of float32"},
          {"[[1,2,3,4]]", Code::kInvalid,
           "Conversion between multi and regular vectors failed (points[0].vector)"},
          {R"({"indices":[1],"values":[0.5]})", Code::kUnsupported,
           "sparse vectors (points[0].vector)"},
          {R"({"text":"a cat","model":"m"})", Code::kUnsupported, "inference (points[0].vector)"},
          {"[" + repeated("1", limits::kMaxDim + 1) + "]", Code::kUnprocessable,
           "points[0].vector: more than 65536 components"},
      },
      single);
  expect_refused(
      {
          {"[1,2,3]", Code::kInvalid, "Not existing vector name error:  (points[0].vector)"},
          {R"({"text":7})", Code::kMalformedBody, "points[0].vector.text: expected an array"},
          {R"({"text":[1,2]})", Code::kInvalid, "expected dim: 3, got 2 (points[0].vector.text)"},
          {R"({"image":[1,70000]})", Code::kInvalid,
           "points[0].vector.image: a component is beyond the range of float16 (at most 65504)"},
          {R"({"code":[1,1.5]})", Code::kInvalid,
           "points[0].vector.code[1]: a uint8 vector holds whole numbers from 0 to 255"},
          {R"({"code":[-1,1]})", Code::kInvalid, "points[0].vector.code[0]: a uint8 vector"},
          {R"({"code":[256,1]})", Code::kInvalid, "points[0].vector.code[0]: a uint8 vector"},
          {R"({"text":{"indices":[1],"values":[0.5]}})", Code::kUnsupported,
           "sparse vectors (points[0].vector.text)"},
      },
      named);
}

}  // namespace
}  // namespace rhumb::http::rest
