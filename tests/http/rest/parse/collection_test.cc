// Bodies that define collections: create, update, aliases, payload indexes and names.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/http/rest/parse/collection_body.h"
#include "tests/http/rest/expect.h"
#include "tests/model/text.h"

namespace rhumb::http::rest {
namespace {

using nlohmann::json;

base::Result<model::CollectionConfig> create(const std::string& body) {
  return parse_create_collection(body);
}

TEST(ParseCreateTest, a_collection_has_one_vector_or_several) {
  const auto one = create(R"({"vectors":{"size":4,"distance":"Cosine"}})");
  ASSERT_TRUE(one.ok()) << one.status().message();
  EXPECT_TRUE(one->single_vector);
  EXPECT_EQ(one->vectors.at("").size, 4u);
  EXPECT_FALSE(one->vectors.at("").datatype_given);
  EXPECT_EQ(one->shard_number, 1u);
  EXPECT_TRUE(one->on_disk_payload);

  const auto several = create(
      R"({"vectors":{"text":{"size":65536,"distance":"Dot","datatype":"float16","on_disk":true,"hnsw_config":{"m":0},
      "quantization_config":{"scalar":{"type":"int8","quantile":0.99}}},"":{"size":1,"distance":"Euclid"},"size":{"size":2,"distance":"Manhattan","datatype":"uint8"}}})");
  ASSERT_TRUE(several.ok()) << several.status().message();
  EXPECT_FALSE(several->single_vector);
  ASSERT_EQ(several->vectors.size(), 3u);
  const auto& text = several->vectors.at("text");
  EXPECT_EQ(text.size, 65536u);
  EXPECT_EQ(text.distance, model::Distance::kDot);
  EXPECT_EQ(text.datatype, model::Scalar::kFloat16);
  EXPECT_TRUE(text.datatype_given);
  EXPECT_EQ(text.on_disk, true);
  EXPECT_EQ(text.hnsw.m, 0u);
  EXPECT_EQ(json::parse(text.quantization_json)["scalar"]["quantile"], 0.99);
  EXPECT_EQ(several->vectors.at("size").datatype, model::Scalar::kUint8)
      << "a vector may be called size";
  for (const char* body : {"{}", R"({"vectors":{}})", R"({"vectors":null})"})
    EXPECT_TRUE(create(body)->vectors.empty()) << body;
}

TEST(ParseCreateTest, numbers_and_hints_are_read) {
  const auto config = create(
      R"({"vectors":{"size":4,"distance":"Cosine"},"shard_number":256,"replication_factor":3,"write_consistency_factor":2,
      "on_disk_payload":false,"hnsw_config":{"m":8,"ef_construct":50,"full_scan_threshold":10,"max_indexing_threads":2,"payload_m":4,"on_disk":true},
      "optimizers_config":{"deleted_threshold":0.5,"max_optimization_threads":"auto"},"wal_config":{"wal_capacity_mb":1},
      "quantization_config":{"product":{"compression":"x16"}},"strict_mode_config":{"enabled":false},"metadata":{"owner":{"name":"me"}},"sharding_method":"auto",
      "sparse_vectors":{},"unknown":"is passed over"})");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->shard_number, 256u);
  EXPECT_EQ(config->replication_factor, 3u);
  EXPECT_EQ(config->write_consistency_factor, 2u);
  EXPECT_FALSE(config->on_disk_payload);
  EXPECT_EQ(config->hnsw.m, 8u);
  EXPECT_EQ(config->hnsw.ef_construct, 50u);
  EXPECT_EQ(config->hnsw.on_disk, true);
  EXPECT_FALSE(config->hnsw.inline_storage);
  EXPECT_EQ(config->settings_json.size(), 5u);
  EXPECT_EQ(json::parse(config->settings_json.at("metadata")),
            json::parse(R"({"owner":{"name":"me"}})"));
  EXPECT_EQ(json::parse(config->settings_json.at("quantization_config")),
            json::parse(R"({"product":{"compression":"x16"}})"));
  const auto disabled = create(
      R"({"quantization_config":"Disabled","vectors":{"size":4,"distance":"Dot","quantization_config":"Disabled"}})");
  ASSERT_TRUE(disabled.ok()) << disabled.status().message();
  EXPECT_FALSE(disabled->settings_json.contains("quantization_config"));
  EXPECT_EQ(disabled->vectors.at("").quantization_json, "");
}

