#include "host/base/uuid.h"

#include <gtest/gtest.h>

#include <set>

namespace rhumb::base {
namespace {

constexpr std::string_view kCanonical = "5c56c793-69f3-4fbf-87e6-c4bf54c28c26";
constexpr Uuid kBytes = {0x5c, 0x56, 0xc7, 0x93, 0x69, 0xf3, 0x4f, 0xbf,
                         0x87, 0xe6, 0xc4, 0xbf, 0x54, 0xc2, 0x8c, 0x26};

TEST(UuidText, the_forms_of_clients_are_read) {
  for (const char* form :
       {"5c56c793-69f3-4fbf-87e6-c4bf54c28c26", "5C56C793-69F3-4FBF-87E6-C4BF54C28C26",
        "5c56c79369f34fbf87e6c4bf54c28c26", "5c56C79369F34fbf87e6c4bf54c28c26",
        "urn:uuid:5c56c793-69f3-4fbf-87e6-c4bf54c28c26",
        "urn:uuid:5c56c79369f34fbf87e6c4bf54c28c26"})
    EXPECT_EQ(parse_uuid(form), kBytes) << form;
}

TEST(UuidText, any_other_text_is_refused) {
  for (const char* text : {"",
                           "gimp",
                           "urn:uuid:",
                           "5c56c793-69f3-4fbf-87e6-c4bf54c28c2",
                           "5c56c793-69f3-4fbf-87e6-c4bf54c28c266",
                           "5c56c793_69f3-4fbf-87e6-c4bf54c28c26",
                           "5c56c793-69f3-4fbf-87e6-c4bf54c28c2g",
                           "5c56c79369f34fbf87e6c4bf54c28c2-",
                           "5c56c7936-9f3-4fbf-87e6-c4bf54c28c26",
                           "5c56c79369f3-4fbf87e6-c4bf-54c28c-26",
                           "{5c56c793-69f3-4fbf-87e6-c4bf54c28c26}",
                           "{5c56c79369f34fbf87e6c4bf54c28c}",
                           "{5c56c79369f34fbf87e6c4bf54c28c26}",
                           "URN:UUID:5c56c793-69f3-4fbf-87e6-c4bf54c28c26",
                           "urn:uuid:urn:uuid:5c56c793-69f3-4fbf-87e6-c4bf54c28c26",
                           " 5c56c793-69f3-4fbf-87e6-c4bf54c28c2",
                           "+c56c79369f34fbf87e6c4bf54c28c26",
                           "0x56c79369f34fbf87e6c4bf54c28c26",
                           "-----------------------------------6",
                           "--------------------------------"})
    EXPECT_EQ(parse_uuid(text), std::nullopt) << text;
}

TEST(UuidText, every_character_is_judged_in_every_place) {
  for (const std::string& good : {std::string(kCanonical), std::string(32, 'a')}) {
    for (size_t at = 0; at < good.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text = good;
        text[at] = static_cast<char>(c);
        const bool digit =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        const bool taken = good[at] == '-' ? c == '-' : digit;
        ASSERT_EQ(parse_uuid(text).has_value(), taken) << text;
      }
    }
  }
}

TEST(UuidText, the_canonical_form_is_written) {
  EXPECT_EQ(uuid_text(kBytes), kCanonical);
  EXPECT_EQ(uuid_text({}), "00000000-0000-0000-0000-000000000000");
}

TEST(UuidText, random_ones_have_version_four_and_differ) {
  std::set<Uuid> seen;
  for (int i = 0; i < 100; ++i) {
    const Uuid uuid = random_uuid();
    EXPECT_EQ(uuid[6] >> 4, 4);
    EXPECT_EQ(uuid[8] >> 6, 2);
    EXPECT_EQ(parse_uuid(uuid_text(uuid)), uuid);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 100u);
}

}  // namespace
}  // namespace rhumb::base
