#include "host/model/id.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/limits.h"

namespace rhumb::model {
namespace {

constexpr const char* kCanonical = "5c56c793-69f3-4fbf-87e6-c4bf54c28c26";

std::string json_of(const PointId& id) {
  std::string out;
  id.append_json(out);
  return out;
}

TEST(PointIdTest, all_forms_of_a_uuid_are_one_id) {
  for (const char* form :
       {kCanonical, "5C56C793-69F3-4FBF-87E6-C4BF54C28C26", "5c56c79369f34fbf87e6c4bf54c28c26",
        "urn:uuid:5c56c793-69f3-4fbf-87e6-c4bf54c28c26",
        "urn:uuid:5c56c79369f34fbf87e6c4bf54c28c26"}) {
    const auto id = PointId::from_string(form);
    ASSERT_TRUE(id.ok()) << form;
    EXPECT_EQ(id->kind(), PointId::Kind::kUuid) << form;
    EXPECT_EQ(id->to_text(), kCanonical) << form;
    EXPECT_EQ(id->key().size(), 17u);
  }
}

TEST(PointIdTest, a_text_that_only_looks_like_a_uuid_is_a_string_id) {
  for (const char* text :
       {"5c56c793-69f3-4fbf-87e6-c4bf54c28c2", "5c56c793-69f3-4fbf-87e6-c4bf54c28c26 ",
        "5c56c793_69f3-4fbf-87e6-c4bf54c28c26", "gc56c793-69f3-4fbf-87e6-c4bf54c28c26",
        "urn:uuid:", "5c56c79369f34fbf87e6c4bf54c28c2-", "gimp", "-1", "1.5", "+7", " 7"}) {
    const auto id = PointId::from_string(text);
    ASSERT_TRUE(id.ok()) << text;
    EXPECT_EQ(id->kind(), PointId::Kind::kString) << text;
    EXPECT_EQ(id->to_text(), text);
  }
}

TEST(PointIdTest, strings_that_are_no_ids_are_refused_with_the_reason) {
  const auto refused = [](std::string_view text, std::string_view reason) {
    const auto id = PointId::from_string(text);
    ASSERT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.status().code(), base::Code::kInvalid);
    EXPECT_NE(id.status().message().find(reason), std::string::npos) << id.status().message();
  };
  refused("7", "number in quotes");
  refused("18446744073709551615", "number in quotes");
  refused("007", "number in quotes");
  refused("", "1 to 256 bytes, this one has 0");
  refused(std::string(base::limits::kMaxStringIdBytes + 1, 'x'), "this one has 257");
  refused("\xff", "UTF-8");
  refused("a\xc3", "UTF-8");
  refused("\xed\xa0\x80", "UTF-8");  // a surrogate
  refused("\xc0\x80", "UTF-8");      // an overlong zero
  EXPECT_TRUE(PointId::from_string(std::string(base::limits::kMaxStringIdBytes, 'x')).ok());
  EXPECT_TRUE(PointId::from_string("18446744073709551616").ok()) << "beyond u64: not ambiguous";
  EXPECT_TRUE(PointId::from_string(std::string_view("a\0b", 3)).ok()) << "a zero byte is UTF-8 too";
}

TEST(PointIdTest, an_id_in_a_path_is_a_number_if_it_can_be) {
  EXPECT_EQ(*PointId::from_path("7"), PointId::number(7));
  EXPECT_EQ(*PointId::from_path("18446744073709551615"), PointId::number(UINT64_MAX));
  EXPECT_EQ(PointId::from_path(kCanonical)->kind(), PointId::Kind::kUuid);
  EXPECT_EQ(PointId::from_path("gimp")->kind(), PointId::Kind::kString);
  EXPECT_FALSE(PointId::from_path("").ok());
}

TEST(PointIdTest, ids_are_printed_exactly_and_escaped) {
  EXPECT_EQ(json_of(PointId::number(UINT64_MAX)), "18446744073709551615");
  EXPECT_EQ(json_of(*PointId::from_string(kCanonical)), '"' + std::string(kCanonical) + '"');
  EXPECT_EQ(json_of(*PointId::from_string("a\"b\\c\n")), R"("a\"b\\c\n")");
}

TEST(PointIdTest, keys_order_numbers_before_uuids_before_strings) {
  std::vector<PointId> ids = {*PointId::from_string("b"),
                              *PointId::from_string("a"),
                              *PointId::from_string(kCanonical),
                              PointId::number(256),
                              PointId::number(UINT64_MAX),
                              PointId::number(0),
                              *PointId::from_string("ab"),
                              PointId::number(255),
                              *PointId::from_string("00000000-0000-0000-0000-000000000000")};
  std::sort(ids.begin(), ids.end());
  std::string order;
  for (const PointId& id : ids) order += id.to_text() + " ";
  EXPECT_EQ(order, "0 255 256 18446744073709551615 00000000-0000-0000-0000-000000000000 " +
                       std::string(kCanonical) + " a ab b ");
}

TEST(PointIdTest, keys_are_read_back_and_checked) {
  for (const PointId& id :
       {PointId::number(7), *PointId::from_string(kCanonical), *PointId::from_string("gimp")}) {
    EXPECT_EQ(*PointId::from_key(id.key()), id);
    EXPECT_EQ(std::hash<PointId>{}(id), std::hash<PointId>{}(*PointId::from_key(id.key())));
  }
  for (const std::string& key :
       {std::string(), std::string("\x01"), std::string("\x01") + "1234567",
        std::string("\x01") + "123456789", std::string("\x02") + "short", std::string("\x03"),
        "\x03" + std::string(257, 'x'), std::string("\x04") + "abc", std::string(9, '\0')}) {
    EXPECT_EQ(PointId::from_key(key).status().code(), base::Code::kCorrupt) << key.size();
  }
}

// The place of all points depends on these values, so they never change. They were computed from
// the key's XXH64 apart from this code.
TEST(PointIdTest, buckets_are_pinned) {
  EXPECT_EQ(bucket_of_key("abc"), 1099u);
  EXPECT_EQ(bucket_of_key(""), 3828u);
  EXPECT_EQ(bucket_of_key(PointId::number(0).key()), 2596u);
  EXPECT_EQ(bucket_of_key(PointId::number(1).key()), 1128u);
  EXPECT_EQ(bucket_of_key(PointId::from_string(kCanonical)->key()), 3057u);
  EXPECT_EQ(bucket_of_key(PointId::from_string("gimp")->key()), 3444u);
}

}  // namespace
}  // namespace rhumb::model
