// Every codec of the model: a value is decoded as it was encoded. Bytes that are cut short or
// foreign are refused, and nothing is read beyond their end.
#include <gtest/gtest.h>

#include <cstdlib>

#include "host/base/limits.h"
#include "tests/model/samples.h"
#include "tests/model/text.h"

namespace rhumb::model {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::Code;
using base::Result;

constexpr uint64_t kSeed = 20251121;
const int kRounds = std::getenv("RHUMB_SOAK") != nullptr ? 5000 : 50;

// A codec under test: functions that make, write and read one kind of value. A value is compared by
// its text.
struct Codec {
  const char* name;
  // Returns the bytes, and sets the text of the value.
  std::string (*make)(Samples& samples, std::string& text);
  // Returns the text of the value that was read. It fails if bytes are left over.
  Result<std::string> (*read)(std::string_view bytes);
};

template <auto Make>
std::string written(Samples& samples, std::string& text) {
  const auto value = Make(samples);
  text = text_of(value);
  std::string bytes;
  ByteWriter out(bytes);
  encode(value, out);
  return bytes;
}

template <auto Decode>
Result<std::string> read_back(std::string_view bytes) {
  ByteReader in(bytes);
  auto value = Decode(in);
  if (!value.ok()) return value.status();
  if (!in.done()) return base::corrupt("bytes are left over");
  return text_of(*value);
}

std::string written_command(Samples& samples, std::string& text) {
  const Command command = samples.command(kAllKinds[samples.below(std::size(kAllKinds))]);
  text = text_of(command);
  return encode_command(command);
}
Result<std::string> command_read_back(std::string_view bytes) {
  auto command = decode_command(bytes);
  if (!command.ok()) return command.status();
  return text_of(*command);
}

Filter make_filter(Samples& s) { return s.filter(); }
Operation make_operation(Samples& s) {
  return s.operation(kAllKinds[s.below(std::size(kAllKinds))]);
}
SearchRequest make_search(Samples& s) { return s.search_request(); }
SearchResult make_result(Samples& s) { return s.search_result(); }
Record make_record(Samples& s) { return s.record(); }
GetRequest make_get(Samples& s) { return s.get_request(); }
ScrollRequest make_scroll(Samples& s) { return s.scroll_request(); }
CountRequest make_count(Samples& s) { return s.count_request(); }
ShardState make_state(Samples& s) { return s.shard_state(); }
ShardOptimizations make_optimizations(Samples& s) { return s.shard_optimizations(); }
Collection make_collection(Samples& s) {
  return s.collection("books", static_cast<uint32_t>(1 + s.below(5)));
}
ClusterMap make_map(Samples& s) { return s.cluster_map(); }

const Codec kCodecs[] = {
    {"filter", written<make_filter>, read_back<decode_filter>},
    {"operation", written<make_operation>, read_back<decode_operation>},
    {"command", written_command, command_read_back},
    {"search_request", written<make_search>, read_back<decode_search_request>},
    {"search_result", written<make_result>, read_back<decode_search_result>},
    {"record", written<make_record>, read_back<decode_record>},
    {"get", written<make_get>, read_back<decode_get_request>},
    {"scroll", written<make_scroll>, read_back<decode_scroll_request>},
    {"count", written<make_count>, read_back<decode_count_request>},
    {"shard_state", written<make_state>, read_back<decode_shard_state>},
    {"optimizations", written<make_optimizations>, read_back<decode_shard_optimizations>},
    {"collection", written<make_collection>, read_back<decode_collection>},
    {"cluster_map", written<make_map>, read_back<decode_cluster_map>},
};

class CodecTest : public testing::TestWithParam<Codec> {
 protected:
  CodecTest() {
    std::printf("seed %llu, %d rounds\n", static_cast<unsigned long long>(kSeed), kRounds);
  }
  Samples samples_{kSeed};
};

TEST_P(CodecTest, a_value_is_decoded_as_it_was_encoded) {
  for (int round = 0; round < kRounds; ++round) {
    std::string text;
    const std::string bytes = GetParam().make(samples_, text);
    const auto back = GetParam().read(bytes);
    ASSERT_TRUE(back.ok()) << back.status().message() << " in round " << round;
    ASSERT_EQ(*back, text) << "round " << round;
  }
}

TEST_P(CodecTest, a_value_cut_short_anywhere_is_refused) {
  for (int round = 0; round < 4; ++round) {
    std::string text;
    const std::string bytes = GetParam().make(samples_, text);
    for (size_t n = 0; n < bytes.size(); ++n) {
      // A copy of its own, so that a sanitizer sees a read beyond its end.
      const std::string cut(bytes, 0, n);
      ASSERT_FALSE(GetParam().read(cut).ok()) << n << " of " << bytes.size() << " bytes";
    }
  }
}

TEST_P(CodecTest, random_and_damaged_bytes_are_read_or_refused) {
  std::mt19937_64 random(kSeed);
  uint64_t refused = 0;
  for (int round = 0; round < kRounds * 20; ++round) {
    std::string text;
    std::string bytes = round % 4 == 0 ? samples_.bytes(200) : GetParam().make(samples_, text);
    for (uint64_t flips = 1 + random() % 4; round % 4 != 0 && flips > 0; --flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto back = GetParam().read(bytes);
    if (!back.ok()) {
      ++refused;
      ASSERT_EQ(back.status().code(), Code::kCorrupt) << back.status().message();
    }
  }
  EXPECT_GT(refused, 0u);
}

INSTANTIATE_TEST_SUITE_P(Model, CodecTest, testing::ValuesIn(kCodecs),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SearchRequestTest, a_copy_is_equal_and_independent) {
  Samples samples(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    SearchRequest request = samples.search_request();
    request.filter = samples.filter();
    const std::string before = text_of(request);
    const SearchRequest copy = request;
    ASSERT_EQ(text_of(copy), before);
    request.filter->must.push_back({"other", IsNull{true}});
    request.vector += "longer";
    ASSERT_NE(text_of(request), before);
    ASSERT_EQ(text_of(copy), before);
  }
}

TEST(SearchRequestTest, the_memory_of_a_copy_counts_all_of_its_parts) {
  const SearchRequest empty;
  const auto more = [&](const auto& change) {
    SearchRequest request;
    change(request);
    return memory_bytes(request) - memory_bytes(empty);
  };
  constexpr size_t kLong = 1000;
  const std::string text(kLong, 'x');
  const auto inner = [](Condition c) {
    auto filter = std::make_shared<Filter>();
    filter->should.push_back(std::move(c));
    return filter;
  };
  EXPECT_EQ(more([&](SearchRequest& r) { r.vector = text; }), kLong);
  EXPECT_GE(more([&](SearchRequest& r) { r.with_payload.keys = {text, text}; }), 2 * kLong);
  for (const Condition& condition : {Condition{text, IsNull{true}},
                                     {"k", MatchAny{{text}}},
                                     {"k", MatchExcept{{text}}},
                                     {"", HasVector{text}},
                                     {"", HasId{std::vector<PointId>(kLong, PointId::number(1))}},
                                     {"", SubFilter{inner({text, IsEmpty{true}})}},
                                     {"k", Nested{inner({"", HasVector{text}})}}})
    EXPECT_GE(more([&](SearchRequest& r) { r.filter.emplace().must_not.push_back(condition); }),
              kLong);
}

std::string filter_bytes(const Filter& filter) {
  std::string bytes;
  ByteWriter out(bytes);
  encode(filter, out);
  return bytes;
}

Filter nested(uint32_t levels) {
  Filter filter;
  for (uint32_t i = 1; i < levels; ++i) {
    Filter outer;
    outer.must.push_back({"", SubFilter{std::make_shared<const Filter>(std::move(filter))}});
    filter = std::move(outer);
  }
  return filter;
}

TEST(FilterCodecTest, depth_and_number_of_conditions_are_bounded) {
  using base::limits::kMaxFilterConditions;
  using base::limits::kMaxFilterDepth;
  EXPECT_TRUE(read_back<decode_filter>(filter_bytes(nested(kMaxFilterDepth))).ok());
  const auto deep = read_back<decode_filter>(filter_bytes(nested(kMaxFilterDepth + 1)));
  ASSERT_FALSE(deep.ok());
  EXPECT_NE(deep.status().message().find(std::to_string(kMaxFilterDepth)), std::string::npos)
      << deep.status().message();

  Filter wide;  // the limit is for the whole tree; half of it is in an inner filter
  Filter inner;
  for (uint32_t i = 0; i < kMaxFilterConditions / 2; ++i)
    inner.should.push_back({"k", IsEmpty{true}});
  for (uint32_t i = 1; i < kMaxFilterConditions / 2; ++i) wide.must.push_back({"k", IsEmpty{true}});
  wide.must_not.push_back({"", SubFilter{std::make_shared<const Filter>(std::move(inner))}});
  EXPECT_TRUE(read_back<decode_filter>(filter_bytes(wide)).ok());
  wide.must.push_back({"k", IsEmpty{true}});
  const auto many = read_back<decode_filter>(filter_bytes(wide));
  ASSERT_FALSE(many.ok());
  EXPECT_NE(many.status().message().find(std::to_string(kMaxFilterConditions)), std::string::npos)
      << many.status().message();
}

TEST(FilterCodecTest, ranges_of_doubles_in_the_earlier_form_are_read) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u32(1);  // number of `must` conditions
  out.blob("n");
  out.u8(3);      // a range whose bounds are doubles
  out.u8(1 | 8);  // bits of lt and gte
  out.fixed(2.5);
  out.fixed(-9007199254740992.0);
  for (int list = 0; list < 3; ++list) out.u32(0);
  out.u32(0);
  out.u8(0);
  Filter wanted;
  wanted.must.push_back({"n", Range{2.5, {}, {}, -9007199254740992.0}});
  const auto read = read_back<decode_filter>(bytes);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, text_of(wanted));
}

