// The engine's reading of the settings that the host sends.
#include "plugins/index_rhumb/engine/options.h"

#include "tests/plugins/index_fixture.h"

namespace rhumb::coded {
namespace {

struct Expected {
  Codes codes;
  bool asked, one_bit;
};

void expect(const char* config, const Expected& expected) {
  const Options options = parse_options(config);
  EXPECT_EQ(options.codes, expected.codes) << config;
  EXPECT_EQ(options.asked, expected.asked) << config;
  EXPECT_EQ(options.one_bit, expected.one_bit) << config;
}

TEST(Options, the_quantization_of_a_collection_chooses_codes) {
  expect("{}", {Codes::kWhole, false, true});
  expect(R"({"quantization":"scalar"})", {Codes::kWhole, true, false});
  expect(R"({"quantization":"binary"})", {Codes::kWhole, true, true});
  expect(R"({"quantization":"product"})", {Codes::kWhole, false, false});
  expect(R"({"quantization":"product","compression":4})", {Codes::kWhole, true, false});
  expect(R"({"quantization":"product","compression":8})", {Codes::kNibbles, true, false});
  for (const uint32_t bytes : {16u, 32u, 64u}) {
    const std::string config =
        R"({"quantization":"product","compression":)" + std::to_string(bytes) + "}";
    expect(config.c_str(), {Codes::kProduct, true, false});
    EXPECT_EQ(parse_options(config).sub(), bytes / sizeof(float));
  }
}

TEST(Options, parameters_of_the_engine_take_precedence_over_the_quantization) {
  expect(R"({"quantization":"binary","one_bit":false})", {Codes::kWhole, true, false});
  expect(R"({"quantization":"product","compression":8,"codes":"pq"})",
         {Codes::kProduct, true, false});
  expect(R"({"quantization":"scalar","codes":"auto"})", {Codes::kWhole, false, false});
}

TEST(Options, on_disk_leaves_a_graph_in_its_file) {
  EXPECT_FALSE(parse_options("{}").mapped);
  EXPECT_TRUE(parse_options(R"({"on_disk":true})").mapped);
}

TEST(Options, an_invalid_parameter_is_named) {
  const index_test::Column column(RHUMB_EUCLID, RHUMB_F32, 16);
  for (const auto& [config, word] : {std::pair{R"({"one_bit":1})", "one_bit:"},
                                     {R"({"codes":"5bit"})", "codes:"},
                                     {R"({"quantization":"turbo"})", "quantization:"},
                                     {R"({"quantization":true})", "quantization:"},
                                     {R"({"compression":12})", "compression:"},
                                     {R"({"compression":128})", "compression:"}}) {
    const index_test::Index index("rhumb", column, config);
    EXPECT_EQ(index.opened(), RHUMB_INVALID) << config;
    EXPECT_NE(index.error().find(word), std::string::npos) << index.error();
  }
  EXPECT_EQ(
      index_test::Index("rhumb", column, R"({"m":2,"ef_construct":65536,"seed":7,"one_bit":false})")
          .opened(),
      RHUMB_OK);
}

TEST(Options, the_engine_describes_them) {
  Buffer buffer;
  ASSERT_EQ(index_test::engine("rhumb").ops->describe(nullptr, buffer.out()), RHUMB_OK);
  const auto described = nlohmann::json::parse(buffer.view());
  EXPECT_EQ(described["metrics"].size(), 5u);
  EXPECT_EQ(described["scalars"].size(), 4u);
  EXPECT_EQ(described["parameters"]["properties"]["codes"]["default"], "auto");
}

}  // namespace
}  // namespace rhumb::coded
