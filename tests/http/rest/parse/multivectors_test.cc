// Multivectors in JSON: creating, storing, querying and showing them, and naming the errors in
// them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/http/rest/latency/short_search.h"
#include "host/http/rest/parse/collection_body.h"
#include "host/http/rest/parse/parse_query.h"
#include "host/http/rest/parse/parse_writes.h"
#include "host/http/rest/parse/point_stream.h"
#include "host/http/rest/reply/collection_info.h"
#include "host/http/rest/reply/json_write.h"
#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {
namespace {

using nlohmann::json;

model::VectorParams params(model::Distance distance,
                           model::Scalar datatype = model::Scalar::kFloat32) {
  model::VectorParams p{.size = 2, .distance = distance, .datatype = datatype};
  p.multivector = true;
  return p;
}

// The configuration with the unnamed vector only, or with "tokens" (dot), "half" (cosine) and
// "bytes" beside a dense vector.
model::CollectionConfig unnamed(model::Distance distance = model::Distance::kDot) {
  model::CollectionConfig config;
  config.vectors[""] = params(distance);
  config.single_vector = true;
  return config;
}
model::CollectionConfig named() {
  model::CollectionConfig config;
  config.vectors["dense"] = {.size = 2, .distance = model::Distance::kDot};
  config.vectors["tokens"] = params(model::Distance::kDot);
  config.vectors["half"] = params(model::Distance::kCosine, model::Scalar::kFloat16);
  config.vectors["bytes"] = params(model::Distance::kEuclid, model::Scalar::kUint8);
  return config;
}

std::string bytes(const std::string& vector, const model::CollectionConfig& config = unnamed()) {
  const auto parsed = parse_vectors(vector, config);
  EXPECT_TRUE(parsed.ok()) << vector << "\n" << parsed.status().message();
  return parsed.ok() && parsed->size() == 1 ? parsed->front().bytes : "";
}

TEST(MultivectorsTest, a_collection_sets_and_shows_the_comparator_of_multivectors) {
  const std::string body =
      R"({"vectors":{"t":{"size":4,"distance":"Cosine","multivector_config":{"comparator":"max_sim"}},"d":{"size":4,"distance":"Dot"}}})";
  const auto config = parse_create_collection(body);
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_TRUE(config->vectors.at("t").multivector);
  EXPECT_FALSE(config->vectors.at("d").multivector);
  const auto stored = model::collection_config_from_json(model::to_json(*config));
  ASSERT_TRUE(stored.ok());
  EXPECT_TRUE(stored->vectors.at("t") == config->vectors.at("t"));
  EXPECT_FALSE(stored->vectors.at("d").multivector);
  auto other = config->vectors.at("t");
  other.multivector = false;
  EXPECT_FALSE(other == config->vectors.at("t"));
  gateway::CollectionState state;
  auto collection = std::make_shared<model::Collection>();
  collection->config = *config;
  state.collection = collection;
  EXPECT_EQ(json::parse(collection_info_json(state))["config"]["params"]["vectors"],
            json::parse(body)["vectors"]);
  const auto with = [](const std::string& config_json) {
    return R"({"vectors":{"size":4,"distance":"Dot","multivector_config":)" + config_json + "}}";
  };
  expect_refused(
      {{with("7"), Code::kMalformedBody, "vectors.multivector_config: expected an object"},
       {with("{}"), Code::kMalformedBody, "vectors.multivector_config: missing field `comparator`"},
       {with(R"({"comparator":"sum"})"), Code::kMalformedBody,
        "vectors.multivector_config.comparator: \"sum\" is not max_sim"}},
      parse_create_collection);
  EXPECT_FALSE(parse_create_collection(with("null"))->vectors.at("").multivector);
}

TEST(MultivectorsTest, the_rows_of_a_multivector_are_stored_one_after_another) {
  EXPECT_EQ(bytes("[[1,2],[3,4],[5,6]]"), floats({1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(bytes("[[1,2]]"), floats({1, 2}));
  EXPECT_EQ(bytes("[1,2]"), floats({1, 2})) << "a dense vector is one row";
  EXPECT_EQ(bytes("[[3,4],[0,0],[0,-7]]", unnamed(model::Distance::kCosine)),
            floats({0.6f, 0.8f, 0, 0, 0, -1}))
      << "each row of unit length";
  EXPECT_EQ(bytes(R"({"vector_b64":"AACAPwAAAEAAAEBAAACAQA=="})"), floats({1, 2, 3, 4})) << "flat";
  const auto all = parse_vectors(
      R"({"dense":[1,2],"tokens":[[1,2],[3,4]],"half":[[0,2],[0,-2]],"bytes":[[1,2],[254,255]]})",
      named());
  ASSERT_TRUE(all.ok()) << all.status().message();
  EXPECT_EQ(all->at(1).bytes, floats({1, 2, 3, 4}));
  EXPECT_EQ(all->at(2).bytes, std::string("\0\0\x00\x3c\0\0\x00\xbc", 8));
  EXPECT_EQ(all->at(3).bytes, std::string("\x01\x02\xfe\xff", 4));
}

// Wide arrays are read without the JSON library, which must not change their rows.
TEST(MultivectorsTest, a_wide_array_is_one_row) {
  auto config = unnamed();
  config.vectors[""].size = 100;
  const std::string number = "0.12345678";
  EXPECT_EQ(bytes("[" + repeated(number, 100) + "]", config),
            floats(std::vector<float>(100, 0.12345678f)));
  const std::string rows = "[" + repeated(number, 100) + "] , [" + repeated(number, 100) + "]";
  for (const std::string open : {"[", "[ "})
    EXPECT_EQ(bytes(open + rows + "]", config), floats(std::vector<float>(200, 0.12345678f)));
  expect_refused({{"[" + repeated(number, 200) + "]", Code::kInvalid,
                   "expected dim: 100, got 200 (points[0].vector)"}},
                 [&](const std::string& vector) { return parse_vectors(vector, config); });
}

TEST(MultivectorsTest, columns_updates_and_import_lines_take_multivectors) {
  const auto columns =
      parse_upsert(R"({"batch":{"ids":[1,2],"vectors":[[[1,2],[3,4]],[5,6]]}})", unnamed());
  ASSERT_TRUE(columns.ok()) << columns.status().message();
  EXPECT_EQ(columns->points[0].vectors[0].bytes, floats({1, 2, 3, 4}));
  EXPECT_EQ(columns->points[1].vectors[0].bytes, floats({5, 6}));
  const auto by_name = parse_upsert(
      R"({"batch":{"ids":[1],"vectors":{"tokens":[[[1,2],[3,4]]],"dense":[[5,6]]}}})", named());
  ASSERT_TRUE(by_name.ok()) << by_name.status().message();
  EXPECT_EQ(by_name->points[0].vectors[0].bytes, floats({1, 2, 3, 4}));
  const auto update =
      parse_update_vectors(R"({"points":[{"id":1,"vector":[[1,2],[3,4]]}]})", unnamed());
  ASSERT_TRUE(update.ok()) << update.status().message();
  EXPECT_EQ(update->points[0].vectors[0].bytes, floats({1, 2, 3, 4}));
  const auto line =
      parse_import_line(R"({"id":1,"vector_b64":"AACAPwAAAEAAAEBAAACAQA=="})", unnamed());
  ASSERT_TRUE(line.ok()) << line.status().message();
  EXPECT_EQ(line->vectors[0].bytes, floats({1, 2, 3, 4}));
}

TEST(MultivectorsTest, invalid_members_are_named) {
  const std::string row = "[" + repeated("1", 2) + "]";
  const std::string too_many = "[" + repeated(row, limits::kMaxMultivectorComponents / 2 + 1) + "]";
  expect_refused(
      {{"[]", Code::kInvalid, "Vector dimension error: expected dim: 2, got 0 (points[0].vector)"},
       {"[[]]", Code::kInvalid,
        "Vector dimension error: expected dim: 2, got 0 (points[0].vector[0])"},
       {"[[1,2],[3]]", Code::kInvalid,
        "Vector dimension error: expected dim: 2, got 1 (points[0].vector[1])"},
       {"[[1,2],[3,4,5]]", Code::kInvalid, "expected dim: 2, got 3 (points[0].vector[1])"},
       {"[1,2,3,4]", Code::kInvalid, "expected dim: 2, got 4 (points[0].vector)"},
       {"[[1,2],7]", Code::kMalformedBody,
        "points[0].vector[1]: expected an array, got an integer"},
       {"[1,[2,3]]", Code::kMalformedBody, "points[0].vector[1]: expected a number, got an array"},
       {"[[1,2],[3,\"4\"]]", Code::kMalformedBody,
        "points[0].vector[1][1]: expected a number, got a string"},
       {"[[[1,2]]]", Code::kMalformedBody,
        "points[0].vector[0][0]: expected a number, got an array"},
       {"[[1,2],[3,1e39]]", Code::kInvalid,
        "points[0].vector: a component is beyond the range of float32"},
       {too_many, Code::kInvalid,
        "points[0].vector: 1048578 components, a multivector has at most 1048576"},
       {R"({"vector_b64":"AACAPwAAAEAAAEBA"})", Code::kInvalid,
        "3 components are not a whole number of rows of 2 (points[0].vector)"},
       {R"({"vector_b64":""})", Code::kInvalid,
        "0 components are not a whole number of rows of 2"}},
      [](const std::string& vector) { return parse_vectors(vector, unnamed()); });
  expect_refused(
      {{R"({"dense":[[1,2]]})", Code::kInvalid,
        "Conversion between multi and regular vectors failed (points[0].vector.dense)"},
       {R"({"bytes":[[1,2],[3,256]]})", Code::kInvalid,
        "points[0].vector.bytes[1][1]: a uint8 vector holds whole numbers from 0 to 255"},
       {R"({"half":[[1,2],[3]]})", Code::kInvalid, "got 1 (points[0].vector.half[1])"}},
      [](const std::string& vector) { return parse_vectors(vector, named()); });
  EXPECT_EQ(bytes("[" + repeated(row, limits::kMaxMultivectorComponents / 2) + "]").size(),
            limits::kMaxMultivectorComponents * sizeof(float));
}

TEST(MultivectorsTest, a_query_may_be_a_multivector) {
  const auto query = [](const std::string& body) { return parse_query(body, named()); };
  for (const char* body :
       {R"({"query":[[1,2],[3,4]],"using":"tokens"})",
        R"({"query":{"nearest":[[1,2],[3,4]]},"using":"tokens"})",
        R"({"query":{"vector_b64":"AACAPwAAAEAAAEBAAACAQA=="},"using":"tokens"})"}) {
    const auto parsed = query(body);
    ASSERT_TRUE(parsed.ok()) << body << "\n" << parsed.status().message();
    EXPECT_EQ(parsed->search.vector, floats({1, 2, 3, 4})) << body;
    EXPECT_FALSE(short_search_kind(*parsed, named())) << "what it costs is not known beforehand";
  }
  EXPECT_EQ(query(R"({"query":[1,2],"using":"tokens"})")->search.vector, floats({1, 2}));
  EXPECT_TRUE(query(R"({"query":7,"using":"tokens"})")->like_id);
  const auto batch = parse_query_batch(
      R"({"searches":[{"query":[[1,2],[3,4]],"using":"tokens"},{"query":[1,2],"using":"dense"}]})",
      named());
  ASSERT_TRUE(batch.ok()) << batch.status().message();
  EXPECT_EQ(batch->at(0).search.vector.size(), 16u);
  EXPECT_EQ(parse_search(R"({"vector":{"name":"tokens","vector":[1,2]}})", named())->search.vector,
            floats({1, 2}));
  expect_refused(
      {{R"({"query":[[1,2]],"using":"dense"})", Code::kInvalid,
        "Conversion between multi and regular vectors failed (query)"},
       {R"({"query":[[1,2],[3]],"using":"tokens"})", Code::kInvalid,
        "expected dim: 2, got 1 (query[1])"},
       {R"({"query":[],"using":"tokens"})", Code::kInvalid, "expected dim: 2, got 0 (query)"}},
      query);
  expect_refused({{R"({"vector":{"name":"tokens","vector":[[1,2]]}})", Code::kMalformedBody,
                   "vector: points/search takes one row"}},
                 [](const std::string& body) { return parse_search(body, named()); });
}

TEST(MultivectorsTest, multivectors_are_shown_as_arrays_of_rows) {
  const auto shown = [](const model::CollectionConfig& config,
                        std::vector<model::NamedVector> vectors) {
    model::Record record;
    record.id = model::PointId::number(1);
    record.vectors = std::move(vectors);
    return json::parse(records_json({record}, {false, false, true, &config}))[0]["vector"].dump();
  };
  EXPECT_EQ(shown(unnamed(), {{"", floats({1, 2, 3, 4})}}), "[[1.0,2.0],[3.0,4.0]]");
  EXPECT_EQ(shown(unnamed(), {{"", floats({1, 2})}}), "[[1.0,2.0]]")
      << "one row is rows all the same";
  EXPECT_EQ(shown(named(), {{"bytes", std::string("\x01\x02\xfe\xff", 4)},
                            {"dense", floats({5, 6})},
                            {"half", std::string("\0\0\x00\x3c\0\0\x00\xbc", 8)}}),
            R"({"bytes":[[1,2],[254,255]],"dense":[5.0,6.0],"half":[[0.0,1.0],[0.0,-1.0]]})");
}

TEST(MultivectorsTest, what_was_exported_is_imported) {
  const auto config = named();
  std::vector<model::Record> records(2);
  records[0].id = model::PointId::number(7);
  records[0].vectors = {{"bytes", std::string("\x01\x02\xfe\xff", 4)},
                        {"half", std::string("\0\0\x00\x3c\0\0\x00\xbc", 8)},
                        {"tokens", floats({1, 2, 3, 4, 5, 6})}};
  records[1].id = model::PointId::number(8);
  records[1].vectors = {{"tokens", floats({7, 8})}};
  for (const PointFormat format : {PointFormat::kNdjson, PointFormat::kBinary}) {
    PointReader reader(format, config);
    std::vector<model::PointWrite> points;
    const base::Status fed = reader.feed(write_points(format, config, records, true), points);
    ASSERT_TRUE(fed.ok()) << fed.message();
    ASSERT_TRUE(reader.finish(points).ok());
    ASSERT_EQ(points.size(), 2u);
    for (size_t i = 0; i < points.size(); ++i) {
      ASSERT_EQ(points[i].vectors.size(), records[i].vectors.size());
      for (size_t v = 0; v < points[i].vectors.size(); ++v)
        EXPECT_EQ(points[i].vectors[v].bytes, records[i].vectors[v].bytes);
    }
  }
}

}  // namespace
}  // namespace rhumb::http::rest
