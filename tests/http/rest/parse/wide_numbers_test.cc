// Wide arrays of numbers are read without the JSON library. They must be read exactly as the
// library reads them, or not at all.
#include <gtest/gtest.h>

#include <charconv>
#include <cstring>
#include <random>

#include "host/http/request.h"
#include "host/http/rest/parse/float_text.h"
#include "host/http/rest/parse/json_dom.h"
#include "host/http/rest/parse/parse_query.h"
#include "host/http/rest/parse/parse_writes.h"
#include "tests/http/rest/expect.h"

namespace rhumb::http::rest {
namespace {

constexpr uint32_t kWide = 300;

std::optional<std::vector<float>> by_library(const std::string& inside) {
  std::string text = "[" + inside + "]";
  text.reserve(text.size() + kBodyPadding);
  const auto e = parse_body(text);
  if (!e.ok()) return std::nullopt;
  std::vector<float> out;
  for (const Element item : Array(*e)) {
    double value = 0;
    if (!item.is_number() || item.get(value) != simdjson::SUCCESS) return std::nullopt;
    out.push_back(static_cast<float>(value));
  }
  return out;
}

// Whether the array was taken. If so, the result must equal the library's bit for bit.
bool taken_as_by_library(const std::string& inside) {
  std::vector<float> out;
  if (!read_floats(inside, out)) return false;
  const auto expected = by_library(inside);
  EXPECT_TRUE(expected) << "taken: " << inside;
  if (!expected) return true;
  EXPECT_EQ(out.size(), expected->size()) << inside;
  for (size_t i = 0; i < std::min(out.size(), expected->size()); ++i) {
    if (std::memcmp(&out[i], &(*expected)[i], sizeof(float)) != 0) {
      ADD_FAILURE() << "number " << i << " is " << out[i] << ", by the library " << (*expected)[i]
                    << " of " << inside;
      break;
    }
  }
  return true;
}

bool served() {
  std::vector<float> out;
  return read_floats("1", out);
}

class Spelling {
 public:
  explicit Spelling(uint32_t seed) : random_(seed) {}
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  std::string digits(uint32_t n) {
    std::string out;
    for (uint32_t i = 0; i < n; ++i) out += static_cast<char>('0' + below(10));
    return out;
  }
  template <typename T>
  std::string shortest(T value) {
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
  }
  float any_float() {
    const auto bits = static_cast<uint32_t>(random_());
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return std::isfinite(value) ? value : 1;
  }
  float component() { return std::normal_distribution<float>(0, 0.03f)(random_); }
  std::string number() {
    const std::string sign = below(2) == 0 ? "-" : "";
    switch (below(10)) {
      case 0:
        return shortest(any_float());
      case 1:
        return shortest(static_cast<double>(any_float()));
      case 2:
        return sign + std::to_string(below(1000));
      case 3:
        return sign + digits(1) + "." + digits(1 + below(24));
      case 4:
        return sign + "0." + std::string(below(12), '0') + digits(1 + below(12));
      case 5:
        return sign + std::to_string(below(100000)) + "." + digits(1 + below(6)) + "e" +
               (below(2) == 0 ? "-" : "+") + std::to_string(below(30));
      case 6:
        return half_way();
      case 7:
        return sign + "0" + (below(2) == 0 ? ".0" : "") + (below(2) == 0 ? "E0" : "");
      case 8:
        return shortest(component());
      default:
        return shortest(static_cast<double>(component()));
    }
  }
  // Returns a number half-way between two floats, or very close to it.
  std::string half_way() {
    const double low = 0.001 + below(1000000) * 1e-7;
    const auto single = static_cast<float>(low);
    const double middle =
        (static_cast<double>(single) + static_cast<double>(std::nextafterf(single, 1))) / 2;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(15 + below(10)), middle);
    return text;
  }
  std::string numbers(uint32_t n) {
    std::string out;
    for (uint32_t i = 0; i < n; ++i)
      out += (i == 0 ? "" : below(4) == 0 ? ", " : ",") + number() + (below(50) == 0 ? " " : "");
    return out;
  }

