// Measures our engine on data that codes cannot order, beside hnswlib over floats: bench_hostile
// PLUGIN OPTIONS. It prints one JSON object, and a line for each shape to stderr. Nothing is
// asserted; the output says which bars hold.
//   --shapes a,b    of shapes.cc (default: all)
//   --rows N        of each shape (default 20,000)
//   --queries N     default 400
//   --rounds N      of timed passes (default 3)
//   --config JSON   of rhumb
//   --kept DIR      stores hnswlib's graphs there and takes them from there, to measure ours
//                   again after a change
//
// Our engine is measured in two ways: built at once, and inserted in order as a host does
// (peer_rhumb.cc). Recall at 10 counts a hit that is as close as the tenth. Times are CPU times of
// the thread, with builds on one thread.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <thread>

#include "rhumb/kernels.h"
#include "tests/bench/ann/peer.h"
#include "tests/bench/ann/shapes.h"

namespace rhumb::bench {
namespace {

using nlohmann::json;
constexpr uint32_t kK = 10, kEfMax = 2048;
constexpr uint32_t kEqualEfs[] = {40, 100, 200};
constexpr double kTargets[] = {.95, .99};
constexpr uint32_t kTargetEf = 100;  // hnswlib's recall at this ef is a target, too
// The target is at most this, because of 4,000 neighbours a few are missed by chance.
constexpr double kTargetMax = .995;
// The bars that our engine should stay within.
constexpr double kLossMax = .02, kDefaultRecallMin = .95, kQueryRatioMax = 3, kBuildRatioMax = 2;

struct Options {
  std::string plugin, config, kept;
  std::vector<std::string> shapes;
  Sizes sizes{20'000, 400};
  uint32_t rounds = 3;
};

double cpu_s(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

// The right answers by the SDK's kernels: distances of the nearest and of the tenth row.
class Truth {
 public:
  Truth(const DataSet& set, uint32_t metric)
      : set_(set),
        kernel_(rhumb_kernel_for(metric, RHUMB_F32)),
        nearest_(set.queries.rows),
        tenth_(set.queries.rows) {
    // Cosine distances are 1 - <a, b> in floats, so those of near rows differ by rounding.
    if (metric == RHUMB_COSINE) rounding_ = 3e-7f;
    std::atomic<uint32_t> next{0};
    const auto work = [&] {
      std::vector<float> d(set.base.rows);
      for (uint32_t q; (q = next++) < set.queries.rows;) {
        kernel_->rows(set.queries.row(q), set.base.values.data(), set.base.columns * sizeof(float),
                      set.base.rows, set.base.columns, d.data());
        std::nth_element(d.begin(), d.begin() + kK - 1, d.end());
        tenth_[q] = d[kK - 1];
        nearest_[q] = *std::min_element(d.begin(), d.begin() + kK);
      }
    };
    std::thread other(work);
    work();
    other.join();
  }
  struct Recall {
    double at_10 = 0, at_1 = 0;
  };
  Recall recall_of(const Matrix<int32_t>& found) const {
    Recall sum;
    for (uint32_t q = 0; q < found.rows; ++q) {
      std::vector<int32_t> ids(found.row(q), found.row(q) + kK);
      std::sort(ids.begin(), ids.end());
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
      bool first = false;
      for (const int32_t id : ids) {
        if (id < 0) continue;
        const float d = distance(q, id);
        sum.at_10 += within(d, tenth_[q]) ? 1.0 / kK : 0;
        first |= within(d, nearest_[q]);
      }
      sum.at_1 += first ? 1 : 0;
    }
    return {sum.at_10 / found.rows, sum.at_1 / found.rows};
  }

 private:
  float distance(uint32_t q, int32_t id) const {
    float d = 0;
    kernel_->rows(set_.queries.row(q), set_.base.row(static_cast<size_t>(id)),
                  set_.base.columns * sizeof(float), 1, set_.base.columns, &d);
    return d;
  }
  bool within(float d, float bound) const {
    return d <= bound + 1e-6f * std::abs(bound) + rounding_;
  }

  const DataSet& set_;
  const rhumb_kernel_t* const kernel_;
  float rounding_ = 0;
  std::vector<float> nearest_, tenth_;
};

struct Measured {
  Truth::Recall recall;
  double cpu_us, compared;
};

// The queries of one shape, which are sent to one engine after the other.
class Asker {
 public:
  Asker(const DataSet& set, const Truth& truth, uint32_t rounds)
      : queries_(set.queries), truth_(truth), rounds_(rounds) {}

  Measured ask(Peer& peer, uint32_t ef) const {
    Matrix<int32_t> found(queries_.rows, kK);
    uint64_t compared = 0;
    const double start = cpu_s(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t q = 0; q < queries_.rows; ++q) {
      const uint32_t n = peer.search(queries_.row(q), kK, ef, nullptr, found.row(q));
      std::fill(found.row(q) + std::min(n, kK), found.row(q) + kK, -1);
      compared += peer.compared();
    }
    const double us = (cpu_s(CLOCK_THREAD_CPUTIME_ID) - start) * 1e6 / queries_.rows;
    return {truth_.recall_of(found), us, static_cast<double>(compared) / queries_.rows};
  }
  // Returns the smallest ef that reaches the target; 0 if none does.
  uint32_t breadth_for(Peer& peer, double target) const {
    uint32_t low = kK, high = kK;
    for (; ask(peer, high).recall.at_10 < target; high *= 2) {
      if (high > kEfMax) return 0;
      low = high + 1;
    }
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (ask(peer, middle).recall.at_10 >= target)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }
  // The medians of both times, measured in turns, and the second as a ratio to the first.
  struct Pair {
    double first_us, second_us, ratio;
  };
  Pair compare(Peer& first, uint32_t first_ef, Peer& second, uint32_t second_ef) const {
    std::vector<double> a, b, ratio;
    ask(first, first_ef);
    ask(second, second_ef);
    for (uint32_t round = 0; round < rounds_; ++round) {
      a.push_back(ask(first, first_ef).cpu_us);
      b.push_back(ask(second, second_ef).cpu_us);
      ratio.push_back(b.back() / a.back());
    }
    return {median(a), median(b), median(ratio)};
  }

 private:
  const Matrix<float>& queries_;
  const Truth& truth_;
  const uint32_t rounds_;
};

double build(Peer& peer) {
  const double start = cpu_s(CLOCK_PROCESS_CPUTIME_ID);
  peer.build(1);
  return cpu_s(CLOCK_PROCESS_CPUTIME_ID) - start;
}

// Loads the graph of an earlier run over the same rows, with its cost.
double build_or_load(Peer& hnswlib, const Options& options, const Shape& shape, bool shuffled) {
  if (options.kept.empty()) return build(hnswlib);
  const std::string dir = options.kept + "/" + shape.name + "-" + std::to_string(shape.seed) + "-" +
                          std::to_string(options.sizes.rows) + (shuffled ? "-shuffled" : "");
  double cost = 0;
  if (std::ifstream(dir + "/cpu_s") >> cost && hnswlib.load(dir)) return cost;
  std::filesystem::create_directories(dir);
  cost = build(hnswlib);
  hnswlib.save(dir);
  std::ofstream(dir + "/cpu_s") << cost;
  return cost;
}

// The part of the engine's stats that describes its codes, if there is any.
json said(const Peer& peer) {
  const json stats = json::parse(peer.stats());
  json out = json::object();
  for (const char* member : {"codes", "measured", "why", "doubtful", "renew", "bytes_resident"}) {
    if (stats.contains(member)) out[member] = stats[member];
  }
  return out;
}

// The recall of hnswlib with rows in their order. If that is below the bar (topics one after
// another leave parts of its graph unreachable), its times are those of the rows in random order,
// because otherwise any time of ours would be good enough.
struct HnswlibFound {
  std::unique_ptr<Peer> timed;
  bool shuffled = false;
  double build_cpu_s = 0;
  json at = json::object();
  struct Target {
    double recall;
    uint32_t ef;
  };
  std::vector<Target> targets;  // the targets that it reaches
};

HnswlibFound measure_hnswlib(const Base& base, const Options& options, const Shape& shape,
                             const Asker& asker) {
  HnswlibFound out;
  for (const bool shuffled : {false, true}) {
    auto peer = make_hnswlib(base, shuffled);
    const double cost = build_or_load(*peer, options, shape, shuffled);
    const double found = asker.ask(*peer, kEqualEfs[std::size(kEqualEfs) - 1]).recall.at_10;
    if (!shuffled) {
      out.build_cpu_s = cost;
      for (const uint32_t ef : kEqualEfs)
        out.at[std::to_string(ef)] = asker.ask(*peer, ef).recall.at_10;
    }
    if (!shuffled || found >= kDefaultRecallMin) {
      out.timed = std::move(peer);
      out.shuffled = shuffled;
    }
    if (found >= kDefaultRecallMin) break;
  }
  std::vector<double> targets(std::begin(kTargets), std::end(kTargets));
  targets.push_back(std::min(kTargetMax, asker.ask(*out.timed, kTargetEf).recall.at_10));
  for (const double target : targets) {
    if (const uint32_t ef = asker.breadth_for(*out.timed, target); ef != 0)
      out.targets.push_back({target, ef});
  }
  return out;
}

// Our figures beside hnswlib's, with the four that have a bar.
json measure(Peer& ours, double build_cpu_s, const HnswlibFound& its, const Asker& asker) {
  Peer& hnswlib = *its.timed;
  json out = {{"build_cpu_s", build_cpu_s},
              {"build_ratio", build_cpu_s / its.build_cpu_s},
              {"renewals", ours.renewals()},
              {"stats", said(ours)}};
  double loss = -1, query_ratio = 0;
  for (const uint32_t ef : kEqualEfs) {
    const double found = asker.ask(ours, ef).recall.at_10;
    out["at"][std::to_string(ef)] = found;
    loss = std::max(loss, its.at[std::to_string(ef)].get<double>() - found);
  }
  bool reached = true;
  for (const auto& target : its.targets) {
    const uint32_t ef = asker.breadth_for(ours, target.recall);
    if (ef == 0) {
      reached = false;
      out["equal"].push_back(
          {{"recall", target.recall}, {"hnswlib_ef", target.ef}, {"ef", nullptr}});
      continue;
    }
    const Asker::Pair us = asker.compare(hnswlib, target.ef, ours, ef);
    query_ratio = std::max(query_ratio, us.ratio);
    out["equal"].push_back({{"recall", target.recall},
                            {"hnswlib_ef", target.ef},
                            {"ef", ef},
                            {"hnswlib_us", us.first_us},
                            {"us", us.second_us},
                            {"ratio", us.ratio}});
  }
  const Measured by_default = asker.ask(ours, 0);
  out["default"] = {{"recall", by_default.recall.at_10},
                    {"recall_at_1", by_default.recall.at_1},
                    {"us", by_default.cpu_us},
                    {"compared", by_default.compared}};
  // At its defaults our engine must not need more time than hnswlib for the same recall.
  const double found = std::min(kTargetMax, by_default.recall.at_10);
  if (const uint32_t ef = asker.breadth_for(hnswlib, found); ef != 0) {
    const Asker::Pair us = asker.compare(hnswlib, ef, ours, 0);
    out["default"]["ratio"] = us.ratio;
    out["default"]["us"] = us.second_us;
    query_ratio = std::max(query_ratio, us.ratio);
  }
  out["loss"] = loss;
  out["query_ratio"] = reached ? json(query_ratio) : json();
  out["holds"] = {{"equal_ef", loss <= kLossMax},
                  {"default", by_default.recall.at_10 >= kDefaultRecallMin},
                  {"query", reached && query_ratio <= kQueryRatioMax},
                  {"build", build_cpu_s <= kBuildRatioMax * its.build_cpu_s}};
  return out;
}

void print_heads() {
  std::fprintf(stderr, "%-23s %-7s %-27s %-27s %-15s %-8s %-10s %-8s %s\n", "shape", "",
               "recall at ef 40 / 100 / 200", "hnswlib", "default (at 1)", "compared", "CPU/query",
               "build", "bars that fail; stats");
}

void print_line(const Shape& shape, const char* way, const json& row, const json& hnswlib) {
  const auto three = [](const json& at) {
    char text[64];
    std::snprintf(text, sizeof text, "%.4f / %.4f / %.4f", at["40"].get<double>(),
                  at["100"].get<double>(), at["200"].get<double>());
    return std::string(text);
  };
  std::string fails;
  for (const auto& [bar, holds] : row["holds"].items()) fails += holds.get<bool>() ? "" : bar + " ";
  json brief = row["stats"];
  brief.erase("bytes_resident");
  if (row["renewals"] != 0) brief["renewals"] = row["renewals"];
  char query[32] = "unreached";
  if (!row["query_ratio"].is_null())
    std::snprintf(query, sizeof query, "x%.2f", row["query_ratio"].get<double>());
  std::fprintf(stderr, "%-23s %-7s %-27s %-27s %.4f (%.3f)  %-8.0f %-10s x%-7.2f %s %s\n",
               shape.name, way, three(row["at"]).c_str(), three(hnswlib).c_str(),
               row["default"]["recall"].get<double>(), row["default"]["recall_at_1"].get<double>(),
               row["default"]["compared"].get<double>(), query, row["build_ratio"].get<double>(),
               fails.empty() ? "-" : fails.c_str(), brief.empty() ? "" : brief.dump().c_str());
}

json run_shape(const Options& options, const Shape& shape) {
  const DataSet set = shape.make(shape, options.sizes);
  const Truth truth(set, shape.metric);
  const Asker asker(set, truth, options.rounds);
  const Base base{set.base, shape.metric};
  const HnswlibFound its = measure_hnswlib(base, options, shape, asker);
  constexpr const char* kMetrics[] = {"", "cosine", "dot", "euclid", "manhattan"};
  json out = {{"what", shape.what},
              {"metric", kMetrics[shape.metric]},
              {"dim", shape.dim},
              {"seed", shape.seed}};
  out["hnswlib"] = {{"build_cpu_s", its.build_cpu_s}, {"at", its.at}, {"shuffled", its.shuffled}};
  for (const bool grown : {false, true}) {
    const char* const way = grown ? "insert" : "build";
    const auto ours = grown ? make_grown(base, options.plugin, options.config, way)
                            : make_rhumb(base, options.plugin, options.config, way);
    const double own_cost = build(*ours);
    out[way] = measure(*ours, own_cost, its, asker);
    print_line(shape, way, out[way], its.at);
  }
  return out;
}

Options parse(int argc, char** argv) {
  Options o;
  o.plugin = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string key = argv[i], value = argv[i + 1];
    if (key == "--rows")
      o.sizes.rows = static_cast<uint32_t>(std::stoul(value));
    else if (key == "--queries")
      o.sizes.queries = static_cast<uint32_t>(std::stoul(value));
    else if (key == "--rounds")
      o.rounds = static_cast<uint32_t>(std::stoul(value));
    else if (key == "--config")
      o.config = value;
    else if (key == "--kept")
      o.kept = value;
    else if (key == "--shapes") {
      std::stringstream in(value);
      for (std::string name; std::getline(in, name, ',');) o.shapes.push_back(name);
    } else {
      std::fprintf(stderr, "unknown option %s\n", key.c_str());
      std::exit(2);
    }
  }
  return o;
}

int run(const Options& options) {
  json out = {{"rows", options.sizes.rows},
              {"queries", options.sizes.queries},
              {"k", kK},
              {"rounds", options.rounds},
              {"shapes", json::object()}};
  out["bars"] = {{"equal_ef", kLossMax},
                 {"default", kDefaultRecallMin},
                 {"query", kQueryRatioMax},
                 {"build", kBuildRatioMax}};
  out["order"] = json::array();
  print_heads();
  for (const Shape& shape : hostile_shapes()) {
    if (!options.shapes.empty() &&
        std::find(options.shapes.begin(), options.shapes.end(), shape.name) == options.shapes.end())
      continue;
    out["shapes"][shape.name] = run_shape(options, shape);
    out["order"].push_back(shape.name);
  }
  std::printf("%s\n", out.dump(1).c_str());
  return out["order"].empty() ? 2 : 0;
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0)
    return std::fprintf(stderr, "usage: bench_hostile PLUGIN OPTIONS (see the source's head)\n"), 2;
  return rhumb::bench::run(rhumb::bench::parse(argc, argv));
}
