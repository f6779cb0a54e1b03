#include "tests/bench/micro/micro.h"

#include <stdlib.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

namespace rhumb::bench {

benchmark::internal::Benchmark* fixed(benchmark::internal::Benchmark* added) {
  const char* const iterations = ::getenv("RHUMB_BENCH_ITERATIONS");
  return iterations == nullptr ? added : added->Iterations(std::atoll(iterations));
}

Matrix<float> embeddings(uint32_t dim, uint32_t rows) {
  Recipe recipe = kE1536;
  recipe.dim = dim;
  Matrix<float> out = generate(recipe, rows, 0, 7).base;
  for (float& x : out.values) x *= std::sqrt(static_cast<float>(dim));
  return out;
}

MemoryDir::MemoryDir() : path_("/dev/shm/rhumb-bench-XXXXXX") {
  require(::mkdtemp(path_.data()) != nullptr, "cannot make a directory in /dev/shm");
}
MemoryDir::~MemoryDir() { std::filesystem::remove_all(path_); }

void require(bool ok, const std::string& message) {
  if (ok) return;
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

}  // namespace rhumb::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  rhumb::bench::add_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
