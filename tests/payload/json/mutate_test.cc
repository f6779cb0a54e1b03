// Every release, past and future, must produce exactly these bytes.
#include "host/payload/json/mutate.h"

#include <gtest/gtest.h>

#include "host/base/limits.h"

namespace rhumb::payload {
namespace {

base::Result<std::string> merge(std::string_view payload, std::string_view patch,
                                std::string_view key) {
  return PayloadChange::merge_v1(patch, key).apply(payload);
}
base::Result<std::string> overwrite(std::string_view payload, std::string_view patch,
                                    std::string_view key) {
  return PayloadChange::overwrite_v1(patch, key).apply(payload);
}
base::Result<std::string> erase(std::string_view payload, const std::vector<std::string>& paths) {
  return PayloadChange::delete_v1(paths).apply(payload);
}

struct Merge {
  const char *payload, *patch, *key, *result;
};

TEST(PayloadMergeV1, results_are_pinned) {
  const Merge cases[] = {
      {"", R"({"a":1})", "", R"({"a":1})"},
      {"", "", "", "{}"},
      {R"({"a":1,"b":2})", R"({"b":3,"c":4})", "", R"({"a":1,"b":3,"c":4})"},
      // The root is merged, and members are replaced.
      {R"({"a":{"x":1},"b":2})", R"({"a":{"y":2}})", "", R"({"a":{"y":2},"b":2})"},
      {R"({"a":1,"b":2})", R"({"a":null,"z":null})", "", R"({"b":2})"},
      // Nulls are removed only at the merged level.
      {R"({"a":{"x":null}})", R"({"b":{"x":null}})", "", R"({"a":{"x":null},"b":{"x":null}})"},
      {R"({"\u0061":1})", R"({"a":2})", "", R"({"\u0061":2})"},
      {R"({"a":1.0,"b":1e5})", R"({"c":0.1})", "", R"({"a":1.0,"b":1e5,"c":0.1})"},
      {R"({"a":{"b":{"x":1}}})", R"({"y":2})", "a.b", R"({"a":{"b":{"x":1,"y":2}}})"},
      {R"({"a":{"b":{"x":1}}})", R"({"x":null})", "a.b", R"({"a":{"b":{}}})"},
      {R"({"k":1})", R"({"y":2})", "a.b", R"({"k":1,"a":{"b":{"y":2}}})"},
      {"", R"({"y":2})", "\"odd key\".b", R"({"odd key":{"b":{"y":2}}})"},
      {R"({"a":5})", R"({"y":2})", "a.b", R"({"a":{"b":{"y":2}}})"},
      {R"({"a":[1]})", R"({"y":2})", "a", R"({"a":{"y":2}})"},
      {R"({"a":[{"x":1},{"x":2},3]})", R"({"y":2})", "a[]",
       R"({"a":[{"x":1,"y":2},{"x":2,"y":2},{"y":2}]})"},
      {R"({"a":[{"x":1},{"x":2}]})", R"({"y":2})", "a[1]", R"({"a":[{"x":1},{"x":2,"y":2}]})"},
      {R"({"a":[{"x":1}]})", R"({"y":2})", "a[1]", R"({"a":[{"x":1}]})"},
      {R"({"a":{"x":1}})", R"({"y":2})", "a[0].b", R"({"a":[]})"},
      {R"({})", R"({"y":2})", "a[].b", R"({"a":[]})"},
  };
  for (const Merge& c : cases) {
    const auto result = merge(c.payload, c.patch, c.key);
    ASSERT_TRUE(result.ok()) << c.payload << " + " << c.patch << ": "
                             << result.status().to_string();
    EXPECT_EQ(*result, c.result) << c.payload << " + " << c.patch << " at '" << c.key << "'";
  }
}

TEST(PayloadMergeV1, invalid_documents_are_refused) {
  EXPECT_EQ(merge("{}", "[]", "").status().code(), base::Code::kInvalid);
  EXPECT_EQ(merge("{}", "{\"a\":1", "").status().code(), base::Code::kInvalid);
  EXPECT_EQ(merge("{}", "{}", "a..b").status().code(), base::Code::kInvalid);
  EXPECT_EQ(merge("[1]", "{}", "").status().code(), base::Code::kCorrupt);
  EXPECT_EQ(merge("{\"a\":1", "{}", "").status().code(), base::Code::kCorrupt);
  const std::string half =
      "{\"a\":\"" + std::string(base::limits::kMaxPayloadBytes / 2, 'x') + "\"}";
  const std::string other =
      "{\"b\":\"" + std::string(base::limits::kMaxPayloadBytes / 2, 'x') + "\"}";
  EXPECT_EQ(merge(half, other, "").status().code(), base::Code::kInvalid);
  // A patch for each of a million elements must be refused long before the result is written out.
  std::string elements = "{\"a\":[0";
  for (uint32_t i = 1; i < 1'000'000; ++i) elements += ",0";
  elements += "]}";
  EXPECT_EQ(merge(elements, half, "a[]").status().code(), base::Code::kInvalid);
  std::string deep = "{\"a\":";
  for (uint32_t i = 1; i < base::limits::kMaxJsonDepth; ++i) deep += '[';
  for (uint32_t i = 1; i < base::limits::kMaxJsonDepth; ++i) deep += ']';
  deep += '}';
  EXPECT_TRUE(merge("", deep, "").ok());
  EXPECT_EQ(merge("", deep, "below").status().code(), base::Code::kInvalid);
}

TEST(PayloadMergeV1, one_change_is_applied_to_any_number_of_payloads) {
  const std::string patch = R"({"b":null,"c":[1],"a":2})";
  const PayloadChange change = PayloadChange::merge_v1(patch, "");
  EXPECT_EQ(*change.apply(R"({"a":1,"b":2})"), R"({"a":2,"c":[1]})");
  EXPECT_EQ(change.apply("[1]").status().code(), base::Code::kCorrupt);
  EXPECT_EQ(*change.apply(""), R"({"c":[1],"a":2})");
  EXPECT_EQ(*change.apply(R"({"c":0,"d":4})"), R"({"c":[1],"d":4,"a":2})");
  const PayloadChange damaged = PayloadChange::merge_v1("{", "");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(damaged.apply("{}").status().code(), base::Code::kInvalid);
  EXPECT_EQ(damaged.apply("[1]").status().code(), base::Code::kCorrupt) << "damage comes first";
}

TEST(PayloadOverwriteV1, results_are_pinned) {
  EXPECT_EQ(*overwrite(R"({"a":1})", R"({"b":2})", ""), R"({"b":2})");
  EXPECT_EQ(*overwrite(R"({"a":1})", "", ""), "");
  EXPECT_EQ(*overwrite(R"({"a":{"x":1}})", R"({"b":2})", "a"), R"({"a":{"x":1,"b":2}})");
  EXPECT_FALSE(overwrite("", "nonsense", "").ok());
}

TEST(PayloadDeleteV1, results_are_pinned) {
  struct Delete {
    const char* payload;
    std::vector<std::string> keys;
    const char* result;
  };
  const Delete cases[] = {
      {"", {"a"}, ""},
      {R"({"a":1,"b":2,"c":3})", {"a", "c", "x"}, R"({"b":2})"},
      {R"({"a":1})", {"a"}, "{}"},
      {R"({"a":{"x":1,"y":2},"b":{"x":1}})", {"a.x", "b.x.z"}, R"({"a":{"y":2},"b":{"x":1}})"},
      {R"({"a":[{"x":1,"y":2},{"x":3},4]})", {"a[].x"}, R"({"a":[{"y":2},{},4]})"},
      {R"({"a":[{"x":1},{"x":3}]})", {"a[1].x"}, R"({"a":[{"x":1},{}]})"},
      {R"({"a":[1,2]})", {"a[]"}, R"({"a":[]})"},
      {R"({"a":[1,2]})", {"a[0]"}, R"({"a":[1,2]})"},  // not idempotent, so it does nothing
      {R"({"a":[1,2],"b":3})", {"a[]", "a", "a[].x"}, R"({"b":3})"},
      {R"({"odd key":1,"\u0061":2})", {"\"odd key\"", "a"}, "{}"},
  };
  for (const Delete& c : cases) {
    const auto result = erase(c.payload, c.keys);
    ASSERT_TRUE(result.ok()) << c.payload;
    EXPECT_EQ(*result, c.result) << c.payload;
  }
  EXPECT_EQ(erase("{}", {"a["}).status().code(), base::Code::kInvalid);
  EXPECT_EQ(erase("{\"a\"", {"b"}).status().code(), base::Code::kCorrupt);
}

TEST(CanonicalPayloadV1, results_are_pinned) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "{}"},
      {"{}", "{}"},
      {R"({"b":1,"a":2})", R"({"a":2,"b":1})"},
      {R"({"b":{"z":1,"y":[{"d":1,"c":2}]},"a":2})", R"({"a":2,"b":{"y":[{"c":2,"d":1}],"z":1}})"},
      {"{\"\xc3\xa9\":1,\"z\":2,\"\\u0001\":3,\"Z\":4}",
       "{\"\\u0001\":3,\"Z\":4,\"z\":2,\"\xc3\xa9\":1}"},
      {R"({"a":"\u00e9\ud83d\ude00\/\b\n\"\\\u007f"})",
       "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80/\\u0008\\u000a\\\"\\\\\x7f\"}"},
      {R"({"a":[1,1.0,1e0,100000.0,1e5,1E+5,0.1,-0,-0.0,1e300,1.5e-7,123456789012345678]})",
       R"({"a":[1,1.0,1.0,1e+05,1e+05,1e+05,0.1,0,-0.0,1e+300,1.5e-07,123456789012345678]})"},
      {R"({"a":[9007199254740993,18446744073709551615,-9223372036854775808,0.30000000000000004,1e-999]})",
       R"({"a":[9007199254740993,18446744073709551615,-9223372036854775808,0.30000000000000004,0.0]})"},
      {R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
      {R"({"a":[[],{},null,true,false]})", R"({"a":[[],{},null,true,false]})"},
  };
  for (const auto& [payload, canonical] : cases) {
    const auto result = canonical_payload_v1(payload);
    ASSERT_TRUE(result.ok()) << payload << ": " << result.status().to_string();
    EXPECT_EQ(*result, canonical);
    EXPECT_EQ(*canonical_payload_v1(*result), canonical) << "not a fixed point";
  }
  EXPECT_FALSE(canonical_payload_v1("{\"a\":").ok());
}

