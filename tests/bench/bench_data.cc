// Makes data sets for the benchmarks:
//   bench_data c128|e1536 POINTS QUERIES SEED DIR [unfiltered]   a generated set
//   bench_data f16 BASE.f16 QUERIES.f16 DIM DIR [unfiltered]     a real set of float16 rows, cosine
//
// Writes base.fbin, queries.fbin and truth<percent>.ibin, the exact neighbours among the points
// that a filter of that many per cent keeps.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "rhumb/kernels.h"
#include "tests/bench/data_set.h"

namespace rhumb::bench {
namespace {

Matrix<float> read_f16(const std::string& path, uint32_t dim) {
  const uint64_t bytes = std::filesystem::file_size(path);
  std::vector<uint16_t> raw(bytes / 2);
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(raw.data()), static_cast<std::streamsize>(bytes));
  Matrix<float> m(static_cast<uint32_t>(raw.size() / dim), dim);
  rhumb_f16_to_f32(raw.data(), m.values.data(), m.values.size());
  for (uint32_t i = 0; i < m.rows; ++i) rhumb_normalise_f32(m.row(i), dim);
  return m;
}

int run(int argc, char** argv) {
  const bool unfiltered = argc == 7 && std::strcmp(argv[6], "unfiltered") == 0;
  if (argc != 6 && !unfiltered) {
    std::fprintf(stderr,
                 "usage: bench_data c128|e1536 POINTS QUERIES SEED DIR [unfiltered] | f16 BASE "
                 "QUERIES DIM DIR [unfiltered]\n");
    return 2;
  }
  const std::string kind = argv[1], dir = argv[5];
  DataSet set;
  if (kind == "f16") {
    const auto dim = static_cast<uint32_t>(std::atoi(argv[4]));
    set = {true, read_f16(argv[2], dim), read_f16(argv[3], dim)};
  } else {
    set = generate(kind == "c128" ? kC128 : kE1536, static_cast<uint32_t>(std::atoi(argv[2])),
                   static_cast<uint32_t>(std::atoi(argv[3])),
                   static_cast<uint64_t>(std::atoll(argv[4])));
  }
  std::filesystem::create_directories(dir);
  for (uint32_t percent : {100u, 50u, 10u, 1u}) {
    if (percent == 100 || !unfiltered)
      write_matrix(dir + "/truth" + std::to_string(percent) + ".ibin",
                   exact_neighbours(set, 10, percent));
  }
  write_matrix(dir + "/queries.fbin", set.queries);
  write_matrix(dir + "/base.fbin", set.base);
  return 0;
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) { return rhumb::bench::run(argc, argv); }