 private:
  std::mt19937_64 random_;
};

TEST(FloatTextTest, numbers_are_the_same_as_by_the_library) {
  Spelling spelling(1);
  uint32_t taken = 0;
  for (int i = 0; i < 3000; ++i)
    taken += taken_as_by_library(spelling.numbers(1 + spelling.below(60)));
  if (served()) EXPECT_GT(taken, 1000u);
  for (const char* text : {"0",
                           "-0",
                           "-0.0",
                           "0.0",
                           "1",
                           "-1",
                           "999999999999999999",
                           "3.4028235677973366e38",
                           "3.4e38",
                           "1e39",
                           "1e-46",
                           "1e-400",
                           "1.17549435e-38",
                           "1e-45",
                           "5e-324",
                           "9.99999999999999999",
                           "9.999999999999999999",
                           "0.99999999999999999999",
                           "0.00000000000000000001",
                           "0.5000000298023224",
                           "0.50000002980232238769",
                           "16777217",
                           "16777217.0",
                           "1e22",
                           "1E+2",
                           "1e-05"}) {
    for (const uint32_t before : {0u, 3u, 10u, 30u})
      taken_as_by_library(repeated("0.25", before) + (before > 0 ? "," : "") + text);
    taken_as_by_library(repeated(text, 40));
  }
}

TEST(FloatTextTest, numbers_that_the_library_refuses_are_refused) {
  for (const std::string text : {"",
                                 " ",
                                 "+1",
                                 ".5",
                                 "1.",
                                 "-",
                                 "01",
                                 "-01",
                                 "00.5",
                                 "1.e3",
                                 "1e",
                                 "1e+",
                                 "1e+-2",
                                 "1e--2",
                                 "0x1",
                                 "1_0",
                                 "NaN",
                                 "nan",
                                 "Infinity",
                                 "inf",
                                 "-Infinity",
                                 "1 2",
                                 "0.1 2",
                                 "0.12-3",
                                 "0.1.2",
                                 "--0.5",
                                 "- 0.5",
                                 "0. 5",
                                 "\"1\"",
                                 "null",
                                 "true",
                                 "[1]",
                                 "\xc2\xa0"
                                 "1",
                                 "0.1\x0b",
                                 "1e400",
                                 "12345678901234567890123",
                                 "0.12345678/",
                                 "0.1234567:",
                                 "0.12345678\x80"}) {
    std::vector<float> out;
    for (const std::string& inside :
         {text, repeated("0.125", 30) + "," + text,
          repeated("0.125", 30) + "," + text + "," + repeated("0.125", 30)}) {
      EXPECT_FALSE(read_floats(inside, out)) << inside;
      out.clear();
    }
  }
  Spelling spelling(2);
  for (int i = 0; i < 20000; ++i) {
    std::string inside = spelling.numbers(1 + spelling.below(40));
    for (uint32_t change = 0; change <= spelling.below(3); ++change) {
      static constexpr char kOften[] = "0123456789.,-+eE \t\n\"]x/:\x00\x80";
      inside[spelling.below(static_cast<uint32_t>(inside.size()))] =
          spelling.below(4) == 0 ? static_cast<char>(spelling.below(256))
                                 : kOften[spelling.below(sizeof kOften - 1)];
    }
    if (inside.find(']') == std::string::npos) taken_as_by_library(inside);
  }
}

model::CollectionConfig wide(bool named) {
  model::CollectionConfig config;
  config.vectors[named ? "a" : ""] = {.size = kWide, .distance = model::Distance::kCosine};
  if (named) config.vectors["b"] = {.size = 2, .distance = model::Distance::kDot};
  config.single_vector = !named;
  return config;
}

// The same body twice: with a wide array that is read directly, and with one that is not, because a
// blank stands before its first number.
struct Twins {
  explicit Twins(const std::string& body, uint32_t n = kWide) {
    Spelling spelling(7);
    std::string numbers = spelling.shortest(spelling.component());
    for (uint32_t i = 1; i < n; ++i)
      numbers += (i % 2 == 0 ? "," : ", ") +
                 (i % 3 == 0 ? spelling.shortest(spelling.component())
                             : spelling.shortest(static_cast<double>(spelling.component())));
    for (const char c : body) {
      wide += c == 'W' ? "[" + numbers + "]" : std::string(1, c);
      plain += c == 'W' ? "[ " + numbers + "]" : std::string(1, c);
    }
  }
  std::string wide, plain;
};

TEST(WideNumbersTest, queries_are_the_same_as_by_the_library) {
  for (const char* body :
       {R"({"query":W})", R"({"query":{"nearest":W},"limit":3})",
        R"( {"x":["\"[1",true],"query":W , "filter":null})",
        R"({"query":W,"limit":3,"x":[[1,2],[3]]})", R"({"x":[1,"]"],"y":"[","query":W})"}) {
    const Twins twins(body);
    const auto a = parse_query(twins.wide, wide(false)), b = parse_query(twins.plain, wide(false));
    ASSERT_TRUE(a.ok() && b.ok()) << body << a.status().message() << b.status().message();
    EXPECT_EQ(a->search.vector, b->search.vector) << body;
    EXPECT_EQ(a->search.limit, b->search.limit);
  }
  for (const char* body : {R"({"vector":W})", R"({"vector":{"name":"","vector":W}})"}) {
    const Twins twins(body);
    EXPECT_EQ(parse_search(twins.wide, wide(false))->search.vector,
              parse_search(twins.plain, wide(false))->search.vector);
  }
  const Twins batch(R"({"searches":[{"query":W},{"query":7},{"query":{"nearest":W}}]})");
  const auto a = parse_query_batch(batch.wide, wide(false)),
             b = parse_query_batch(batch.plain, wide(false));
  ASSERT_TRUE(a.ok() && b.ok());
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(a->at(i).search.vector, b->at(i).search.vector);
}

