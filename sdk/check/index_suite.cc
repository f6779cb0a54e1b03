// Conformance of index engines: the description, refusals and searches.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "rhumb/cpp/guard.h"
#include "rhumb/cpp/negotiate.h"
#include "sdk/check/index_fixture.h"
#include "sdk/check/report.h"

namespace rhumb::check {
namespace {

constexpr uint32_t kRows = 3000, kDim = 24, kQueries = 20, kHits = 10;
constexpr uint32_t kBitDim = 250;   // a number for which the last byte is not full
constexpr double kRecallMin = 0.9;  // for the engine's defaults, on easy data

struct Named {
  const char* name;
  uint32_t value;
};
constexpr Named kMetrics[] = {{"cosine", RHUMB_COSINE},
                              {"dot", RHUMB_DOT},
                              {"euclid", RHUMB_EUCLID},
                              {"manhattan", RHUMB_MANHATTAN}};
constexpr Named kScalars[] = {{"f32", RHUMB_F32}, {"f16", RHUMB_F16}, {"u8", RHUMB_U8}};

const auto kAll = [](uint32_t) { return true; };

std::string name_of(std::span<const Named> names, uint32_t value) {
  for (const Named& n : names) {
    if (n.value == value) return n.name;
  }
  return "?";
}

void describe(const rhumb_index_ops_t& ops, IndexSubject& subject) {
  Buffer text;
  require_status(RHUMB_OK, ops.describe(subject.host.raw(), text.out()), "describe");
  require_json(text.view(), {"metrics", "scalars", "parameters"}, "describe");
  const auto json = nlohmann::json::parse(text.view());
  const auto read = [&](const char* member, std::span<const Named> names,
                        std::vector<uint32_t>& out) {
    require(json[member].is_array(), std::string("describe: ") + member + " is a list");
    for (const auto& item : json[member]) {
      for (const Named& n : names) {
        if (item == n.name) out.push_back(n.value);
      }
    }
    require(!out.empty(), std::string("describe: ") + member + " names at least one that is known");
  };
  read("metrics", kMetrics, subject.metrics);
  read("scalars", kScalars, subject.scalars);
  const auto lists = [&](const char* member, const char* name) {
    return std::find(json[member].begin(), json[member].end(), name) != json[member].end();
  };
  subject.bits = lists("metrics", "hamming") && lists("scalars", "bit");
  require(json["parameters"].is_object(), "describe: parameters is a JSON schema");
}

std::vector<std::vector<char>> queries_of(const Column& column, uint32_t n) {
  std::vector<std::vector<char>> out;
  for (uint32_t i = 0; i < n; ++i) out.push_back(column.query(i));
  return out;
}

// Searches for a batch of queries and compares the hits with the exact answers.
void require_good(const IndexInstance& index, const Column& column, uint32_t k, uint32_t end,
                  const rhumb_filter_t* filter, const Passes& passes, uint32_t flags,
                  double recall_min) {
  const auto queries = queries_of(column, kQueries);
  const Answer answer = index.search(queries, k, filter, flags);
  double sum = 0;
  for (size_t i = 0; i < queries.size(); ++i) {
    require_sound(column, queries[i], answer, i, k, end, passes);
    sum += recall(answer.hits[i], exact(column, queries[i], k, end, passes));
  }
  const double mean = sum / static_cast<double>(queries.size());
  require(mean >= recall_min,
          "recall: expected >= " + std::to_string(recall_min) + ", found " + std::to_string(mean));
}

void finds_closest(Report& report, const IndexSubject& s, const char* what, uint32_t metric,
                   uint32_t scalar, uint32_t dim) {
  report.run(what, [&] {
    const Column column(metric, scalar, dim, kRows, s.seed);
    IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
    require_status(RHUMB_OK, index.status(), "open", &index.error());
    index.build(kRows);
    require_good(index, column, kHits, kRows, nullptr, kAll, 0, kRecallMin);
    require_good(index, column, kHits, kRows, nullptr, kAll, RHUMB_QUERY_EXACT, 1.0);
    for (uint32_t slot = 0; slot < kRows; slot += 311) {  // a search for a stored vector finds it
      std::vector<char> self(rhumb_vector_bytes(scalar, dim));
      const rhumb_vectors_t& raw = *column.raw();
      std::memcpy(
          self.data(),
          static_cast<const char*>(raw.chunks[slot >> raw.chunk_shift]) + (slot & 255) * raw.stride,
          self.size());
      const Answer answer = index.search(std::span(&self, 1), kHits, nullptr, RHUMB_QUERY_EXACT);
      require(recall(answer.hits[0], exact(column, self, kHits, kRows, kAll)) == 1,
              "an exact search misses a stored vector's closest");
    }
  });
}

void each_pair(Report& report, const IndexSubject& s) {
  for (const uint32_t metric : s.metrics) {
    for (const uint32_t scalar : s.scalars) {
      const std::string what =
          "finds the closest of " + name_of(kScalars, scalar) + " by " + name_of(kMetrics, metric);
      finds_closest(report, s, what.c_str(), metric, scalar, kDim);
    }
  }
  if (s.bits)
    finds_closest(report, s, "finds the closest of bit by hamming", RHUMB_HAMMING, RHUMB_BIT,
                  kBitDim);
}

void filters(Report& report, const IndexSubject& s) {
  struct Share {
    const char* name;
    uint32_t one_in;
  };
  for (const Share share : {Share{"half", 2}, Share{"a tenth", 10}, Share{"a hundredth", 100},
                            Share{"two slots", 1500}}) {
    report.run(std::string("filters to ") + share.name + ", as live bits, bits and slots", [&,
                                                                                            share] {
      const Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 1);
      IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
      require_status(RHUMB_OK, index.status(), "open", &index.error());
      index.build(kRows);
      const Passes scattered = [&](uint32_t slot) {
        return (slot * 2654435761u >> 8) % share.one_in == 0 || slot == 17 || slot == 2900;
      };
      for (const uint32_t kind : {RHUMB_FILTER_ALL, RHUMB_FILTER_BITS, RHUMB_FILTER_SLOTS}) {
        const FilterStorage filter(kind, kRows, scattered);
        require_good(index, column, kHits, kRows, filter.raw(), scattered, 0, kRecallMin);
        require_good(index, column, kHits, kRows, filter.raw(), scattered, RHUMB_QUERY_EXACT, 1.0);
      }
    });
  }
  report.run("a filter that no slot passes, and one that only far slots pass", [&] {
    const Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 2);
    IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
    index.build(kRows);
    const auto none = [](uint32_t) { return false; };
    const std::vector<char> query = column.query(0);
    std::vector<Hit> ranking = exact(column, query, kRows, kRows, kAll);
    std::vector<bool> far(kRows);
    for (size_t i = kRows - 40; i < kRows; ++i) far[ranking[i].slot] = true;
    const Passes is_far = [&](uint32_t slot) { return far[slot]; };
    for (const uint32_t kind : {RHUMB_FILTER_ALL, RHUMB_FILTER_BITS, RHUMB_FILTER_SLOTS}) {
      const FilterStorage nothing(kind, kRows, none), distant(kind, kRows, is_far);
      require_sound(column, query, index.search(std::span(&query, 1), kHits, nothing.raw()), 0,
                    kHits, kRows, none);
      require_sound(column, query, index.search(std::span(&query, 1), kHits, distant.raw()), 0,
                    kHits, kRows, is_far);
    }
  });
  report.run("a search sees the view it was given: live bits of fewer slots than are indexed", [&] {
    const Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 3);
    IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
    index.build(kRows);
    constexpr uint32_t kSeen = 1000;
    const FilterStorage view(RHUMB_FILTER_ALL, kSeen, kAll);
    require_good(index, column, kHits, kSeen, view.raw(), kAll, 0, kRecallMin);
  });
}