TEST(FilterCodecTest, a_number_of_an_unknown_kind_is_refused) {
  Filter filter;
  filter.must.push_back({"n", Range{{}, {}, INT64_MIN, {}}});
  std::string bytes = filter_bytes(filter);
  // The offset of the number's kind: after the number of conditions, the key, the tag and the bits
  // of the bounds.
  const size_t kind = 4 + 4 + 1 + 1 + 1;
  ASSERT_EQ(bytes[kind], static_cast<char>(Number::Kind::kSigned));
  bytes[kind] = 3;
  EXPECT_EQ(read_back<decode_filter>(bytes).status().code(), Code::kCorrupt);
}

TEST(CommandCodecTest, a_command_of_a_newer_release_is_refused) {
  Samples samples(kSeed);
  const std::string bytes = encode_command(samples.command(OperationKind::kDelete));
  const auto with = [&](size_t at, char value) {
    std::string other = bytes;
    other[at] = value;
    return decode_command(other).status();
  };
  EXPECT_NE(with(0, 2).message().find("format 2"), std::string::npos);
  EXPECT_NE(with(2, 9).message().find("newer release"), std::string::npos);
  EXPECT_NE(with(2, 0).message().find("kind 0"), std::string::npos);
  EXPECT_NE(with(4, 3).message().find("feature level 3"), std::string::npos);
}

