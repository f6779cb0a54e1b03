#include "host/gateway/settings_rules.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"

namespace rhumb::gateway {
namespace {

using base::Code;

TEST(SettingsRulesTest, wrong_values_are_refused_by_their_place) {
  const struct {
    std::string name, json, field;
    Code code;
  } cases[] = {
      {"optimizers_config", "[]", "here", Code::kMalformedBody},
      {"optimizers_config", R"({"deleted_threshold":1.5})", "here.deleted_threshold",
       Code::kUnprocessable},
      {"optimizers_config", R"({"flush_interval_sec":"soon"})", "here.flush_interval_sec",
       Code::kMalformedBody},
      {"quantization_config", R"({"scalar":{"type":"int4"}})", "here.scalar.type",
       Code::kMalformedBody},
      {"quantization_config", R"({"scalar":{"type":"int8","quantile":0.2}})",
       "here.scalar.quantile", Code::kUnprocessable},
      {"quantization_config", R"({"product":{"compression":"x5"}})", "here.product.compression",
       Code::kMalformedBody},
      {"contract", R"({"recal":0.95})", "here.recal", Code::kMalformedBody},
      {"payload", R"({"memory":"warm"})", "here.memory", Code::kMalformedBody},
      {"metadata", "not JSON", "here", Code::kMalformedBody},
      {"metadata", R"({"text":")" + std::string(base::limits::kMaxMetadataBytes, 'x') + R"("})",
       "here", Code::kUnprocessable},
      {"colour", "{}", "here", Code::kInvalid}};
  for (const auto& c : cases) {
    const base::Status status = check_setting(c.name, c.json, "here");
    EXPECT_EQ(status.code(), c.code) << c.json << ": " << status.message();
    EXPECT_EQ(status.detail().field, c.field) << c.json;
  }
  EXPECT_EQ(check_setting("strict_mode_config", R"({"enabled":true})", "here").code(),
            Code::kUnsupported);
}

TEST(SettingsRulesTest, given_members_win_and_null_removes_only_metadata) {
  model::CollectionConfig config;
  const auto merge = [&](const std::string& name, const char* json) {
    const base::Status status = merge_setting(config, name, json, name);
    EXPECT_TRUE(status.ok()) << status.message();
  };
  merge("metadata", R"({"a":1,"b":2})");
  merge("metadata", R"({"a":null,"b":3})");
  EXPECT_EQ(config.settings_json["metadata"], R"({"b":3})");
  merge("optimizers_config", R"({"indexing_threshold":10,"flush_interval_sec":5})");
  merge("optimizers_config", R"({"indexing_threshold":null,"flush_interval_sec":6})");
  EXPECT_EQ(config.settings_json["optimizers_config"],
            R"({"flush_interval_sec":6,"indexing_threshold":10})");
}

TEST(SettingsRulesTest, a_quantization_is_replaced_and_disabled_removes_it) {
  model::CollectionConfig config;
  const std::string name = "quantization_config";
  ASSERT_TRUE(merge_setting(config, name, R"({"scalar":{"type":"int8"}})", name).ok());
  ASSERT_TRUE(merge_setting(config, name, R"({"binary":{}})", name).ok());
  EXPECT_EQ(config.settings_json[name], R"({"binary":{}})");
  ASSERT_TRUE(merge_setting(config, name, "\"Disabled\"", name).ok());
  EXPECT_FALSE(config.settings_json.contains(name));
}

TEST(SettingsRulesTest, the_limit_holds_for_the_whole_and_not_only_for_each_change) {
  model::CollectionConfig config;
  const std::string half(base::limits::kMaxMetadataBytes / 2, 'x');
  ASSERT_TRUE(merge_setting(config, "metadata", R"({"a":")" + half + R"("})", "metadata").ok());
  const auto second = merge_setting(config, "metadata", R"({"b":")" + half + R"("})", "metadata");
  EXPECT_EQ(second.code(), Code::kUnprocessable);
  EXPECT_EQ(second.detail().field, "metadata");
}

}  // namespace
}  // namespace rhumb::gateway
