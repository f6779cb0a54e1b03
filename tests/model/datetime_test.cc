#include <gtest/gtest.h>

#include "host/model/filter.h"

namespace rhumb::model {
namespace {

constexpr int64_t kSecond = 1'000'000, kDay = 86'400 * kSecond;

TEST(DatetimeTest, every_form_of_a_time_that_clients_write_is_read) {
  const struct {
    const char* text;
    int64_t micros;
  } cases[] = {
      {"1970-01-01", 0},
      {"1970-01-02", kDay},
      {"1969-12-31", -kDay},
      {"2000-02-29", 951'782'400 * kSecond},
      {"2024-02-29T00:00:00Z", 1'709'164'800 * kSecond},
      {"2100-03-01", 4'107'542'400 * kSecond},  // 2100 is not a leap year
      {"0001-01-01", -62'135'596'800 * kSecond},
      {"9999-12-31T23:59:59.999999Z", 253'402'300'799 * kSecond + 999'999},
      {"2024-01-31 12:00", 1'706'702'400 * kSecond},
      {"2024-01-31T12:00", 1'706'702'400 * kSecond},
      {"2024-01-31t12:00:00z", 1'706'702'400 * kSecond},
      {"2024-01-31T12:00:01", 1'706'702'401 * kSecond},
      {"2024-01-31T12:00:00.5Z", 1'706'702'400 * kSecond + 500'000},
      {"2024-01-31T12:00:00.000001Z", 1'706'702'400 * kSecond + 1},
      {"2024-01-31T12:00:00.123456789Z", 1'706'702'400 * kSecond + 123'456},
      {"1969-12-31T23:59:59.5Z", -500'000},
      {"2024-01-31T14:00:00+02:00", 1'706'702'400 * kSecond},
      {"2024-01-31T14:00:00+0200", 1'706'702'400 * kSecond},
      {"2024-01-31T14:00:00+02", 1'706'702'400 * kSecond},
      {"2024-01-31T06:30:00-05:30", 1'706'702'400 * kSecond},
      {"2016-12-31T23:59:60Z", 1'483'228'800 * kSecond},  // a leap second counts as the next second
  };
  for (const auto& c : cases) {
    const auto micros = parse_datetime(c.text);
    ASSERT_TRUE(micros) << c.text;
    EXPECT_EQ(*micros, c.micros) << c.text;
  }
}

TEST(DatetimeTest, an_invalid_time_is_refused) {
  for (const char* text : {"",
                           "2024",
                           "2024-01",
                           "2024-1-31",
                           "24-01-31",
                           "2024/01/31",
                           "2024-13-01",
                           "2024-00-01",
                           "2024-01-00",
                           "2024-01-32",
                           "2023-02-29",
                           "2100-02-29",
                           "2024-04-31",
                           "2024-01-31T",
                           "2024-01-31T12",
                           "2024-01-31T24:00",
                           "2024-01-31T12:60",
                           "2024-01-31T12:00:61",
                           "2024-01-31T12:00:00.",
                           "2024-01-31T12:00:00.Z",
                           "2024-01-31T12:00:00+",
                           "2024-01-31T12:00:00+2",
                           "2024-01-31T12:00:00+24:00",
                           "2024-01-31T12:00:00+02:60",
                           "2024-01-31T12:00:00+02:",
                           "2024-01-31T12:00:00Zx",
                           "2024-01-31Z",
                           " 2024-01-31",
                           "2024-01-31 ",
                           "2024-01-31_12:00",
                           "now",
                           "1706702400"}) {
    EXPECT_FALSE(parse_datetime(text)) << text;
  }
}

}  // namespace
}  // namespace rhumb::model