std::string selected(std::string_view payload, model::PayloadSelector::Mode mode,
                     std::vector<std::string> keys) {
  const auto projection = Projection::compile({mode, std::move(keys)});
  EXPECT_TRUE(projection.ok());
  return projection->apply(payload);
}

TEST(Projection, a_projection_selects_as_the_protocol_says) {
  using Mode = model::PayloadSelector::Mode;
  const char* doc = R"({"a":1,"b":{"x":1,"y":[1,2]},"c":[{"d":1,"e":2},{"d":3},4]})";
  EXPECT_EQ(selected(doc, Mode::kNone, {}), "");
  EXPECT_EQ(selected(doc, Mode::kAll, {}), doc);
  EXPECT_EQ(selected("", Mode::kAll, {}), "");
  EXPECT_EQ(selected(doc, Mode::kInclude, {}), "{}");
  EXPECT_EQ(selected(doc, Mode::kInclude, {"missing"}), "{}");
  EXPECT_EQ(selected(doc, Mode::kInclude, {"a", "b.y"}), R"({"a":1,"b":{"y":[1,2]}})");
  EXPECT_EQ(selected(doc, Mode::kInclude, {"c[].d"}), R"({"c":[{"d":1},{"d":3},4]})");
  EXPECT_EQ(selected(doc, Mode::kInclude, {"c[0]"}), R"({"c":[{"d":1,"e":2}]})");
  EXPECT_EQ(selected(doc, Mode::kInclude, {"b", "b.x"}), R"({"b":{"x":1,"y":[1,2]}})");
  EXPECT_EQ(selected(doc, Mode::kExclude, {}), doc);
  EXPECT_EQ(selected(doc, Mode::kExclude, {"b", "c[].d", "zz"}), R"({"a":1,"c":[{"e":2},{},4]})");
  EXPECT_EQ(selected(doc, Mode::kExclude, {"b.y[]"}),
            R"({"a":1,"b":{"x":1,"y":[]},"c":[{"d":1,"e":2},{"d":3},4]})");
  EXPECT_FALSE(Projection::compile({Mode::kInclude, {"a["}}).ok());
}

}  // namespace
}  // namespace rhumb::payload