TEST(ParseCreateTest, invalid_members_are_named) {
  const auto vector = [](const std::string& members) {
    return R"({"vectors":{"size":4,"distance":"Dot",)" + members + "}}";
  };
  const std::string many = [] {
    std::string out = R"({"vectors":{)";
    for (int i = 0; i < 65; ++i)
      out += (i > 0 ? ",\"v" : "\"v") + std::to_string(i) + R"(":{"size":1,"distance":"Dot"})";
    return out + "}}";
  }();
  expect_refused(
      {
          {"", Code::kMalformedBody, ""},
          {"[]", Code::kInvalid, "expected an object"},
          {std::string(200, '['), Code::kMalformedBody, ""},
          {R"({"vectors":)" + std::string(130, '[') + std::string(130, ']') + "}", Code::kInvalid,
           "nested deeper than 128 levels"},
          {R"({"vectors":[]})", Code::kInvalid, "vectors: expected an object"},
          {R"({"vectors":{"text":7}})", Code::kInvalid, "vectors.text: expected an object"},
          {R"({"vectors":{"size":4}})", Code::kInvalid, "vectors: missing field `distance`"},
          {R"({"vectors":{"text":{"distance":"Dot"}}})", Code::kInvalid,
           "vectors.text: missing field `size`"},
          {R"({"vectors":{"size":0,"distance":"Dot"}})", Code::kUnprocessable,
           "vectors.size: 0 is not from 1 to 65536"},
          {R"({"vectors":{"size":65537,"distance":"Dot"}})", Code::kUnprocessable,
           "vectors.size: 65537 is not from 1 to 65536"},
          {R"({"vectors":{"size":"4","distance":"Dot"}})", Code::kInvalid,
           "vectors.size: expected a whole number"},
          {R"({"vectors":{"size":-4,"distance":"Dot"}})", Code::kInvalid,
           "vectors.size: expected a whole number from 1 to 65536"},
          {R"({"vectors":{"size":4,"distance":"cosine"}})", Code::kInvalid,
           "vectors.distance: 'cosine' is not one of Cosine, Dot, Euclid, Manhattan"},
          {R"({"vectors":{"size":4,"distance":7}})", Code::kInvalid,
           "vectors.distance: '7' is not one of"},
          {vector(R"("datatype":"int4")"), Code::kInvalid,
           "vectors.datatype: 'int4' is not one of float32, float16, uint8"},
          {vector(R"("on_disk":1)"), Code::kInvalid, "vectors.on_disk: expected true or false"},
          {vector(R"("hnsw_config":{"m":513})"), Code::kUnprocessable,
           "vectors.hnsw_config.m: 513 is not from 0 to 512"},
          {vector(R"("quantization_config":{"scalar":{"type":"int4"}})"), Code::kInvalid,
           "vectors.quantization_config.scalar.type: expected int8"},
          {vector(R"("quantization_config":{"scalar":{"type":7}})"), Code::kInvalid,
           "scalar.type: expected int8"},
          {many, Code::kUnprocessable, "vectors: 65 named vectors, at most 64"},
          {R"({"vectors":{"a/b":{"size":4,"distance":"Dot"}}})", Code::kUnprocessable,
           "vectors: a name must not hold"},
          {"{\"vectors\":{\"" + std::string(201, 'x') + R"(":{"size":4,"distance":"Dot"}}})",
           Code::kUnprocessable, "vectors: a name has 1 to 200 bytes, this one has 201"},
          {R"({"shard_number":0})", Code::kUnprocessable, "shard_number: 0 is not from 1 to 256"},
          {R"({"shard_number":257})", Code::kUnprocessable,
           "shard_number: 257 is not from 1 to 256"},
          {R"({"replication_factor":0})", Code::kUnprocessable, "replication_factor: 0"},
          {R"({"on_disk_payload":"yes"})", Code::kInvalid,
           "on_disk_payload: expected true or false"},
          {R"({"hnsw_config":7})", Code::kInvalid, "hnsw_config: expected an object"},
          {R"({"hnsw_config":{"ef_construct":3}})", Code::kUnprocessable,
           "hnsw_config.ef_construct: 3 is not from 4"},
          {R"({"hnsw_config":{"full_scan_threshold":9}})", Code::kUnprocessable,
           "hnsw_config.full_scan_threshold: 9"},
          {R"({"sparse_vectors":{"s":{}}})", Code::kUnsupported, "sparse vectors"},
          {R"({"sharding_method":"custom"})", Code::kUnsupported, "custom sharding"},
          {R"({"strict_mode_config":{"enabled":true}})", Code::kUnsupported,
           "strict mode (strict_mode_config.enabled)"},
          {R"({"contract":7})", Code::kInvalid, "contract: expected an object"},
          {R"({"contract":{"recall":"high"}})", Code::kInvalid,
           "contract.recall: expected a number"},
          {R"({"contract":{"recall":0.5}})", Code::kUnprocessable,
           "contract.recall: 0.5 is not from 0.9 to 0.999"},
          {R"({"contract":{"recal":0.95}})", Code::kInvalid,
           "contract: unknown field `recal`, expected one of recall"},
          {R"({"contract":{"p99_ms":5}})", Code::kUnsupported, "contract.p99_ms"},
      },
      create);
}

