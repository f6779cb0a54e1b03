// Dates and times as clients write them: RFC 3339, and the shorter forms that Qdrant accepts.
// Neither a locale nor a time zone database is used.
#include <chrono>

#include "host/model/filter.h"

namespace rhumb::model {
namespace {

constexpr int64_t kMicros = 1'000'000;

struct Cursor {
  std::string_view rest;
  bool good = true;

  int64_t digits(size_t n) {
    int64_t value = 0;
    if (rest.size() < n) return fail();
    for (size_t i = 0; i < n; ++i) {
      if (rest[i] < '0' || rest[i] > '9') return fail();
      value = value * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(n);
    return value;
  }
  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  int64_t fail() {
    good = false;
    return 0;
  }
};

// Microseconds from 1970-01-01 to the start of a date, or nothing if there is no such date.
std::optional<int64_t> micros_of_date(int64_t year, int64_t month, int64_t day) {
  namespace chrono = std::chrono;
  const chrono::year_month_day date{chrono::year(static_cast<int>(year)),
                                    chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return chrono::microseconds(chrono::sys_days(date).time_since_epoch()).count();
}

// Converts .5 or .123456789 to microseconds; further digits are dropped.
int64_t fraction(Cursor& c) {
  int64_t value = 0, scale = kMicros / 10;
  if (c.rest.empty() || c.rest.front() < '0' || c.rest.front() > '9') return c.fail();
  while (!c.rest.empty() && c.rest.front() >= '0' && c.rest.front() <= '9') {
    value += (c.rest.front() - '0') * scale;
    scale /= 10;
    c.rest.remove_prefix(1);
  }
  return value;
}

// Parses Z, +02:00, -0530 or +02. A missing zone means UTC.
int64_t zone_seconds(Cursor& c) {
  if (c.rest.empty() || c.take('Z') || c.take('z')) return 0;
  const bool east = c.take('+');
  if (!east && !c.take('-')) return c.fail();
  const int64_t hours = c.digits(2);
  int64_t minutes = 0;
  if (c.take(':') || !c.rest.empty()) minutes = c.digits(2);
  if (hours > 23 || minutes > 59) return c.fail();
  return (east ? 1 : -1) * (hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<int64_t> parse_datetime(std::string_view text) {
  Cursor c{text};
  const int64_t year = c.digits(4);
  c.expect('-');
  const int64_t month = c.digits(2);
  c.expect('-');
  const int64_t day = c.digits(2);
  const std::optional<int64_t> midnight = micros_of_date(year, month, day);
  if (!c.good || !midnight) return std::nullopt;
  if (c.rest.empty()) return midnight;
  if (!c.take('T') && !c.take('t') && !c.take(' ')) return std::nullopt;
  const int64_t hour = c.digits(2);
  c.expect(':');
  const int64_t minute = c.digits(2);
  const int64_t second = c.take(':') ? c.digits(2) : 0;
  if (!c.good || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  int64_t micros = *midnight + (hour * 3600 + minute * 60 + second) * kMicros;
  if (c.take('.')) micros += fraction(c);
  micros -= zone_seconds(c) * kMicros;
  if (!c.good || !c.rest.empty()) return std::nullopt;
  return micros;
}

}  // namespace rhumb::model
