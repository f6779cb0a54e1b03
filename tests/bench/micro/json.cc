// Reading vectors from JSON: the text of one array, bodies of queries, and bodies of upserts.
#include <charconv>

#include "host/http/request.h"
#include "host/http/rest/parse/float_text.h"
#include "host/http/rest/parse/parse_query.h"
#include "host/http/rest/parse/parse_writes.h"
#include "tests/bench/micro/micro.h"

namespace rhumb::bench {
namespace {

// The shortest text that reads back as the same float, as clients write it.
std::string text_of(const float* row, uint32_t dim) {
  std::string out;
  char number[32];
  for (uint32_t i = 0; i < dim; ++i) {
    const auto end = std::to_chars(number, number + sizeof number, row[i]).ptr;
    if (i > 0) out += ", ";
    out.append(number, end);
  }
  return out;
}

model::CollectionConfig collection(uint32_t dim) {
  model::CollectionConfig config;
  config.vectors[""].size = dim;
  config.single_vector = true;
  return config;
}

// The parser reads a few bytes beyond the text.
std::string padded(std::string body) {
  body.reserve(body.size() + http::kBodyPadding);
  return body;
}

std::string upsert_body(uint32_t dim, uint32_t points) {
  const Matrix<float> rows = embeddings(dim, points);
  std::string out = R"({"points":[)";
  for (uint32_t i = 0; i < points; ++i) {
    out += (i == 0 ? "" : ",") + (R"({"id":)" + std::to_string(i)) + R"(,"vector":[)" +
           text_of(rows.row(i), dim) + R"(],"payload":{"city":"Berlin","year":2024}})";
  }
  return out + "]}";
}

}  // namespace

void add_benchmarks() {
  for (const uint32_t dim : {128u, 1536u}) {
    const std::string end = "/" + std::to_string(dim);
    add("json/floats" + end, [dim] {
      auto floats = std::make_shared<std::vector<float>>();
      return [floats, text = text_of(embeddings(dim, 1).row(0), dim)] {
        floats->clear();
        benchmark::DoNotOptimize(http::rest::read_floats(text, *floats));
      };
    });
    add("json/query" + end, [dim] {
      const std::string vector = text_of(embeddings(dim, 1).row(0), dim);
      auto body = std::make_shared<std::string>(
          padded(R"({"query":[)" + vector + R"(],"limit":10,"with_payload":true})"));
      require(http::rest::parse_query(*body, collection(dim)).ok(), "the query is refused");
      return [body, config = collection(dim)] {
        benchmark::DoNotOptimize(http::rest::parse_query(*body, config));
      };
    });
    add("json/upsert" + end, [dim] {
      auto body = std::make_shared<std::string>(padded(upsert_body(dim, 100)));
      require(http::rest::parse_upsert(*body, collection(dim)).ok(), "the upsert is refused");
      return [body, config = collection(dim)] {
        benchmark::DoNotOptimize(http::rest::parse_upsert(*body, config));
      };
    });
  }
}

}  // namespace rhumb::bench