TEST(ParseCreateTest, hints_are_checked_and_bounded) {
  const std::string long_text(limits::kMaxMetadataBytes, 'x');
  expect_refused(
      {
          {R"({"optimizers_config":[]})", Code::kInvalid, "optimizers_config: expected an object"},
          {R"({"optimizers_config":{"deleted_threshold":1.5}})", Code::kUnprocessable,
           "optimizers_config.deleted_threshold: 1.5 is not from 0 to 1"},
          {R"({"optimizers_config":{"vacuum_min_vector_number":99}})", Code::kUnprocessable,
           "optimizers_config.vacuum_min_vector_number: 99"},
          {R"({"optimizers_config":{"max_optimization_threads":"all"}})", Code::kInvalid,
           "optimizers_config.max_optimization_threads: expected a number"},
          {R"({"wal_config":{"wal_capacity_mb":0}})", Code::kUnprocessable,
           "wal_config.wal_capacity_mb: 0"},
          {R"({"wal_config":{"wal_capacity_mb":"1"}})", Code::kInvalid,
           "wal_config.wal_capacity_mb: expected a number"},
          {R"({"quantization_config":{}})", Code::kInvalid,
           "quantization_config: expected one of scalar, product, binary, turbo"},
          {R"({"quantization_config":{"octal":{}}})", Code::kInvalid,
           "quantization_config: unknown field `octal`, expected one of scalar, product, binary, "
           "turbo"},
          {R"({"quantization_config":{"product":{"compression":"x3"}}})", Code::kInvalid,
           "quantization_config.product.compression: expected one of x4"},
          {R"({"quantization_config":{"scalar":{"type":"int8","quantile":0.4}}})",
           Code::kUnprocessable, "quantization_config.scalar.quantile: 0.4"},
          {R"({"quantization_config":{"binary":true}})", Code::kInvalid,
           "quantization_config.binary: expected an object"},
          {R"({"strict_mode_config":7})", Code::kInvalid, "strict_mode_config: expected an object"},
          {R"({"metadata":7})", Code::kInvalid, "metadata: expected an object"},
          {R"({"metadata":{"a":")" + long_text + "\"}}", Code::kUnprocessable,
           "metadata: 65544 bytes, at most 65536"},
          {R"({"optimizers_config":{"prevent_unoptimized":")" + long_text + "\"}}",
           Code::kUnprocessable, "optimizers_config: 65562 bytes, at most 65536"},
          {R"({"quantization_config":{"binary":{"encoding":")" + long_text + "\"}}}",
           Code::kUnprocessable, "quantization_config: 65562 bytes, at most 65536"},
          {R"({"vectors":{"size":4,"distance":"Dot","quantization_config":{"turbo":{"bits":")" +
               long_text + "\"}}}}",
           Code::kUnprocessable, "vectors.quantization_config: 65557 bytes, at most 65536"},
      },
      create);
}

