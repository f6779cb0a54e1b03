// Checks a collection's parameters against an engine's description of itself.
#include "host/index/description.h"

#include <gtest/gtest.h>

#include "tests/plugins/index_fixture.h"

namespace rhumb::index {
namespace {

using base::Code;

EngineDescription described(std::string_view parameters) {
  const std::string head = R"({"metrics":["cosine"],"scalars":["f32","u8"],"parameters":)";
  return EngineDescription::parse("x", head + std::string(parameters) + "}").value();
}

constexpr std::string_view kSchema =
    R"({"type":"object","additionalProperties":false,"required":["depth"],"properties":{
  "depth":{"type":"integer","minimum":1,"maximum":9,"default":3},"slack":{"type":"number","minimum":0.5},
  "mmap":{"type":"boolean"},"kind":{"type":"string","enum":["a","b"]},"note":{"type":"string"}}})";

TEST(Description, the_hosts_own_engines_describe_themselves) {
  for (const char* id : {"flat", "hnsw"}) {
    const auto description = EngineDescription::of(index_test::engine(id));
    ASSERT_TRUE(description.ok()) << description.status().message();
    for (const auto distance : {model::Distance::kCosine, model::Distance::kDot,
                                model::Distance::kEuclid, model::Distance::kManhattan}) {
      for (const auto scalar :
           {model::Scalar::kFloat32, model::Scalar::kFloat16, model::Scalar::kUint8}) {
        EXPECT_TRUE(description->supports(distance, scalar).ok());
      }
    }
    EXPECT_EQ(description->has_parameter("m"), std::string_view(id) == "hnsw");
    EXPECT_EQ(description->config_json("").value(), "{}");
  }
}

TEST(Description, quantization_and_on_disk_are_passed_to_an_engine_that_knows_them) {
  const std::string head =
      R"({"metrics":["cosine"],"scalars":["f32"],"parameters":{"type":"object","properties":{)";
  const auto codes =
      EngineDescription::parse(
          "x", head + R"("one_bit":{"type":"boolean"},"mapped":{"type":"boolean"}}}})")
          .value();
  const auto other = EngineDescription::parse("x", head + "}}}").value();
  model::HnswConfig collection, vector;
  collection.on_disk = true;
  const char* const scalar = R"({"scalar":{"type":"int8"}})";
  EXPECT_EQ(codes.config_json(collection, vector).value(), R"({"mapped":true})");
  EXPECT_EQ(codes.config_json(collection, vector, scalar).value(),
            R"({"mapped":true,"one_bit":false})");
  EXPECT_EQ(codes.config_json({}, vector, R"({"product":{"compression":"x16"}})").value(),
            R"({"one_bit":false})");
  EXPECT_EQ(codes.config_json({}, vector, R"({"binary":{}})").value(), R"({"one_bit":true})");
  EXPECT_EQ(codes.config_json({}, vector, R"({"turbo":{}})").value(), "{}");
  EXPECT_EQ(other.config_json(collection, vector, scalar).value(), "{}");
  vector.on_disk = false;
  EXPECT_EQ(codes.config_json(collection, vector).value(), R"({"mapped":false})");
}

TEST(Description, product_quantization_becomes_codes_of_that_size) {
  const std::string head =
      R"({"metrics":["cosine"],"scalars":["f32"],"parameters":{"type":"object","properties":{)";
  const std::string codes = R"("codes":{"type":"string","enum":["8bit","4bit","pq"]})",
                    compression = R"("compression":{"type":"integer"})";
  const auto knows =
      EngineDescription::parse("x", head + codes + "," + compression + "}}}").value();
  const auto of = [](const EngineDescription& engine, const std::string& asked) {
    return engine.config_json({}, {}, R"({"product":{"compression":)" + asked + "}}").value();
  };
  EXPECT_EQ(of(knows, R"("x4")"), R"({"codes":"8bit"})");
  for (const char* kind : {R"({"scalar":{"type":"int8"}})", R"({"binary":{}})"}) {
    EXPECT_EQ(knows.config_json({}, {}, kind).value(), R"({"codes":"8bit"})")
        << "codes that were asked for stay";
  }
  EXPECT_EQ(of(knows, R"("x8")"), R"({"codes":"4bit"})");
  EXPECT_EQ(of(knows, R"("x16")"), R"({"codes":"pq","compression":16})");
  EXPECT_EQ(of(knows, R"("x64")"), R"({"codes":"pq","compression":64})");
  for (const char* odd : {"16", "null", "{}", R"("x5")"}) EXPECT_EQ(of(knows, odd), "{}") << odd;
  EXPECT_EQ(knows.config_json({}, {}, R"({"product":16})").value(), "{}");
  const auto others =
      EngineDescription::parse("x", head + R"("codes":{"type":"string","enum":["sq"]}}}})").value();
  EXPECT_EQ(of(others, R"("x16")"), "{}") << "codes of another meaning";
  const auto rhumb = EngineDescription::of(index_test::engine("rhumb")).value();
  EXPECT_EQ(of(rhumb, R"("x32")"), R"({"codes":"pq","compression":32,"one_bit":false})");
}

