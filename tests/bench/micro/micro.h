// What the micro benchmarks share. Each program has one subject and defines add_benchmarks().
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/data_set.h"

namespace rhumb::bench {

// Calls add() for each benchmark of the program.
void add_benchmarks();

// compare.py counts the instructions inside this function.
template <typename Work>
[[gnu::noinline]] void rhumb_bench_measured(benchmark::State& state, Work& work) {
  for (auto _ : state) work();
}

// Runs a fixed number of iterations if the environment names one (RHUMB_BENCH_ITERATIONS).
benchmark::internal::Benchmark* fixed(benchmark::internal::Benchmark* added);

// Adds a benchmark. make() prepares the data and returns the work of one iteration. It is called
// once, and not at all if the benchmark is filtered out.
template <typename Make>
benchmark::internal::Benchmark* add(const std::string& name, Make make) {
  using Work = decltype(make());
  auto prepared = std::make_shared<std::unique_ptr<Work>>();
  return fixed(benchmark::RegisterBenchmark(
      name.c_str(), [make = std::move(make), prepared](benchmark::State& state) {
        if (*prepared == nullptr) *prepared = std::make_unique<Work>(make());
        rhumb_bench_measured(state, **prepared);
      }));
}

// Returns rows of the set kE1536 with another dimension. Their components are scaled to a variance
// near 1, so that they fill the range of small types.
Matrix<float> embeddings(uint32_t dim, uint32_t rows);

// A directory in memory, so that code is measured and no disk. It is removed with the object.
class MemoryDir {
 public:
  MemoryDir();
  ~MemoryDir();
  MemoryDir(const MemoryDir&) = delete;
  MemoryDir& operator=(const MemoryDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Ends the program with a message if `ok` is false.
void require(bool ok, const std::string& message);

}  // namespace rhumb::bench