TEST(ParseUpdateTest, members_that_are_given_replace_and_the_others_stay) {
  auto present = *create(
      R"({"vectors":{"text":{"size":4,"distance":"Dot","hnsw_config":{"m":8}},"other":{"size":2,"distance":"Dot"}},"shard_number":3,
      "hnsw_config":{"m":8,"ef_construct":50},"metadata":{"a":1,"b":2},"quantization_config":{"binary":{}}})");
  present.payload_indexes["k"] = {};
  const auto changed = parse_update_collection(
      R"({"params":{"replication_factor":2,"on_disk_payload":false},"hnsw_config":{"m":16},"metadata":{"b":3,"a":null,"c":4},"quantization_config":"Disabled",
          "vectors":{"text":{"on_disk":true,"hnsw_config":{"ef_construct":9},"quantization_config":{"binary":{}}}}})",
      present);
  ASSERT_TRUE(changed.ok()) << changed.status().message();
  EXPECT_EQ(changed->replication_factor, 2u);
  EXPECT_FALSE(changed->on_disk_payload);
  EXPECT_EQ(changed->hnsw.m, 16u);
  EXPECT_EQ(changed->hnsw.ef_construct, 50u);
  EXPECT_EQ(json::parse(changed->settings_json.at("metadata")), json::parse(R"({"b":3,"c":4})"))
      << "null removes a member";
  EXPECT_FALSE(changed->settings_json.contains("quantization_config"));
  const auto& text = changed->vectors.at("text");
  EXPECT_EQ(text.size, 4u);
  EXPECT_EQ(text.on_disk, true);
  EXPECT_EQ(json::parse(text.hnsw_json), json::parse(R"({"m":8,"ef_construct":9})"));
  EXPECT_EQ(text.quantization_json, R"({"binary":{}})");
  EXPECT_TRUE(changed->payload_indexes.contains("k"));
  EXPECT_EQ(changed->shard_number, 3u);
  EXPECT_EQ(parse_update_collection(R"({"vectors":{"text":{"quantization_config":"Disabled"}}})",
                                    *changed)
                ->vectors.at("text")
                .quantization_json,
            "");
  EXPECT_EQ(model::text_of(*parse_update_collection("{}", present)), model::text_of(present));
}

TEST(ParseUpdateTest, null_removes_members_of_the_metadata_only) {
  const auto present = *create(
      R"({"metadata":{"team":"red","nested":{"x":null,"y":1},"last":0},"optimizers_config":{"indexing_threshold":7},"vectors":{"size":2,"distance":"Dot"}})");
  const auto after = [&](const std::string& body) {
    return *parse_update_collection(body, present);
  };
  const auto metadata = [&](const std::string& body) {
    return json::parse(after(body).settings_json.at("metadata"));
  };
  EXPECT_EQ(metadata(R"({"metadata":{"team":null,"unknown":null}})"),
            json::parse(R"({"nested":{"x":null,"y":1},"last":0})"));
  EXPECT_EQ(metadata(R"({"metadata":{"nested":{"z":2}}})"),
            json::parse(R"({"team":"red","nested":{"z":2},"last":0})"))
      << "members of the first level";
  EXPECT_EQ(metadata(R"({"metadata":{"team":null,"nested":null,"last":null}})"), json::object());
  EXPECT_EQ(metadata(R"({"metadata":null})"), json::parse(present.settings_json.at("metadata")));
  EXPECT_EQ(json::parse(after(R"({"optimizers_config":{"indexing_threshold":null}})")
                            .settings_json.at("optimizers_config"))["indexing_threshold"],
            7);
}

TEST(ParseUpdateTest, quantization_has_two_names_and_memory_is_one_of_several_values) {
  const auto made = create(
      R"({"quantization":{"binary":{}},"vectors":{"a":{"size":2,"distance":"Dot","memory":"cold","quantization":{"turbo":{}},
      "hnsw_config":{"memory":"cached"}}},"payload":{"memory":"cached"},"id_tracker":{"memory":"pinned"},"hnsw_config":{"memory":"pinned"}})");
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->settings_json.at("quantization_config"), R"({"binary":{}})");
  EXPECT_EQ(made->vectors.at("a").quantization_json, R"({"turbo":{}})");
  EXPECT_EQ(made->vectors.at("a").memory, "cold");
  EXPECT_TRUE(made->vectors.at("a").leaves_memory());
  EXPECT_EQ(made->vectors.at("a").hnsw.leaves_memory(), false);
  EXPECT_EQ(made->hnsw.memory, "pinned");
  const auto changed = parse_update_collection(
      R"({"quantization":"Disabled","params":{"payload":{"memory":"cold"}},"vectors":{"a":{"memory":"pinned","quantization":{"binary":{}}}}})",
      *made);
  ASSERT_TRUE(changed.ok()) << changed.status().message();
  EXPECT_FALSE(changed->settings_json.contains("quantization_config"));
  EXPECT_EQ(changed->settings_json.at("payload"), R"({"memory":"cold"})");
  EXPECT_EQ(changed->vectors.at("a").quantization_json, R"({"binary":{}})");
  EXPECT_FALSE(changed->vectors.at("a").leaves_memory());
  const auto vector = [](const std::string& members) {
    return R"({"vectors":{"size":4,"distance":"Dot",)" + members + "}}";
  };
  expect_refused(
      {{vector(R"("memory":"warm")"), Code::kInvalid,
        "vectors.memory: \"warm\" is not one of cold, cached, pinned"},
       {vector(R"("memory":true)"), Code::kInvalid, "vectors.memory: true is not one of"},
       {vector(R"("hnsw_config":{"memory":"hot"})"), Code::kInvalid,
        "vectors.hnsw_config.memory: \"hot\""},
       {R"({"payload":{"memory":1}})", Code::kInvalid, "payload.memory: 1 is not one of"},
       {R"({"payload":7})", Code::kInvalid, "payload: expected an object"},
       {R"({"quantization":{"octal":{}}})", Code::kInvalid, "quantization: unknown field `octal`"},
       {R"({"quantization":{"binary":{}},"quantization_config":{"binary":{}}})", Code::kInvalid,
        "field `quantization_config` comes twice, as `quantization` as well"},
       {vector(R"("quantization":{"binary":{}},"quantization_config":{"binary":{}})"),
        Code::kInvalid, "field `quantization_config` comes twice, as `quantization` as well"}},
      create);
}