void sizes(Report& report, const IndexSubject& s) {
  report.run("answers with no rows, one row, and k beyond the rows", [&] {
    for (const uint32_t rows : {0u, 1u, 5u}) {
      const Column column(s.metrics[0], s.scalars[0], kDim, rows, s.seed + 4);
      IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
      require_status(RHUMB_OK, index.status(), "open", &index.error());
      const std::vector<char> query = column.query(0);
      require_sound(column, query, index.search(std::span(&query, 1), kHits, nullptr), 0, kHits, 0,
                    kAll);  // there was no build yet
      index.build(rows);
      for (const uint32_t k : {1u, 4u, 100u}) {
        require_sound(column, query, index.search(std::span(&query, 1), k, nullptr), 0, k, rows,
                      kAll);
      }
    }
  });
  report.run(
      "answers a large k, and gives the same answer for each copy of a query in a batch", [&] {
        const Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 5);
        IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
        index.build(kRows);
        const std::vector<char> query = column.query(3);
        require_sound(column, query, index.search(std::span(&query, 1), 2000, nullptr), 0, 2000,
                      kRows, kAll);
        const std::vector<std::vector<char>> same(7, query);
        const Answer batch = index.search(same, kHits, nullptr),
                     single = index.search(std::span(&query, 1), kHits, nullptr);
        for (const auto& hits : batch.hits)
          require(hits == single.hits[0], "a query's answer depends on its place in the batch");
        require(index.search({}, kHits, nullptr).status == RHUMB_OK, "no queries at all is fine");
      });
  report.run("leaves out rows without a vector and rows that were dead at the build", [&] {
    Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 6);
    const auto present = bits_of(kRows, [](uint32_t slot) { return slot % 7 != 3; });
    column.set_present(present.data());
    const Passes alive = [](uint32_t slot) { return slot % 5 != 0; };
    const auto live = bits_of(kRows, alive);
    IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
    index.build(kRows, live.data());
    const FilterStorage filter(RHUMB_FILTER_ALL, kRows, alive);
    require_good(index, column, kHits, kRows, filter.raw(), alive, 0, kRecallMin);
    require_good(index, column, kHits, kRows, filter.raw(), alive, RHUMB_QUERY_EXACT, 1.0);
  });
}

