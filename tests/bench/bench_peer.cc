// The peer hnswlib, m=16 ef_construct=200, in this process. It prints one JSON object.
//   bench_peer build DIR cosine|euclid THREADS
//     Builds from DIR/base.fbin and saves DIR/hnswlib.bin.
//   bench_peer search DIR cosine|euclid RECALL [EF]
//     Searches with k=10 over DIR/queries.fbin on one thread. Without EF it uses the smallest one
//     that reaches RECALL.
#include <hnswlib/hnswlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/bench/data_set.h"

namespace rhumb::bench {
namespace {

using nlohmann::json;
constexpr uint32_t kK = 10;

double cpu_s(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double resident_mb() {
  std::ifstream in("/proc/self/statm");
  double total = 0, resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

std::unique_ptr<hnswlib::SpaceInterface<float>> space_of(const std::string& metric, size_t dim) {
  // Rows are normalised.
  if (metric == "cosine") return std::make_unique<hnswlib::InnerProductSpace>(dim);
  return std::make_unique<hnswlib::L2Space>(dim);
}

json build(const std::string& dir, const std::string& metric, uint32_t threads) {
  const auto base = read_matrix<float>(dir + "/base.fbin");
  const auto space = space_of(metric, base.columns);
  const double before_mb = resident_mb(), cpu = cpu_s(CLOCK_PROCESS_CPUTIME_ID),
               wall = cpu_s(CLOCK_MONOTONIC);
  hnswlib::HierarchicalNSW<float> index(space.get(), base.rows, 16, 200, 42);
  index.addPoint(base.row(0), 0);
  std::atomic<uint32_t> next{1};
  std::vector<std::thread> pool;
  for (uint32_t t = 0; t < threads; ++t) {
    pool.emplace_back([&] {
      for (uint32_t i; (i = next++) < base.rows;) index.addPoint(base.row(i), i);
    });
  }
  for (std::thread& t : pool) t.join();
  const double wall_s = cpu_s(CLOCK_MONOTONIC) - wall,
               cpu_used_s = cpu_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  const double grown_mb = resident_mb() - before_mb;
  index.saveIndex(dir + "/hnswlib.bin");
  // On a machine with other work the wall time says little. The CPU time over the threads is what
  // two idle cores would take.
  return {{"threads", threads},
          {"wall_s", wall_s},
          {"cpu_s", cpu_used_s},
          {"points_per_s", base.rows * threads / cpu_used_s},
          {"resident_mb", grown_mb}};
}

struct Pass {
  double recall = 0, cpu_us = 0, p99_us = 0;
};

Pass pass(hnswlib::HierarchicalNSW<float>& index, const Matrix<float>& queries,
          const Matrix<int32_t>& truth, size_t ef) {
  index.setEf(std::max<size_t>(ef, kK));
  std::vector<double> wall_us;
  Pass result;
  const double cpu = cpu_s(CLOCK_THREAD_CPUTIME_ID);
  std::vector<std::vector<int32_t>> answers;
  for (uint32_t q = 0; q < queries.rows; ++q) {
    const auto start = std::chrono::steady_clock::now();
    auto found = index.searchKnn(queries.row(q), kK);
    wall_us.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
            .count());
    answers.emplace_back();
    for (; !found.empty(); found.pop())
      answers.back().push_back(static_cast<int32_t>(found.top().second));
  }
  result.cpu_us = (cpu_s(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e6 / queries.rows;
  for (uint32_t q = 0; q < queries.rows; ++q) {
    result.recall +=
        recall(truth.row(q), answers[q].data(), static_cast<uint32_t>(answers[q].size()), kK) /
        queries.rows;
  }
  std::sort(wall_us.begin(), wall_us.end());
  result.p99_us = wall_us[wall_us.size() * 99 / 100];
  return result;
}

json search(const std::string& dir, const std::string& metric, double target, size_t ef) {
  const auto queries = read_matrix<float>(dir + "/queries.fbin");
  const auto truth = read_matrix<int32_t>(dir + "/truth100.ibin");
  const auto space = space_of(metric, queries.columns);
  hnswlib::HierarchicalNSW<float> index(space.get(), dir + "/hnswlib.bin");
  if (ef == 0) {
    size_t low = kK, high = 1024;  // finds the smallest ef that reaches the target
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (pass(index, queries, truth, middle).recall >= target)
        high = middle;
      else
        low = middle + 1;
    }
    ef = low;
  }
  pass(index, queries, truth, ef);  // warms the caches
  const Pass timed = pass(index, queries, truth, ef);
  return {{"ef", ef}, {"recall", timed.recall}, {"cpu_us", timed.cpu_us}, {"p99_us", timed.p99_us}};
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) {
  using namespace rhumb::bench;
  const std::string what = argc > 4 ? argv[1] : "";
  if (what == "build")
    std::printf("%s\n",
                build(argv[2], argv[3], static_cast<uint32_t>(std::stoul(argv[4]))).dump().c_str());
  else if (what == "search")
    std::printf("%s\n",
                search(argv[2], argv[3], std::stod(argv[4]), argc > 5 ? std::stoul(argv[5]) : 0)
                    .dump()
                    .c_str());
  else
    return std::fprintf(
               stderr,
               "usage: bench_peer build DIR METRIC THREADS | search DIR METRIC RECALL [EF]\n"),
           2;
  return 0;
}