TEST(ParseUpdateTest, invalid_members_are_named_and_limits_are_checked_on_the_result) {
  auto present = *create(R"({"vectors":{"size":4,"distance":"Dot"}})");
  present.settings_json["metadata"] = R"({"a":")" + std::string(60'000, 'x') + "\"}";
  expect_refused(
      {{R"({"vectors":[]})", Code::kInvalid, "vectors: expected an object"},
       {R"({"vectors":{"nope":{}}})", Code::kInvalid,
        "Not existing vector name error: nope (vectors.nope)"},
       {R"({"vectors":{"":7}})", Code::kInvalid, "vectors.: expected an object"},
       {R"({"vectors":{"":{"hnsw_config":{"m":-1}}}})", Code::kInvalid,
        "vectors..hnsw_config.m: expected a whole number"},
       {R"({"params":7})", Code::kInvalid, "params: expected an object"},
       {R"({"params":{"replication_factor":0}})", Code::kUnprocessable,
        "params.replication_factor: 0"},
       {R"({"sparse_vectors":{"s":{}}})", Code::kUnsupported, "sparse vectors"},
       {R"({"metadata":{"b":")" + std::string(6'000, 'x') + "\"}}", Code::kUnprocessable,
        "metadata: 66015 bytes, at most 65536"},
       {R"({"optimizers_config":7})", Code::kInvalid, "optimizers_config: expected an object"}},
      [&](const std::string& body) { return parse_update_collection(body, present); });
}

TEST(ParseAliasesTest, actions_are_read_in_their_order) {
  using Kind = gateway::AliasAction::Kind;
  const auto actions = parse_alias_actions(
      R"({"actions":[{"create_alias":{"collection_name":"books","alias_name":"b"}},
      {"rename_alias":{"old_alias_name":"b","new_alias_name":"c"}},{"delete_alias":{"alias_name":"c"}}]})");
  ASSERT_TRUE(actions.ok()) << actions.status().message();
  ASSERT_EQ(actions->size(), 3u);
  EXPECT_EQ(actions->at(0).kind, Kind::kCreate);
  EXPECT_EQ(actions->at(0).collection, "books");
  EXPECT_EQ(actions->at(0).alias, "b");
  EXPECT_EQ(actions->at(1).kind, Kind::kRename);
  EXPECT_EQ(actions->at(1).alias, "b");
  EXPECT_EQ(actions->at(1).new_alias, "c");
  EXPECT_EQ(actions->at(2).kind, Kind::kDelete);
  EXPECT_EQ(actions->at(2).alias, "c");
  expect_refused({{"{}", Code::kInvalid, "actions: expected an array"},
                  {R"({"actions":[7]})", Code::kInvalid,
                   "actions[0]: expected one of create_alias, delete_alias, rename_alias"},
                  {R"({"actions":[{}]})", Code::kInvalid, "actions[0]: expected one of"},
                  {R"({"actions":[{"explode_alias":{}}]})", Code::kInvalid,
                   "actions[0]: unknown field `explode_alias`, expected one of create_alias"},
                  {R"({"actions":[{"delete_alias":{"alias_name":"a"}},{"delete_alias":7}]})",
                   Code::kInvalid, "actions[1].delete_alias: missing field `alias_name`"},
                  {R"({"actions":[{"create_alias":{"alias_name":"a"}}]})", Code::kInvalid,
                   "actions[0].create_alias: missing field `collection_name`"},
                  {R"({"actions":[{"create_alias":{"alias_name":"a/b","collection_name":"c"}}]})",
                   Code::kUnprocessable, "actions[0].alias_name: a name must not hold"},
                  {R"({"actions":[{"rename_alias":{"old_alias_name":"a","new_alias_name":""}}]})",
                   Code::kUnprocessable, "actions[0].new_alias_name: a name has 1 to 255 bytes"},
                  {R"({"actions":[)" + repeated("{}", limits::kMaxBatchOperations + 1) + "]}",
                   Code::kUnprocessable, "actions: at most 1024 at once"}},
                 parse_alias_actions);
}