void refusals(Report& report, const IndexSubject& s) {
  report.run("refuses parameters that are no JSON object, and unknown parameters", [&] {
    const Column column(s.metrics[0], s.scalars[0], kDim, 10, s.seed);
    for (const char* config : {"{", "[]", "{\"no_such_parameter_7\":1}"}) {
      const IndexInstance index(s.ops, s.host, column, {config, "", 0});
      require_status(RHUMB_INVALID, index.status(), std::string("open with ") + config,
                     &index.error());
    }
  });
  report.run("refuses metrics and scalar types that it does not list", [&] {
    Column column(s.metrics[0], s.scalars[0], kDim, 10, s.seed);
    rhumb_vectors_t odd = *column.raw();
    odd.scalar = 99;
    const rhumb_open_t base{sizeof base, 0, slice(s.config), {nullptr, 0}, nullptr};
    for (const rhumb_index_open_t& open :
         {rhumb_index_open_t{sizeof(rhumb_index_open_t), 99, column.raw(), 10, &base},
          rhumb_index_open_t{sizeof(rhumb_index_open_t), s.metrics[0], &odd, 10, &base}}) {
      rhumb_index_t* self = nullptr;
      rhumb_error_t error{};
      error.struct_size = sizeof error;
      require_status(RHUMB_UNSUPPORTED, s.ops.open(s.host.raw(), &open, &self, &error), "open",
                     &error);
      require(self == nullptr, "a refused open() leaves *out alone");
    }
  });
  report.run(
      "refuses a required extension, skips an optional one, and has no unknown interface", [&] {
        const Column column(s.metrics[0], s.scalars[0], kDim, 100, s.seed);
        IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
        index.build(100);
        const std::vector<char> query = column.query(0);
        rhumb_ext_t ext = {"test.unheard.of/1", nullptr, sizeof ext, 0};
        require_sound(column, query,
                      index.search(std::span(&query, 1), 3, nullptr, 0, nullptr, &ext), 0, 3, 100,
                      kAll);
        ext.required = 1;
        require_status(RHUMB_UNSUPPORTED,
                       index.search(std::span(&query, 1), 3, nullptr, 0, nullptr, &ext).status,
                       "search");
        if (s.ops.get_extension != nullptr) {
          require(s.ops.get_extension(index.self(), "test.unheard.of/1") == nullptr,
                  "an interface nobody has heard of");
        }
      });
  report.run("stops for a deadline that has passed and for a cancellation", [&] {
    const Column column(s.metrics[0], s.scalars[0], 256, kRows, s.seed);
    IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
    index.build(kRows);
    const auto queries = queries_of(column, 200);
    rhumb_call_t call{};
    call.struct_size = sizeof call;
    call.deadline_ns = 1;
    const rhumb_status_t late =
        index.search(queries, kHits, nullptr, RHUMB_QUERY_EXACT, &call).status;
    require(late == RHUMB_TIMEOUT || late == RHUMB_OK,
            "expected RHUMB_TIMEOUT, found " + std::to_string(late));
    require(late == RHUMB_TIMEOUT, "200 exact searches of 3,000 x 256 took no look at a deadline");
    call.deadline_ns = 0;
    call.cancelled = [](void*) -> uint32_t { return 1; };
    require_status(RHUMB_CANCELLED,
                   index.search(queries, kHits, nullptr, RHUMB_QUERY_EXACT, &call).status,
                   "cancelled search");
    // it still works
    require_good(index, column, kHits, kRows, nullptr, kAll, RHUMB_QUERY_EXACT, 1.0);
  });
}

}  // namespace

void check_index_search(Report& report, const IndexSubject& s) {
  each_pair(report, s);
  filters(report, s);
  sizes(report, s);
  refusals(report, s);
}

int check_index(const Subject& subject) {
  const auto ops = normalise<rhumb_index_ops_t>(subject.factory->ops);
  CheckHost host;
  IndexSubject s{ops, host, subject.config_json, subject.seed, {}, {}};
  Report report(std::string("index/") + subject.factory->id);
  report.run("describes itself", [&] { describe(ops, s); });
  if (report.failures() > 0) return report.failures();
  check_index_search(report, s);
  check_index_files(report, s);
  check_index_live(report, s);
  check_index_hostile(report, s);
  report.run("gives back the memory it reported",
             [&] { require_equal(int64_t{0}, host.memory_bytes(), "bytes still reported"); });
  return report.failures();
}

}  // namespace rhumb::check