TEST(WideNumbersTest, points_are_the_same_as_by_the_library) {
  for (const char* vector : {"W", R"({"a":W,"b":[1,2]})", R"({"a":W,"a":W})"}) {
    const auto config = wide(vector[0] == '{');
    const Twins twins(std::string(R"({"points":[{"id":1,"vector":)") + vector +
                      R"(,"payload":{"p":W,"q":"\\"}},{"id":2,"vector":)" + vector + "}]}");
    const auto a = parse_upsert(twins.wide, config), b = parse_upsert(twins.plain, config);
    ASSERT_TRUE(a.ok() && b.ok()) << a.status().message() << b.status().message();
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(a->points[i].payload, b->points[i].payload);
      ASSERT_EQ(a->points[i].vectors.size(), b->points[i].vectors.size());
      for (size_t v = 0; v < a->points[i].vectors.size(); ++v)
        EXPECT_EQ(a->points[i].vectors[v].bytes, b->points[i].vectors[v].bytes);
    }
  }
}

TEST(WideNumbersTest, errors_are_the_same_as_by_the_library) {
  for (const char* body :
       {R"({"query":W,"using":"x"})", R"({"query":W,"using":W})", R"({"query":W,})",
        R"({"query":W)", R"({"query":W]})", R"({"query":W W})", R"({"query":[W]})",
        R"({"query":WW})", R"({"query":W,"filter":W})", R"({"query":W,"limit":W})",
        R"({"query":W,"limit":0})", "{\"query\":W,\"\xff\":1}",
        R"({"query":W,"with_payload":["\"]})",
        R"({"query":W,"filter":{"must":[{"key":"a","match":{"any":W}}]}})",
        R"({"query":{"nearest":{"x":W}}})", R"({W:1})", R"([W])", "W", R"({"query":W}x)"}) {
    for (const uint32_t n : {kWide, kWide - 1, limits::kMaxDim + 1}) {
      const Twins twins(body, n);
      const auto a = parse_query(twins.wide, wide(false)),
                 b = parse_query(twins.plain, wide(false));
      EXPECT_EQ(a.ok(), b.ok()) << body;
      EXPECT_EQ(a.status().message(), b.status().message()) << body;
    }
  }
  for (const char* number : {"NaN", "1e39", "1e400", "01", "1.", "\"1\"", "null", "[1]", "-"}) {
    std::string body = Twins(R"({"query":W})").wide;
    body.insert(body.size() / 2, std::string(",") + number + ",");
    std::string plain = body;
    plain.insert(plain.find('[') + 1, " ");
    EXPECT_FALSE(parse_query(body, wide(false)).ok()) << number;
    EXPECT_EQ(parse_query(body, wide(false)).status().message(),
              parse_query(plain, wide(false)).status().message())
        << number;
  }
}

}  // namespace
}  // namespace rhumb::http::rest
