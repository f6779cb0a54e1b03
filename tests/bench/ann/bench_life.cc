// Measures the cost of an index apart from its searches: bench_life DIR cosine|euclid PART PLUGIN
// [ROWS]. It prints one JSON object.
//   threads   build, insert and search on one thread and on two
//   memory    bytes per vector of an opened index, beside hnswlib's; time to open it and to its
//             first answer
//   merge     the last tenth of the rows merged into the rest, against a build of all; then ten
//             turnovers by merges
//   writer    queries per second while another thread inserts, against an idle index
//   curve     time of a query at recall 0.95 over the number of rows: prefixes of the base
//
// DIR is the output of bench_data. With ROWS only so many rows are used.
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "rhumb/kernels.h"
#include "tests/bench/ann/engine.h"
#include "tests/bench/ann/graph_reach.h"

namespace rhumb::bench {
namespace {

using nlohmann::json;
constexpr uint32_t kK = 10;
constexpr double kTarget = .95;
constexpr uint32_t kWideEf = 1024;

double seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Seconds of wall time and CPU time of the whole process.
struct Cost {
  double wall_s, cpu_s;
};
template <typename Fn>
Cost cost_of(Fn fn) {
  const double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  fn();
  return {seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

struct Bench {
  const rhumb_index_ops_t* ops;
  std::string dir;
  uint32_t metric;
  Matrix<float> rows, queries;

  Base base() const { return {rows, metric}; }
  std::unique_ptr<Engine> engine(const Base& over, const std::string& directory = "") const {
    return std::make_unique<Engine>(ops, over, "", directory);
  }
  std::string index() const { return dir + "/indexes/life"; }
};

Matrix<int32_t> truth_of(const Bench& b, const Matrix<float>& rows, uint32_t n, uint32_t queries) {
  const rhumb_kernel_t* kernel = rhumb_kernel_for(b.metric, RHUMB_F32);
  Matrix<int32_t> out(queries, kK);
  std::atomic<uint32_t> next{0};
  const auto work = [&] {
    std::vector<float> d(n);
    std::vector<int32_t> near(n);
    for (uint32_t q; (q = next++) < queries;) {
      kernel->rows(b.queries.row(q), rows.values.data(), rows.columns * sizeof(float), n,
                   rows.columns, d.data());
      std::iota(near.begin(), near.end(), 0);
      const auto closer = [&](int32_t x, int32_t y) {
        return d[static_cast<size_t>(x)] < d[static_cast<size_t>(y)];
      };
      std::nth_element(near.begin(), near.begin() + kK, near.end(), closer);
      std::copy_n(near.begin(), kK, out.row(q));
    }
  };
  std::thread other(work);
  work();
  other.join();
  return out;
}

double recall_of(const Engine& engine, const Matrix<float>& queries, const Matrix<int32_t>& truth,
                 uint32_t ef) {
  std::vector<int32_t> found(kK);
  double sum = 0;
  for (uint32_t q = 0; q < truth.rows; ++q) {
    engine.search(queries.row(q), 1, kK, ef, nullptr, found.data());
    sum += recall(truth.row(q), found.data(), kK, kK);
  }
  return sum / truth.rows;
}

uint32_t breadth_for(const Engine& engine, const Matrix<float>& queries,
                     const Matrix<int32_t>& truth) {
  uint32_t low = kK, high = 2048;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (recall_of(engine, queries, truth, middle) >= kTarget)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// Sends the queries one after the other until told to stop, or all of them `passes` times. Returns
// how many were sent.
uint64_t ask_all(const Engine& engine, const Matrix<float>& queries, uint32_t ef, uint32_t passes,
                 const std::atomic<bool>* stop = nullptr) {
  std::vector<int32_t> found(kK);
  uint64_t asked = 0;
  for (uint32_t pass = 0; pass < passes; ++pass) {
    for (uint32_t q = 0; q < queries.rows; ++q, ++asked) {
      if (stop != nullptr && stop->load(std::memory_order_relaxed)) return asked;
      engine.search(queries.row(q), 1, kK, ef, nullptr, found.data());
    }
  }
  return asked;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

// Inserts a range of slots in blocks, from some threads.
void insert_all(Engine& engine, uint32_t first, uint32_t end, uint32_t threads) {
  constexpr uint32_t kBlock = 64;
  std::atomic<uint32_t> next{first};
  const auto work = [&] {
    for (uint32_t at; (at = next.fetch_add(kBlock)) < end;)
      engine.insert(at, std::min(end, at + kBlock));
  };
  std::vector<std::thread> others;
  for (uint32_t t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (std::thread& t : others) t.join();
}

json threads(const Bench& b) {
  json out;
  constexpr uint32_t kRounds = 5, kPasses = 6;
  const uint32_t n = b.rows.rows;
  std::vector<double> build, insert, search;
  for (uint32_t round = 0; round < kRounds; ++round) {
    double wall[3][3];  // by kind of work and number of threads
    for (uint32_t t = 1; t <= 2; ++t) {
      auto engine = b.engine(b.base());
      wall[0][t] = cost_of([&] { engine->build(n, t); }).wall_s;
      auto grown = b.engine(b.base());
      insert_all(*grown, 0, n / 10, 2);  // after this its parameters are settled and it has a graph
      wall[1][t] = cost_of([&] { insert_all(*grown, n / 10, n / 2, t); }).wall_s;
      ask_all(*engine, b.queries, 32, 1);
      wall[2][t] = cost_of([&] {
                     std::vector<std::thread> others;
                     for (uint32_t i = 1; i < t; ++i)
                       others.emplace_back([&] { ask_all(*engine, b.queries, 32, kPasses); });
                     ask_all(*engine, b.queries, 32, kPasses);
                     for (std::thread& other : others) other.join();
                   }).wall_s /
                   t;
    }
    build.push_back(wall[0][1] / wall[0][2]);
    insert.push_back(wall[1][1] / wall[1][2]);
    search.push_back(wall[2][1] / wall[2][2]);
  }
  return {{"build", median(build)},
          {"insert", median(insert)},
          {"search", median(search)},
          {"rows", n}};
}

uint64_t resident_bytes() {
  malloc_trim(0);
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("Rss:", 0) == 0) return std::stoull(line.substr(4)) * 1024;
  }
  return 0;
}

// Memory of the index that bench_ann left in DIR/indexes, loaded and searched like ours below.
double hnswlib_bytes(const Bench& b) {
  const uint64_t before = resident_bytes();
  const auto peer = make_hnswlib(b.base());
  if (!peer->load(b.dir + "/indexes")) {
    std::fprintf(stderr, "%s/indexes: no hnswlib.bin; bench_ann makes it\n", b.dir.c_str());
    std::exit(1);
  }
  std::vector<int32_t> found(kK);
  for (uint32_t q = 0; q < b.queries.rows; ++q)
    peer->search(b.queries.row(q), kK, 64, nullptr, found.data());
  return static_cast<double>(resident_bytes() - before) / b.rows.rows;
}

// The rows themselves are in the memory of this program and are not counted, because a host has
// them in files.
json memory(const Bench& b) {
  const uint32_t n = b.rows.rows;
  const double peer = hnswlib_bytes(b);
  {
    auto built = b.engine(b.base());
    built->build(n, 2);
    built->save(b.index());
  }
  const uint64_t before = resident_bytes();
  std::vector<double> open_ms, answer_ms;
  std::unique_ptr<Engine> engine;
  for (int round = 0; round < 5; ++round) {
    engine = nullptr;
    open_ms.push_back(1e3 * cost_of([&] { engine = b.engine(b.base(), b.index()); }).wall_s);
    answer_ms.push_back(
        1e3 * cost_of([&] { recall_of(*engine, b.queries, Matrix<int32_t>(1, kK), 32); }).wall_s);
  }
  ask_all(*engine, b.queries, 64, 1);
  const double bytes = static_cast<double>(resident_bytes() - before) / n;
  return {{"rows", n},
          {"bytes_per_vector", bytes},
          {"hnswlib_bytes_per_vector", peer},
          {"open_ms", median(open_ms)},
          {"first_answer_ms", median(answer_ms)},
          {"stats", json::parse(engine->stats())}};
}

Matrix<float> gathered(const Matrix<float>& from, const std::vector<uint32_t>& which) {
  Matrix<float> out(static_cast<uint32_t>(which.size()), from.columns);
  for (uint32_t i = 0; i < which.size(); ++i)
    std::copy_n(from.row(which[i]), from.columns, out.row(i));
  return out;
}

json merge_tenth(const Bench& b) {
  const uint32_t n = b.rows.rows, most = n - n / 10;
  std::vector<uint32_t> tail(n - most);
  std::iota(tail.begin(), tail.end(), most);
  const Matrix<float> last = gathered(b.rows, tail);
  const auto large = b.engine(b.base());
  large->build(most, 2);
  const Base of_last{last, b.metric};
  const auto small = b.engine(of_last);
  small->build(last.rows, 2);
  std::vector<uint32_t> identity(most);
  std::iota(identity.begin(), identity.end(), 0);
  const auto merged = b.engine(b.base()), fresh = b.engine(b.base());
  const Cost merging = cost_of([&] { merged->merge({{*large, identity}, {*small, tail}}, n, 1); });
  const Cost building = cost_of([&] { fresh->build(n, 1); });
  const auto truth = truth_of(b, b.rows, n, b.queries.rows);
  const uint32_t ef = breadth_for(*fresh, b.queries, truth);
  return {{"merge_cpu_s", merging.cpu_s},
          {"build_cpu_s", building.cpu_s},
          {"ratio", building.cpu_s / merging.cpu_s},
          {"ef", ef},
          {"recall_merged", recall_of(*merged, b.queries, truth, ef)},
          {"recall_fresh", recall_of(*fresh, b.queries, truth, ef)}};
}

// A quarter of the rows is live. Each merge removes a tenth of them and adds others, so ten merges
// replace all of them once.
json turnovers(const Bench& b) {
  constexpr uint32_t kTurnovers = 10, kParts = 10;
  const uint32_t live = b.rows.rows / 4, part = live / kParts;
  std::vector<uint32_t> ids(live);  // row of the base, by slot
  std::iota(ids.begin(), ids.end(), 0);
  uint32_t next = live;
  auto rows = std::make_unique<Matrix<float>>(gathered(b.rows, ids));
  auto engine = b.engine({*rows, b.metric});
  engine->build(live, 2);
  const Cost spent = cost_of([&] {
    for (uint32_t step = 0; step < kTurnovers * kParts; ++step) {
      std::vector<uint32_t> map(live, RHUMB_NO_SLOT), fresh_ids;
      for (uint32_t slot = part; slot < live; ++slot) {  // the oldest rows are removed
        map[slot] = static_cast<uint32_t>(fresh_ids.size());
        fresh_ids.push_back(ids[slot]);
      }
      for (uint32_t i = 0; i < part; ++i, next = (next + 1) % b.rows.rows)
        fresh_ids.push_back(next);
      auto new_rows = std::make_unique<Matrix<float>>(gathered(b.rows, fresh_ids));
      auto merged = b.engine({*new_rows, b.metric});
      merged->merge({{*engine, map}}, live, 2);
      engine = std::move(merged);
      rows = std::move(new_rows);
      ids = fresh_ids;
    }
  });
  engine->save(b.index());
  const auto fresh = b.engine({*rows, b.metric});
  fresh->build(live, 2);
  const auto truth = truth_of(b, *rows, live, b.queries.rows);
  const uint32_t ef = breadth_for(*fresh, b.queries, truth);
  std::vector<int32_t> found(kK);
  // A row that finds neither itself nor an equal row with a large ef cannot be reached.
  const auto misses = [&](const Engine& of, uint32_t ef_wide) {
    uint32_t lost = 0;
    for (uint32_t slot = 0; slot < live; ++slot) {
      of.search(rows->row(slot), 1, 1, ef_wide, nullptr, found.data());
      lost += found[0] < 0 || !std::equal(rows->row(slot), rows->row(slot) + rows->columns,
                                          rows->row(static_cast<uint32_t>(found[0])))
                  ? 1
                  : 0;
    }
    return lost;
  };
  return {{"turnovers", kTurnovers},
          {"rows", live},
          {"ef", ef},
          {"recall_after", recall_of(*engine, b.queries, truth, ef)},
          {"recall_fresh", recall_of(*fresh, b.queries, truth, ef)},
          {"unreachable", unreachable_in(b.index())},
          {"rows_not_found", misses(*engine, kWideEf)},
          {"rows_not_found_fresh", misses(*fresh, kWideEf)},
          {"wall_s", spent.wall_s}};
}

json writer(const Bench& b) {
  const uint32_t n = b.rows.rows, ef = 32;
  constexpr uint32_t kBlock = 64;
  auto engine = b.engine(b.base());
  insert_all(*engine, 0, n / 2, 2);
  constexpr double kSeconds = 1;
  uint32_t at = n / 2;
  std::vector<double> idle, busy;
  const auto rate = [&](bool writing) {
    std::atomic<bool> stop{false};
    std::thread other([&] {
      while (writing && !stop && at + kBlock <= n) {
        engine->insert(at, at + kBlock);
        at += kBlock;
      }
    });
    const double start = seconds(CLOCK_MONOTONIC);
    uint64_t asked = 0;
    while (seconds(CLOCK_MONOTONIC) < start + kSeconds) asked += ask_all(*engine, b.queries, ef, 1);
    const double took = seconds(CLOCK_MONOTONIC) - start;
    stop = true;
    other.join();
    return static_cast<double>(asked) / took;
  };
  rate(false);
  for (int round = 0; round < 5; ++round) {
    idle.push_back(rate(false));
    busy.push_back(rate(true));
  }
  return {{"idle_per_s", median(idle)},
          {"with_writer_per_s", median(busy)},
          {"ratio", median(busy) / median(idle)},
          {"inserted", at - n / 2}};
}

json curve(const Bench& b) {
  constexpr uint32_t kQueries = 300;
  json points = json::array();
  double sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
  std::vector<uint32_t> sizes;
  for (uint32_t n :
       {10'000u, 20'000u, 50'000u, 100'000u, 200'000u, 500'000u, 1'000'000u, 2'000'000u}) {
    if (n <= b.rows.rows) sizes.push_back(n);
  }
  for (const uint32_t n : sizes) {
    auto engine = b.engine(b.base());
    engine->build(n, 2);
    const auto truth = truth_of(b, b.rows, n, kQueries);
    const uint32_t ef = breadth_for(*engine, b.queries, truth);
    std::vector<double> us;
    for (int round = 0; round < 5; ++round) {
      ask_all(*engine, b.queries, ef, 1);
      const double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
      ask_all(*engine, b.queries, ef, 1);
      us.push_back((seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e6 / b.queries.rows);
    }
    const double x = std::log2(n), y = median(us);
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
    syy += y * y;
    points.push_back({{"rows", n},
                      {"ef", ef},
                      {"recall", recall_of(*engine, b.queries, truth, ef)},
                      {"cpu_us", y}});
    std::fprintf(stderr, "  %u rows: ef %u, %.1f us\n", n, ef, y);
  }
  const double m = static_cast<double>(sizes.size()),
               slope = (m * sxy - sx * sy) / (m * sxx - sx * sx);
  const double r = (m * sxy - sx * sy) / std::sqrt((m * sxx - sx * sx) * (m * syy - sy * sy));
  return {{"points", points},
          {"us_per_doubling", slope},
          {"us_at_1", (sy - slope * sx) / m},
          {"r_squared", r * r}};
}

json run(int argc, char** argv) {
  const std::string part = argv[3];
  Bench b{load_engine(argv[4]),
          argv[1],
          std::strcmp(argv[2], "cosine") == 0 ? RHUMB_COSINE : RHUMB_EUCLID,
          {},
          {}};
  b.rows = read_matrix<float>(b.dir + "/base.fbin");
  b.queries = read_matrix<float>(b.dir + "/queries.fbin");
  if (argc > 5) {
    b.rows.rows = std::min<uint32_t>(b.rows.rows, static_cast<uint32_t>(std::stoul(argv[5])));
    b.rows.values.resize(uint64_t{b.rows.rows} * b.rows.columns);
  }
  if (part == "threads") return threads(b);
  if (part == "memory") return memory(b);
  if (part == "merge") return {{"tenth", merge_tenth(b)}, {"turnover", turnovers(b)}};
  if (part == "writer") return writer(b);
  if (part == "curve") return curve(b);
  std::fprintf(stderr, "no part %s\n", part.c_str());
  std::exit(2);
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) {
  if (argc < 5)
    return std::fprintf(stderr,
                        "usage: bench_life DIR cosine|euclid threads|memory|merge|writer|curve "
                        "PLUGIN [ROWS]\n"),
           2;
  std::printf("%s\n", rhumb::bench::run(argc, argv).dump(1).c_str());
  return 0;
}