TEST(CommandCodecTest, commands_of_an_earlier_release_stay_readable) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u16(1);                                   // format
  out.u16(5);                                   // set payload
  out.u32(1);                                   // feature level
  out.u64(7);                                   // session
  out.u64(3);                                   // sequence
  out.fixed(std::array<uint8_t, 16>{1, 2, 3});  // request id
  out.u32(0);                                   // part
  out.u32(1);                                   // parts
  out.u32(1);                                   // targets
  out.blob(PointId::number(42).key());
  out.u64(19);  // version that was seen
  out.u32(0);   // number of points
  out.blob(R"({"a":1})");
  out.blob("at.key");
  out.u32(1);
  out.blob("name");
  const auto command = decode_command(bytes);
  ASSERT_TRUE(command.ok()) << command.status().to_string();
  EXPECT_EQ(command->header.feature_level, 1u);
  EXPECT_EQ(command->targets.at(0).expected_version, 19u);
  EXPECT_EQ(command->payload_key, "at.key");
  EXPECT_EQ(command->mode, UpdateMode::kUpsert);
  EXPECT_EQ(command->filter, nullptr);
  EXPECT_EQ(encode_command(*command), bytes);
}

TEST(CommandCodecTest, the_points_of_a_decoded_command_lie_in_its_bytes) {
  Command command;
  command.targets.push_back({PointId::number(1)});
  command.show(std::make_shared<const std::vector<PointWrite>>(
      1, PointWrite{PointId::number(1), R"({"a":1})", {{"name", "bytes"}}}));
  const std::string bytes = encode_command(command);
  const auto decoded = decode_command(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status().to_string();
  const PointView& point = decoded->points.at(0);
  for (const std::string_view text :
       {point.payload, point.vectors.at(0).name, point.vectors.at(0).bytes}) {
    EXPECT_GE(text.data(), bytes.data());
    EXPECT_LE(text.data() + text.size(), bytes.data() + bytes.size());
  }
}

TEST(CommandCodecTest, points_and_targets_are_encoded_together) {
  Samples samples(kSeed);
  Command command = samples.command(OperationKind::kUpsert);
  command.points.emplace_back();
  EXPECT_EQ(decode_command(encode_command(command)).status().code(), Code::kCorrupt);
}

TEST(CommandCodecTest, targets_of_an_upsert_without_their_points_are_refused) {
  Command command;
  command.targets.push_back({PointId::number(1)});
  for (const auto kind : {OperationKind::kUpsert, OperationKind::kUpdateVectors}) {
    command.header.kind = kind;
    EXPECT_EQ(decode_command(encode_command(command)).status().code(), Code::kCorrupt);
  }
  command.header.kind = OperationKind::kDelete;
  EXPECT_TRUE(decode_command(encode_command(command)).ok());
}

TEST(OperationCodecTest, a_point_has_at_most_as_many_vectors_as_a_collection) {
  Operation operation;
  operation.points.push_back(
      {PointId::number(1), "", std::vector<NamedVector>(base::limits::kMaxNamedVectors)});
  const auto bytes = [&] {
    std::string out;
    ByteWriter writer(out);
    encode(operation, writer);
    return out;
  };
  EXPECT_TRUE(read_back<decode_operation>(bytes()).ok());
  operation.points[0].vectors.emplace_back();
  EXPECT_FALSE(read_back<decode_operation>(bytes()).ok());
}

}  // namespace
}  // namespace rhumb::model