TEST(ParseIndexTest, types_and_parameters_are_read) {
  for (const char* type : {"keyword", "integer", "float", "bool", "datetime", "uuid"}) {
    const auto plain =
        parse_create_index(std::string(R"({"field_name":"a[].b","field_schema":")") + type + "\"}");
    ASSERT_TRUE(plain.ok()) << plain.status().message();
    EXPECT_EQ(plain->first, "a[].b");
    EXPECT_EQ(model::field_type_name(plain->second.type), type);
    EXPECT_EQ(plain->second.params_json, "");
    const auto object =
        parse_create_index(std::string(R"({"field_name":"a","field_schema":{"type":")") + type +
                           R"(","on_disk":true}})");
    ASSERT_TRUE(object.ok());
    EXPECT_EQ(json::parse(object->second.params_json)["on_disk"], true);
  }
  expect_refused(
      {{"{}", Code::kInvalid, "field_name: expected a string"},
       {R"({"field_name":7,"field_schema":"keyword"})", Code::kInvalid,
        "field_name: expected a string"},
       {R"({"field_name":"","field_schema":"keyword"})", Code::kUnprocessable,
        "field_name: 1 to 512 bytes, got 0"},
       {R"({"field_name":")" + std::string(513, 'a') + R"(","field_schema":"keyword"})",
        Code::kUnprocessable, "field_name: 1 to 512 bytes, got 513"},
       {R"({"field_name":"a..b","field_schema":"keyword"})", Code::kInvalid,
        "field_name: Invalid json path: 'a..b'"},
       {R"({"field_name":"a"})", Code::kUnsupported, "payload index without a schema"},
       {R"({"field_name":"a","field_schema":7})", Code::kInvalid,
        "field_schema: expected a type, or an object with a type"},
       {R"({"field_name":"a","field_schema":{"type":7}})", Code::kInvalid,
        "field_schema: expected a type"},
       {R"({"field_name":"a","field_schema":"string"})", Code::kInvalid,
        "field_schema: 'string' is not one of keyword"},
       {R"({"field_name":"a","field_schema":"geo"})", Code::kUnsupported, "geo index"},
       {R"({"field_name":"a","field_schema":{"type":"text"}})", Code::kUnsupported, "text index"},
       {R"({"field_name":"a","field_schema":{"type":"keyword","nested":")" +
            std::string(70'000, 'x') + "\"}}",
        Code::kUnprocessable, "field_schema: 700"}},
      parse_create_index);
}

TEST(CheckNameTest, a_name_has_a_limited_length_and_set_of_characters) {
  for (const std::string& good : {std::string("a"), std::string("my books"),
                                  std::string("b\xc3\xbc"
                                              "cher"),
                                  std::string("..."), std::string(255, 'x')}) {
    EXPECT_TRUE(check_name(good, "name", 255).ok()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string(256, 'x'), std::string("."), std::string(".."),
        std::string("a/b"), std::string("a\\b"), std::string("a:b"), std::string("a*"),
        std::string("a?"), std::string("a\"b"), std::string("<a>"), std::string("a|b"),
        std::string("a\nb"), std::string("a\0b", 3), std::string("\xff"), std::string("a\xc3")}) {
    const base::Status status = check_name(bad, "collection_name", 255);
    EXPECT_EQ(status.code(), Code::kUnprocessable) << bad;
    EXPECT_NE(status.message().find("collection_name"), std::string::npos);
  }
}

}  // namespace
}  // namespace rhumb::http::rest
