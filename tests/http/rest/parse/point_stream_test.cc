// The bulk formats: the points are the same however the stream is cut, and an error names its line
// or record.
#include "host/http/rest/parse/point_stream.h"

#include <gtest/gtest.h>

#include <cmath>

#include "host/base/bytes.h"
#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {
namespace {

using model::PointId;
using model::PointWrite;

std::string describe(const std::vector<PointWrite>& points) {
  std::string out;
  for (const PointWrite& p : points) {
    out += p.id.to_text() + p.payload;
    for (const auto& v : p.vectors) out += "/" + v.name + "=" + v.bytes;
    out += ";";
  }
  return out;
}

// Feeds the body in pieces of `piece` bytes. The points before a failure stay in `out`.
base::Status read(PointFormat format, const model::CollectionConfig& config,
                  const std::string& body, size_t piece, std::vector<PointWrite>& out) {
  PointReader reader(format, config);
  for (size_t at = 0; at < body.size(); at += piece)
    RHUMB_TRY(reader.feed(std::string_view(body).substr(at, piece), out));
  RHUMB_TRY(reader.finish(out));
  EXPECT_EQ(reader.points(), out.size());
  return base::ok();
}

std::vector<model::Record> sample_records() {
  std::vector<model::Record> records(3);
  records[0].id = PointId::number(7);
  records[0].payload = R"({"a":[1,2.5],"b":"x\ny"})";
  records[0].vectors = {{"code", "\x01\xff"}, {"image", std::string("\x00\x3c\x00\xc0", 4)}};
  records[1].id = *PointId::from_string("gimp");
  records[2].id = *PointId::from_string("5c56c793-69f3-4fbf-87e6-c4bf54c28c26");
  records[2].vectors = {{"text", std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40", 12)}};
  return records;
}

TEST(PointStreamTest, what_was_exported_is_imported_whatever_the_pieces) {
  const auto config = named_vectors();
  const auto records = sample_records();
  std::vector<PointWrite> expected;
  for (const auto& r : records) expected.push_back({r.id, r.payload, r.vectors});
  for (const PointFormat format : {PointFormat::kNdjson, PointFormat::kBinary}) {
    std::string body = write_points(format, config, {records[0], records[1]}, true);
    body += write_points(format, config, {records[2]}, false);
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{64}, body.size()}) {
      std::vector<PointWrite> points;
      const base::Status status = read(format, config, body, piece, points);
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(describe(points), describe(expected)) << "in pieces of " << piece;
    }
  }
}

TEST(PointStreamTest, lines_may_be_blank_end_with_cr_and_lack_the_last_newline) {
  std::vector<PointWrite> points;
  const std::string line = R"({"id":1,"vector":[1,0,0,0]})";
  ASSERT_TRUE(
      read(PointFormat::kNdjson, single_vector(), "\n \t\r\n" + line + "\r\n\n" + line, 5, points)
          .ok());
  EXPECT_EQ(points.size(), 2u);
  points.clear();
  EXPECT_TRUE(read(PointFormat::kNdjson, single_vector(), "", 1, points).ok());
  EXPECT_TRUE(points.empty());
}

TEST(PointStreamTest, an_invalid_line_is_named_and_the_lines_before_it_are_stored) {
  const std::string good = R"({"id":1,"vector":[1,0,0,0]})"
                           "\n";
  const std::pair<std::string, std::string> cases[] = {
      {"{\n", "line 4: "},
      {R"({"id":1})"
       "\n",
       "line 4: missing field `vector`"},
      {R"({"id":-1,"vector":[1,0,0,0]})"
       "\n",
       "line 4: id: a point id is"},
      {R"({"id":1,"vector":[1]})"
       "\n",
       "line 4: Vector dimension error: expected dim: 4, got 1 (vector)"},
      {R"({"id":1,"vector":[1,0,0,0)", "line 4: "}};
  for (const auto& [bad, says] : cases) {
    std::vector<PointWrite> points;
    const base::Status status =
        read(PointFormat::kNdjson, single_vector(), good + "\n" + good + bad, 9, points);
    EXPECT_NE(status.message().find(says), std::string::npos) << status.message();
    EXPECT_EQ(points.size(), 2u);
  }
}

std::string record(std::string_view key, std::string_view payload,
                   const std::vector<std::pair<std::string, std::vector<float>>>& vectors,
                   std::string_view more = {}) {
  std::string body, out;
  base::ByteWriter w(body);
  w.blob(key);
  w.blob(payload);
  w.u32(static_cast<uint32_t>(vectors.size()));
  for (const auto& [name, values] : vectors) {
    w.blob(name);
    w.blob({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  w.raw(more);
  base::ByteWriter(out).blob(body);
  return out;
}

TEST(PointStreamTest, a_binary_record_obeys_the_rules_of_a_point_in_json) {
  const std::string head("RHPOINTS\1\0\0\0", 12), id = PointId::number(1).key();
  const std::string good = record(id, R"({ "a" : 1 })", {{"code", {1, 2}}});
  const auto status_of = [&](const std::string& body) {
    std::vector<PointWrite> points;
    return read(PointFormat::kBinary, named_vectors(), body, 1000, points);
  };
  std::vector<PointWrite> points;
  ASSERT_TRUE(read(PointFormat::kBinary, named_vectors(),
                   head + good + record("\x03gimp", "{}", {}), 3, points)
                  .ok());
  EXPECT_EQ(describe(points), "1{\"a\":1}/code=\x01\x02;gimp;") << "payloads are minified";
  const std::pair<std::string, std::string> cases[] = {
      {"", "the body ends within the record"},
      {"RHPOINTS", "the body ends within the record"},
      {std::string("RHPOINTS\2\0\0\0", 12),
       "does not begin with the head of application/x-rhumb-points version 1"},
      {std::string("{\"id\":1,\"vector\":[1]}"), "does not begin with the head of"},
      {head + good.substr(0, good.size() - 1), "record 1: the body ends within the record"},
      {head + good + std::string("\xff\xff\xff\x7f", 4),
       "record 2: 2147483647 bytes, at most 33554432"},
      {head + good + record("\x04x", "", {}), "record 2: not the key of a point id"},
      {head + record("\x03"
                     "7",
                     "", {}),
       "record 1: point id \"7\" is a number in quotes"},
      {head + record("\x03\xff", "", {}), "record 1: a string id must be valid UTF-8"},
      {head + record("\x03"
                     "5c56c793-69f3-4fbf-87e6-c4bf54c28c26",
                     "", {}),
       "is a UUID"},
      {head + record(id, "[1]", {}), "record 1: the payload is not a JSON object"},
      {head + record(id, "{", {}), "record 1: "},
      {head + record(id, R"({"a":")" + std::string(limits::kMaxPayloadBytes, 'x') + "\"}", {}),
       "record 1: 4194312 bytes of payload, at most 4194304"},
      {head + record(id, "", {{"nope", {1}}}), "record 1: Not existing vector name error: nope"},
      {head + record(id, "", {{"text", {1, 2}}}),
       "record 1: Vector dimension error: expected dim: 3, got 2"},
      {head + record(id, "", {{"code", {1, 2}}, {"code", {3, 4}}}),
       "record 1: vector `code` comes twice"},
      {head + record(id, "", {}, "x"), "record 1: the record has bytes after its last part"},
      {head + record(id, "", {{"text", {1, 2, NAN}}}),
       "record 1: vector: a component is beyond the range"},
  };
  for (const auto& [body, says] : cases) {
    const base::Status status = status_of(body);
    EXPECT_EQ(status.code(), Code::kInvalid) << says;
    EXPECT_NE(status.message().find(says), std::string::npos) << status.message();
  }
}

TEST(PointStreamTest, a_line_beyond_the_limit_is_refused) {
  PointReader reader(PointFormat::kNdjson, single_vector());
  std::vector<PointWrite> points;
  base::Status status;
  uint64_t fed = 0;
  const std::string piece(4 * limits::kMiB, ' ');
  while (status.ok() && fed < 64 * limits::kMiB) {
    status = reader.feed(piece, points);
    fed += piece.size();
  }
  EXPECT_EQ(fed, 36 * limits::kMiB);
  EXPECT_NE(status.message().find("line 1: longer than 33554432 bytes"), std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace rhumb::http::rest