TEST(Description, graph_settings_of_the_vector_override_the_collections) {
  const auto hnsw = EngineDescription::of(index_test::engine("hnsw")).value();
  model::HnswConfig collection, vector;
  EXPECT_EQ(hnsw.config_json(collection, vector).value(), "{}");
  collection.m = 32;
  collection.ef_construct = 200;
  collection.full_scan_threshold = 10'000;
  vector.m = 8;
  EXPECT_EQ(hnsw.config_json(collection, vector).value(), R"({"ef_construct":200,"m":8})");
  const auto flat = EngineDescription::of(index_test::engine("flat")).value();
  EXPECT_EQ(flat.config_json(collection, vector).value(), "{}") << "hints that it has no use for";
  vector.m = 100'000;
  EXPECT_EQ(hnsw.config_json(collection, vector).value(), R"({"ef_construct":200,"m":512})")
      << "the nearest that it takes";
  vector.m = 0;
  EXPECT_EQ(hnsw.config_json(collection, vector).value(), R"({"ef_construct":200,"m":2})");
}

// The engine opens with parameters that pass the check, and refuses those that do not.
TEST(Description, the_check_agrees_with_the_engine) {
  const auto hnsw = EngineDescription::of(index_test::engine("hnsw")).value();
  const index_test::Column column(RHUMB_EUCLID, RHUMB_F32, 4);
  for (const char* config :
       {R"({"m":2})", R"({"m":512})", R"({"m":1})", R"({"m":513})", R"({"m":-5})", R"({"m":16.5})",
        R"({"m":"16"})", R"({"m":true})", R"({"ef_construct":4})", R"({"ef_construct":65536})",
        R"({"ef_construct":3})", R"({"ef_construct":65537})", R"({"ef":10})", "[]", "{"}) {
    const auto checked = hnsw.config_json(config);
    EXPECT_EQ(checked.ok(), index_test::Index("hnsw", column, config).opened() == RHUMB_OK)
        << config;
  }
}

TEST(Description, an_error_names_parameter_range_and_value) {
  const auto x = described(kSchema);
  EXPECT_EQ(x.config_json(R"({"depth":3,"slack":2.5,"mmap":true,"kind":"b","note":"n"})").value(),
            R"({"depth":3,"kind":"b","mmap":true,"note":"n","slack":2.5})");
  EXPECT_EQ(x.config_json(R"({"depth":9,"mmap":null})").value(), R"({"depth":9})");
  const std::pair<const char*, const char*> refusals[] = {
      {R"({"depth":0})", "index x: depth: expected a whole number from 1 to 9, found 0"},
      {R"({"depth":10})", "index x: depth: expected a whole number from 1 to 9, found 10"},
      {R"({"depth":2.5})", "index x: depth: expected a whole number from 1 to 9, found 2.5"},
      {R"({"depth":1,"slack":0.25})", "index x: slack: expected a number from 0.5, found 0.25"},
      {R"({"depth":1,"mmap":1})", "index x: mmap: expected true or false, found 1"},
      {R"({"depth":1,"kind":"c"})", "index x: kind: expected one of a, b, found \"c\""},
      {R"({"depth":1,"note":{}})", "index x: note: expected a text, found {}"},
      {R"({"deep":1})",
       "index x: deep: unknown parameter; there is depth, kind, mmap, note, slack"},
      {"{}", "index x: depth: missing"},
      {R"({"depth":null})", "index x: depth: missing"},
      {"7", "index x: parameters: expected a JSON object"}};
  for (const auto& [given, message] : refusals) {
    const auto checked = x.config_json(given);
    ASSERT_FALSE(checked.ok()) << given;
    EXPECT_EQ(checked.status().code(), Code::kUnprocessable);
    EXPECT_EQ(checked.status().message(), message);
  }
}

TEST(Description, an_open_schema_accepts_unknown_parameters) {
  EXPECT_EQ(described(R"({"type":"object"})").config_json(R"({"anything":[1]})").value(),
            R"({"anything":[1]})");
}

TEST(Description, the_error_says_what_an_engine_lacks) {
  const auto x = described("{}");
  EXPECT_TRUE(x.supports(model::Distance::kCosine, model::Scalar::kUint8).ok());
  const auto metric = x.supports(model::Distance::kDot, model::Scalar::kFloat32);
  EXPECT_EQ(metric.code(), Code::kInvalid);
  EXPECT_EQ(metric.message(), "index x: distance dot is not one of cosine");
  EXPECT_EQ(x.supports(model::Distance::kCosine, model::Scalar::kFloat16).message(),
            "index x: datatype f16 is not one of f32, u8");
}

TEST(Description, an_invalid_description_is_an_error) {
  for (
      const char* text :
      {"", "[]", "{}", R"({"metrics":"cosine","scalars":[]})", R"({"metrics":[1],"scalars":[]})",
       R"({"metrics":[],"scalars":[],"parameters":[]})",
       R"({"metrics":[],"scalars":[],"parameters":{"properties":[]}})",
       R"({"metrics":[],"scalars":[],"parameters":{"properties":{"m":{}}}})",
       R"({"metrics":[],"scalars":[],"parameters":{"properties":{"m":{"type":"integer","minimum":"1"}}}})",
       R"({"metrics":[],"scalars":[],"parameters":{"properties":{"m":{"type":"list"}}}})",
       R"({"metrics":[],"scalars":[],"parameters":{"required":"m"}})"}) {
    const auto parsed = EngineDescription::parse("x", text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), Code::kInternal);
  }
}

}  // namespace
}  // namespace rhumb::index
