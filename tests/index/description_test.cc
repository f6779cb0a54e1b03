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

EngineDescription with_properties(std::string_view properties) {
  return described(R"({"type":"object","properties":{)" + std::string(properties) + "}}");
}

constexpr const char* kScalar = R"({"scalar":{"type":"int8"}})";
constexpr const char* kProduct = R"({"product":{"compression":"x16"}})";

TEST(Description, settings_are_sent_under_their_neutral_names_to_an_engine_that_has_them) {
  const auto engine = with_properties(
      R"("on_disk":{"type":"boolean"},"quantization":{"type":"string"},"compression":{"type":"integer"})");
  const auto other = with_properties(R"("depth":{"type":"integer"})");
  model::HnswConfig hnsw;
  hnsw.on_disk = true;
  EXPECT_EQ(engine.config_json(hnsw).value(), R"({"on_disk":true})");
  EXPECT_EQ(engine.config_json(hnsw, kScalar).value(),
            R"({"on_disk":true,"quantization":"scalar"})");
  EXPECT_EQ(other.config_json(hnsw, kScalar).value(), "{}");
  hnsw.memory = "pinned";
  EXPECT_EQ(engine.config_json(hnsw).value(), R"({"on_disk":false})");
  hnsw = {};
  EXPECT_EQ(engine.config_json(hnsw, kProduct).value(),
            R"({"compression":16,"quantization":"product"})");
  for (const char* kind : {"binary", "turbo", "a_later_one"}) {
    EXPECT_EQ(engine.config_json(hnsw, "{\"" + std::string(kind) + "\":{}}").value(),
              "{\"quantization\":\"" + std::string(kind) + "\"}");
  }
  for (const char* none : {"", "\"Disabled\"", "{}", "[]", "null"})
    EXPECT_EQ(engine.config_json(hnsw, none).value(), "{}") << none;
}

TEST(Description, a_quantization_that_an_engine_does_not_list_is_not_sent) {
  const auto engine = with_properties(
      R"("quantization":{"type":"string","enum":["scalar"]},"compression":{"type":"integer"})");
  EXPECT_EQ(engine.config_json({}, kScalar).value(), R"({"quantization":"scalar"})");
  EXPECT_EQ(engine.config_json({}, kProduct).value(), "{}") << "and no compression without it";
  const auto of_another_type = with_properties(R"("quantization":{"type":"boolean"})");
  EXPECT_EQ(of_another_type.config_json({}, kScalar).value(), "{}");
}

TEST(Description, the_compression_of_product_quantization_is_a_number) {
  const auto rhumb = EngineDescription::of(index_test::engine("rhumb")).value();
  const auto of = [&](const std::string& asked) {
    return rhumb.config_json({}, R"({"product":{"compression":)" + asked + "}}").value();
  };
  for (const char* bytes : {"4", "8", "16", "32", "64"}) {
    EXPECT_EQ(of("\"x" + std::string(bytes) + "\""),
              R"({"compression":)" + std::string(bytes) + R"(,"quantization":"product"})");
  }
  for (const char* odd : {"16", "null", "{}", R"("x5")", R"("x128")"})
    EXPECT_EQ(of(odd), R"({"quantization":"product"})") << odd;
  EXPECT_EQ(rhumb.config_json({}, R"({"product":16})").value(), R"({"quantization":"product"})");
}

TEST(Description, graph_settings_are_moved_into_the_bounds_of_the_engine) {
  const auto hnsw = EngineDescription::of(index_test::engine("hnsw")).value();
  model::HnswConfig given;
  EXPECT_EQ(hnsw.config_json(given).value(), "{}");
  given.m = 8;
  given.ef_construct = 200;
  given.full_scan_threshold = 10'000;
  EXPECT_EQ(hnsw.config_json(given).value(), R"({"ef_construct":200,"m":8})");
  const auto flat = EngineDescription::of(index_test::engine("flat")).value();
  EXPECT_EQ(flat.config_json(given).value(), "{}") << "hints that it has no use for";
  given.m = 100'000;
  EXPECT_EQ(hnsw.config_json(given).value(), R"({"ef_construct":200,"m":512})")
      << "the nearest that it takes";
  given.m = 0;
  EXPECT_EQ(hnsw.config_json(given).value(), R"({"ef_construct":200,"m":2})");
  for (const char* bounds : {R"("maximum":-1)", R"("minimum":1e300)"}) {
    const auto strange = with_properties(R"("m":{"type":"integer",)" + std::string(bounds) + "}");
    EXPECT_EQ(strange.config_json(given).value(), "{}") << bounds;
  }
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
