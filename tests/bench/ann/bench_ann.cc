// Measures index engines beside each other: bench_ann DIR cosine|euclid OPTIONS. It prints one JSON
// object; progress goes to stderr.
//   --plugin FILE        index_rhumb.so
//   --before FILE        an index_rhumb.so from before a change, as another peer
//   --peers a,b          of hnswlib, faiss, faiss_sq8, usearch, usearch_i8 (default hnswlib);
//                        rhumb is always there
//   --targets .95,.99    recalls at 10 (default .90,.95,.99)
//   --rounds N           default 7
//   --reuse              takes an index that an earlier run left in DIR/indexes
//   --filters            also filters of all kinds (cells.h)
//   --batch              also queries that are passed all at once
//   --config JSON        of rhumb
//   --curve              also recall and time over a range of ef
//   --threads N          of the compared builds, ours and hnswlib's (default 1); the other peers
//                        use all cores
//
// DIR is the output of bench_data. In a round every peer answers all queries, in turn, with the
// smallest ef that reaches the target. Before each timed pass comes an untimed one (unless passes
// are long). Times are CPU times of the thread (with wall times beside them). Ratios are taken
// within a round, and medians over the rounds.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/bench/ann/cells.h"

namespace rhumb::bench {
namespace {

using nlohmann::json;
constexpr uint32_t kK = 10, kEfMax = 2048;
// A pass this long needs a warm-up only the first time, because the state of the caches matters
// little.
constexpr double kLongPassUs = 3e5;

double cpu_s(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Options {
  std::string dir, plugin, before, config;
  bool cosine = false, reuse = false, batch = false, curve = false, filters = false;
  std::vector<std::string> peers{"hnswlib"};
  std::vector<double> targets{.90, .95, .99};
  uint32_t rounds = 7, threads = 1;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::stringstream in(text);
  for (std::string word; std::getline(in, word, ',');) out.push_back(word);
  return out;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v.empty()           ? 0
         : v.size() % 2 == 1 ? v[v.size() / 2]
                             : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
}

struct Question {
  const Matrix<float>& queries;
  const Matrix<int32_t>& truth;
  const Subset* subset;
  bool batch;
};

struct Pass {
  double recall = 0, cpu_us = 0, wall_us = 0;
};

Pass pass(Peer& peer, const Question& q, uint32_t ef) {
  Matrix<int32_t> found(q.queries.rows, kK);
  const double cpu = cpu_s(CLOCK_THREAD_CPUTIME_ID), wall = cpu_s(CLOCK_MONOTONIC);
  if (q.batch) {
    peer.search_batch(q.queries, kK, ef, found);
  } else {
    for (uint32_t i = 0; i < q.queries.rows; ++i) {
      const uint32_t n = peer.search(q.queries.row(i), kK, ef, q.subset, found.row(i));
      std::fill(found.row(i) + n, found.row(i) + kK, -1);
    }
  }
  Pass result;
  result.cpu_us = (cpu_s(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e6 / q.queries.rows;
  result.wall_us = (cpu_s(CLOCK_MONOTONIC) - wall) * 1e6 / q.queries.rows;
  for (uint32_t i = 0; i < q.queries.rows; ++i)
    result.recall += recall(q.truth.row(i), found.row(i), kK, kK) / q.queries.rows;
  return result;
}

// Returns the smallest ef that reaches the target; 0 if none does.
uint32_t breadth_for(Peer& peer, const Question& q, double target) {
  uint32_t low = kK, high = kK;
  for (; pass(peer, q, high).recall < target; high *= 2) {
    if (high > kEfMax) return 0;
    low = high + 1;
  }
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (pass(peer, q, middle).recall >= target)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

json measure(std::vector<std::unique_ptr<Peer>>& peers, const Question& q, double target,
             uint32_t rounds) {
  struct Row {
    Peer* peer;
    uint32_t ef;
    Pass last;
    std::vector<double> us, wall_us, ratio;
  };
  std::vector<Row> rows;
  json out = json::object();
  for (auto& peer : peers) {
    if ((q.subset != nullptr && !peer->filters()) ||
        (q.subset == nullptr && peer->name() == "scan") ||
        (q.batch && !peer->batches() && peer->name() != "hnswlib"))
      continue;
    const Question own{q.queries, q.truth, q.subset, q.batch && peer->batches()};
    const uint32_t ef = breadth_for(*peer, own, target);
    if (ef == 0)
      out[peer->name()] = {{"recall_max", pass(*peer, own, kEfMax).recall}};
    else
      rows.push_back({peer.get(), ef, {}, {}, {}, {}});
  }
  for (uint32_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < rows.size(); ++i) {
      Row& row = rows[(i + round) % rows.size()];
      const Question own{q.queries, q.truth, q.subset, q.batch && row.peer->batches()};
      if (row.last.cpu_us * q.queries.rows < kLongPassUs) pass(*row.peer, own, row.ef);
      row.last = pass(*row.peer, own, row.ef);
      row.us.push_back(row.last.cpu_us);
      row.wall_us.push_back(row.last.wall_us);
    }
    const auto first = std::find_if(rows.begin(), rows.end(),
                                    [](const Row& r) { return r.peer->name() == "hnswlib"; });
    for (Row& row : rows) {
      if (first != rows.end()) row.ratio.push_back(first->us.back() / row.us.back());
    }
  }
  for (const Row& row : rows) {
    out[row.peer->name()] = {{"ef", row.ef},
                             {"recall", row.last.recall},
                             {"cpu_us", median(row.us)},
                             {"wall_us", median(row.wall_us)},
                             {"qps", 1e6 / median(row.us)}};
    if (!row.ratio.empty()) out[row.peer->name()]["ratio"] = median(row.ratio);
    std::fprintf(stderr, "  %-18s target %.3f ef %5u recall %.4f  %8.1f us  x%.2f\n",
                 row.peer->name().c_str(), target, row.ef, row.last.recall, median(row.us),
                 median(row.ratio));
  }
  return out;
}

// Recall and time of every peer at each ef. The peers take turns at each.
json curves(std::vector<std::unique_ptr<Peer>>& peers, const Question& q) {
  json out = json::object();
  for (const uint32_t ef : {10u, 14u, 20u, 28u, 40u, 56u, 80u, 112u, 160u, 224u, 320u}) {
    for (auto& peer : peers) {
      pass(*peer, q, ef);
      std::vector<double> us;
      Pass last;
      for (int round = 0; round < 3; ++round) us.push_back((last = pass(*peer, q, ef)).cpu_us);
      out[peer->name()].push_back({{"ef", ef}, {"recall", last.recall}, {"cpu_us", median(us)}});
    }
  }
  return out;
}

json build_all(std::vector<std::unique_ptr<Peer>>& peers, const Options& options, uint32_t rows) {
  const std::string kept = options.dir + "/indexes";
  std::filesystem::create_directories(kept);
  json out = json::object();
  for (auto& peer : peers) {
    if (options.reuse && peer->load(kept)) continue;
    const double cpu = cpu_s(CLOCK_PROCESS_CPUTIME_ID), wall = cpu_s(CLOCK_MONOTONIC);
    const bool compared =
        peer->name() == "hnswlib" || peer->name() == "rhumb" || peer->name() == "before";
    const uint32_t threads =
        compared ? options.threads : std::max(1u, std::thread::hardware_concurrency());
    peer->build(threads);
    const double cpu_used_s = cpu_s(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                 wall_s = cpu_s(CLOCK_MONOTONIC) - wall;
    out[peer->name()] = {{"threads", threads},
                         {"cpu_s", cpu_used_s},
                         {"wall_s", wall_s},
                         {"us_per_row", cpu_used_s * 1e6 / rows}};
    std::fprintf(stderr, "  %-18s built in %.1f s CPU, %.1f s\n", peer->name().c_str(), cpu_used_s,
                 wall_s);
    peer->save(kept);
    if (peer->name() == "rhumb") peer->load(kept);  // measured as in a server: mapped
  }
  return out;
}

std::vector<std::unique_ptr<Peer>> make_peers(const Options& options, const Base& base) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (const std::string& name : options.peers) {
    std::unique_ptr<Peer> peer;
    if (name == "hnswlib") peer = make_hnswlib(base);
    if (name == "faiss" || name == "faiss_sq8") peer = make_faiss(base, name != "faiss");
    if (name == "usearch" || name == "usearch_i8") peer = make_usearch(base, name != "usearch");
    if (peer != nullptr)
      peers.push_back(std::move(peer));
    else
      std::fprintf(stderr, "  %s: not there\n", name.c_str());
  }
  if (!options.before.empty())
    peers.push_back(make_rhumb(base, options.before, options.config, "before"));
  peers.push_back(make_rhumb(base, options.plugin, options.config, "rhumb"));
  return peers;
}

json run(const Options& options) {
  const auto rows = read_matrix<float>(options.dir + "/base.fbin"),
             queries = read_matrix<float>(options.dir + "/queries.fbin");
  const auto truth = read_matrix<int32_t>(options.dir + "/truth100.ibin");
  const Base base{rows, options.cosine ? RHUMB_COSINE : RHUMB_EUCLID};
  auto peers = make_peers(options, base);
  json out = {{"rows", rows.rows},
              {"dim", rows.columns},
              {"metric", options.cosine ? "cosine" : "euclid"},
              {"queries", queries.rows},
              {"k", kK},
              {"rounds", options.rounds}};
  out["build"] = build_all(peers, options, rows.rows);
  for (const double target : options.targets) {
    char key[16];
    std::snprintf(key, sizeof key, "%.3f", target);
    out["search"][key] = measure(peers, {queries, truth, nullptr, false}, target, options.rounds);
    if (options.batch)
      out["batch"][key] = measure(peers, {queries, truth, nullptr, true}, target, options.rounds);
  }
  if (options.curve) out["curve"] = curves(peers, {queries, truth, nullptr, false});
  if (!options.filters) return out;
  peers.push_back(make_scan(base));
  for (const Cell& cell : make_cells(base, queries, kK)) {
    std::fprintf(stderr, " filter: %s, %u queries\n", cell.name.c_str(), cell.queries.rows);
    json row = measure(peers, {cell.queries, cell.truth, &cell.subset, false}, .95, options.rounds);
    row["passing"] = cell.subset.count;
    row["queries"] = cell.queries.rows;
    out["filter"][cell.name] = row;
  }
  return out;
}

Options parse(int argc, char** argv) {
  Options o;
  o.dir = argv[1];
  o.cosine = std::strcmp(argv[2], "cosine") == 0;
  for (int i = 3; i < argc; ++i) {
    const std::string key = argv[i];
    if (key == "--reuse") {
      o.reuse = true;
      continue;
    }
    if (key == "--batch") {
      o.batch = true;
      continue;
    }
    if (key == "--curve") {
      o.curve = true;
      continue;
    }
    if (key == "--filters") {
      o.filters = true;
      continue;
    }
    if (i + 1 >= argc) std::exit(2);
    const std::string value = argv[++i];
    if (key == "--plugin")
      o.plugin = value;
    else if (key == "--before")
      o.before = value;
    else if (key == "--config")
      o.config = value;
    else if (key == "--peers")
      o.peers = split(value);
    else if (key == "--rounds")
      o.rounds = static_cast<uint32_t>(std::stoul(value));
    else if (key == "--threads")
      o.threads = static_cast<uint32_t>(std::stoul(value));
    else if (key == "--targets") {
      o.targets.clear();
      for (const auto& t : split(value)) o.targets.push_back(std::stod(t));
    } else {
      std::fprintf(stderr, "unknown option %s\n", key.c_str());
      std::exit(2);
    }
  }
  return o;
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) {
  if (argc < 3)
    return std::fprintf(stderr,
                        "usage: bench_ann DIR cosine|euclid OPTIONS (see the source's head)\n"),
           2;
  std::printf("%s\n", rhumb::bench::run(rhumb::bench::parse(argc, argv)).dump(1).c_str());
  return 0;
}
