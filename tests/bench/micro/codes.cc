// Codes of the engine `rhumb`: one query against 64 rows in random order, and encoding a row.
#include "codes/codec.h"

#include <numeric>

#include "tests/bench/micro/micro.h"
#include "tests/bench/random.h"
#include "tests/plugins/index_data.h"

namespace rhumb::bench {
namespace {

using coded::Codec;
using coded::Codes;

constexpr uint32_t kRows = 1024, kAtOnce = 64;

// A column of embeddings with its codec, and the codes of all rows in one chunk.
struct Coded {
  Coded(uint32_t dim, Codes codes, bool bits)
      : column(RHUMB_COSINE, RHUMB_F32, dim), codec(filled(codes, bits)) {
    stride = bits ? codec.bit_stride() : (codec.code_bytes() + 63) / 64 * 64;
    rows.resize(uint64_t{stride} * kRows + coded::kTablePad);
    prepared.resize(codec.width());
    for (uint32_t slot = 0; slot < kRows; ++slot) {
      codec.prepare_row(column.row(slot), prepared.data());
      char* const row = rows.data() + uint64_t{slot} * stride;
      if (bits)
        codec.encode_bits(prepared.data(), row);
      else
        codec.encode_row(prepared.data(), reinterpret_cast<uint8_t*>(row));
    }
    chunk = rows.data();
    table = {&chunk, stride, bits ? codec.bit_bytes() : codec.code_bytes(),
             codec.params().levels.data()};
    codec.prepare_query(column.row(0), prepared.data());
    query.resize(codec.query_bytes() + coded::kTablePad);
    codec.encode_query(prepared.data(), query.data());
    planes.resize(uint64_t{coded::kQueryPlanes} * codec.bit_bytes());
    if (bits) bit_query = codec.encode_bit_query(prepared.data(), planes.data());
    Random random(12);
    for (uint32_t& slot : slots) slot = static_cast<uint32_t>(random.next() % kRows);
  }
  Codec filled(Codes codes, bool bits) {
    const uint32_t dim = column.raw().dim;
    const Matrix<float> values = embeddings(dim, kRows);
    for (uint32_t i = 0; i < kRows; ++i) column.add({values.row(i), values.row(i) + dim});
    std::vector<uint32_t> all(kRows);
    std::iota(all.begin(), all.end(), 0);
    coded::CodecParams params;
    params.metric = RHUMB_COSINE;
    params.scalar = RHUMB_F32;
    params.dim = dim;
    params.seed = 1;
    params.one_bit = bits ? 1 : 0;
    params.codes = codes;
    return Codec::train(column.raw(), params, all, coded::kernels_in_use());
  }

  index_test::Column column;
  const Codec codec;
  uint32_t stride = 0;
  std::vector<char> rows, planes;
  std::vector<float> prepared;
  std::vector<uint8_t> query;
  const char* chunk = nullptr;
  coded::CodeTable table{};
  coded::BitQuery bit_query{};
  uint32_t slots[kAtOnce], out[kAtOnce];
};

}  // namespace

void add_benchmarks() {
  const coded::Kernels& kernels = coded::kernels_in_use();
  for (const uint32_t dim : {128u, 1536u}) {
    const std::string end = "/" + std::to_string(dim);
    for (const auto& [name, codes, compare] :
         {std::tuple{"codes/7bit", Codes::kWhole, kernels.squared},
          std::tuple{"codes/4bit", Codes::kNibbles, kernels.squared4}}) {
      add(name + end, [dim, codes = codes, compare = compare] {
        auto c = std::make_shared<Coded>(dim, codes, false);
        return [c, compare] {
          compare(c->query.data(), &c->table, c->slots, kAtOnce, c->out);
          benchmark::DoNotOptimize(c->out[0]);
        };
      });
    }
    add("codes/encode" + end, [dim] {
      auto c = std::make_shared<Coded>(dim, Codes::kWhole, false);
      return [c] {
        c->codec.prepare_row(c->column.row(1), c->prepared.data());
        c->codec.encode_row(c->prepared.data(), reinterpret_cast<uint8_t*>(c->rows.data()));
      };
    });
  }
  add("codes/1bit/1536", [&kernels] {
    auto c = std::make_shared<Coded>(1536, Codes::kWhole, true);
    return [c, &kernels] {
      kernels.bits(&c->bit_query, &c->table, c->slots, kAtOnce, c->out);
      benchmark::DoNotOptimize(c->out[0]);
    };
  });
}

}  // namespace rhumb::bench
