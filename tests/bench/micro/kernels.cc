// Distances: one query against 64 rows in random order, as a walk through a graph asks for them.
#include "rhumb/kernels.h"

#include "tests/bench/micro/micro.h"
#include "tests/bench/random.h"
#include "tests/plugins/index_data.h"

namespace rhumb::bench {
namespace {

constexpr uint32_t kRows = 1024, kAtOnce = 64;

struct Type {
  const char* name;
  uint32_t scalar;
};
struct Metric {
  const char* name;
  uint32_t metric;
  std::vector<Type> types;
};
const std::vector<Type> kNumbers = {
    {"f32", RHUMB_F32}, {"f16", RHUMB_F16}, {"u8", RHUMB_U8}, {"code8", RHUMB_CODE8}};
const std::vector<Metric> kMetrics = {{"cosine", RHUMB_COSINE, kNumbers},
                                      {"dot", RHUMB_DOT, kNumbers},
                                      {"euclid", RHUMB_EUCLID, kNumbers},
                                      {"manhattan", RHUMB_MANHATTAN, kNumbers},
                                      {"hamming", RHUMB_HAMMING, {{"bit", RHUMB_BIT}}}};

std::string stored(const float* row, uint32_t dim, uint32_t metric, uint32_t scalar) {
  const std::vector<float> v(row, row + dim);
  if (scalar != RHUMB_CODE8) return index_test::encoded(v, scalar, metric);
  const std::string whole = index_test::encoded(v, RHUMB_F32, metric);
  std::string out(rhumb_vector_bytes(RHUMB_CODE8, dim), '\0');
  require(rhumb_code_encode(whole.data(), RHUMB_F32, dim, out.data()) == RHUMB_OK, "no code");
  return out;
}

// A column in one chunk, and the first row as a query.
struct Rows {
  Rows(const Matrix<float>& values, uint32_t metric, uint32_t scalar) {
    for (uint32_t i = 0; i < values.rows; ++i)
      bytes += stored(values.row(i), values.columns, metric, scalar);
    chunk = bytes.data();
    column = {sizeof column,  scalar,
              values.columns, 20,
              values.rows,    rhumb_vector_bytes(scalar, values.columns),
              &chunk,         nullptr};
    Random random(11);
    for (uint32_t& slot : slots) slot = static_cast<uint32_t>(random.next() % values.rows);
  }
  std::string bytes;
  const void* chunk = nullptr;
  rhumb_vectors_t column{};
  uint32_t slots[kAtOnce];
  float out[kAtOnce];
};

}  // namespace

void add_benchmarks() {
  for (const Metric& metric : kMetrics) {
    for (const Type& type : metric.types) {
      for (const uint32_t dim : {128u, 1536u}) {
        const auto name = std::string(metric.name) + "/" + type.name + "/" + std::to_string(dim);
        add("distances/" + name, [dim, metric = metric.metric, scalar = type.scalar] {
          auto rows = std::make_shared<Rows>(embeddings(dim, kRows), metric, scalar);
          const rhumb_kernel_t* const kernel = rhumb_kernel_for(metric, scalar);
          return [rows, kernel] {
            kernel->slots(rows->bytes.data(), &rows->column, rows->slots, kAtOnce, rows->out);
            benchmark::DoNotOptimize(rows->out[0]);
          };
        });
      }
    }
  }
}

}  // namespace rhumb::bench
