// One engine at work on fixed input, for instructions.py: bench_instructions DIR cosine|euclid
// PLUGIN COMMAND. It prints one JSON object.
//   make GRAPH            builds over the base on one thread and saves to the directory GRAPH
//   ask GRAPH EF PASSES   loads GRAPH, sends all queries once, then PASSES times inside
//                         measured(); EF 0 = the engine's own ef
//   build ROWS            builds over the first ROWS rows inside measured()
//
// DIR is the output of bench_data. The program is compiled for every machine, so that valgrind,
// which does not know AVX-512, can run it.
#include <time.h>

#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/bench/ann/engine.h"

namespace rhumb::bench {
namespace {

constexpr uint32_t kK = 10;

double cpu_s() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Work {
  virtual ~Work() = default;
  virtual void run() = 0;
};

struct Asking final : Work {
  Asking(const Engine& of, const Matrix<float>& all, uint32_t breadth)
      : engine(of), queries(all), ef(breadth), found(all.rows, kK) {}
  void run() override {
    for (uint32_t pass = 0; pass < passes; ++pass) {
      for (uint32_t q = 0; q < queries.rows; ++q)
        engine.search(queries.row(q), 1, kK, ef, nullptr, found.row(q));
    }
  }
  const Engine& engine;
  const Matrix<float>& queries;
  const uint32_t ef;
  uint32_t passes = 1;
  Matrix<int32_t> found;
};

struct Building final : Work {
  Building(Engine& of, uint32_t end) : engine(of), rows(end) {}
  void run() override { engine.build(rows, 1); }
  Engine& engine;
  const uint32_t rows;
};

}  // namespace
}  // namespace rhumb::bench

// Callgrind counts the instructions inside this function: --toggle-collect=rhumb_bench_measured.
extern "C" __attribute__((noinline)) double rhumb_bench_measured(rhumb::bench::Work& work) {
  const double start = rhumb::bench::cpu_s();
  work.run();
  return rhumb::bench::cpu_s() - start;
}

namespace rhumb::bench {
namespace {

int run(int argc, char** argv) {
  const std::string dir = argv[1], command = argv[4], argument = argv[5];
  const auto rows = read_matrix<float>(dir + "/base.fbin"),
             queries = read_matrix<float>(dir + "/queries.fbin");
  const Base base{rows, static_cast<uint32_t>(std::strcmp(argv[2], "cosine") == 0 ? RHUMB_COSINE
                                                                                  : RHUMB_EUCLID)};
  const rhumb_index_ops_t* const ops = load_engine(argv[3]);
  nlohmann::json out = nlohmann::json::object();
  if (command == "make") {
    Engine engine(ops, base, "", "");
    engine.build(rows.rows, 1);
    engine.save(argument);
  } else if (command == "build") {
    const auto n = std::min(rows.rows, static_cast<uint32_t>(std::stoul(argument)));
    Engine engine(ops, base, "", "");
    Building building(engine, n);
    out = {{"items", n}, {"us", rhumb_bench_measured(building) * 1e6 / n}};
  } else if (command == "ask" && argc == 8) {
    const Engine engine(ops, base, "", argument);
    Asking asking(engine, queries, static_cast<uint32_t>(std::stoul(argv[6])));
    asking.run();
    asking.passes = static_cast<uint32_t>(std::stoul(argv[7]));
    const double items = double{1} * asking.passes * queries.rows,
                 us = rhumb_bench_measured(asking) * 1e6 / items;
    const auto truth = read_matrix<int32_t>(dir + "/truth100.ibin");
    double sum = 0;
    for (uint32_t q = 0; q < queries.rows; ++q)
      sum += recall(truth.row(q), asking.found.row(q), kK, kK);
    out = {{"items", items}, {"us", us}, {"recall", sum / queries.rows}};
  } else {
    return 2;
  }
  std::printf("%s\n", out.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) {
  const int rc = argc >= 6 ? rhumb::bench::run(argc, argv) : 2;
  if (rc == 2)
    std::fprintf(stderr,
                 "usage: bench_instructions DIR cosine|euclid PLUGIN make GRAPH | ask GRAPH EF "
                 "PASSES | build ROWS\n");
  return rc;
}
