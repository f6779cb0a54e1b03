// Every form of every kernel is compared with the plainest computation of the same result.
#include "plugins/index_rhumb/codes/kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "plugins/index_rhumb/codes/chunked_array.h"
#include "plugins/index_rhumb/codes/codec.h"
#include "rhumb/cpp/guard.h"
#include "tests/plugins/index_data.h"

namespace rhumb::coded {
namespace {

std::vector<const Kernels*> forms() {
  std::vector<const Kernels*> all;
  for (uint32_t i = 0; const Kernels* kernels = kernels_available(i); ++i) all.push_back(kernels);
  return all;
}

class KernelForm : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels* const kernels = GetParam();
  std::mt19937_64 random{71};
};

struct Rows {
  Rows(uint32_t rows, uint32_t bytes, uint32_t stride)
      : array(stride), table{array.chunks(), stride, bytes} {
    array.reserve(rows);
  }
  ChunkedArray array;
  CodeTable table;
};

TEST_P(KernelForm, distances_of_codes_are_those_of_a_plain_loop) {
  for (const uint32_t bytes : {64u, 128u, 192u, 384u, 1536u}) {
    Rows rows(100, bytes, bytes);
    std::vector<uint8_t> query(bytes);
    for (uint8_t& q : query) q = static_cast<uint8_t>(random() % 128);
    for (uint32_t r = 0; r < 100; ++r) {
      for (uint32_t i = 0; i < bytes; ++i)
        rows.array.at(r)[i] = static_cast<char>(r == 0 ? 0 : r == 1 ? 127 : random() % 128);
    }
    // The largest differences.
    std::fill(query.begin(), query.begin() + bytes / 2, static_cast<uint8_t>(127));
    for (uint32_t n = 0; n < 40; ++n) {
      std::vector<uint32_t> ids(n), squared(n + 1, 7), absolute(n + 1, 7);
      for (uint32_t i = 0; i < n; ++i) ids[i] = static_cast<uint32_t>(random() % 100);
      kernels->squared(query.data(), &rows.table, ids.data(), n, squared.data());
      kernels->absolute(query.data(), &rows.table, ids.data(), n, absolute.data());
      for (uint32_t i = 0; i < n; ++i) {
        uint32_t square = 0, sum = 0;
        for (uint32_t b = 0; b < bytes; ++b) {
          const int d = int{query[b]} - int{rows.array.at(ids[i])[b]};
          square += static_cast<uint32_t>(d * d);
          sum += static_cast<uint32_t>(std::abs(d));
        }
        ASSERT_EQ(squared[i], square) << bytes << " bytes, " << n << " rows";
        ASSERT_EQ(absolute[i], sum) << bytes << " bytes, " << n << " rows";
      }
      EXPECT_EQ(squared[n], 7u) << "written after the end of the answers";
      EXPECT_EQ(absolute[n], 7u);
    }
  }
}

// Components of rows are levels. The result must be that of the unpacked row.
TEST_P(KernelForm, distances_of_four_bit_codes_are_those_of_a_plain_loop) {
  for (const uint32_t width : {64u, 128u, 192u, 384u, 1536u}) {
    Rows rows(100, width / 2, width / 2);
    Levels levels;
    for (uint8_t& level : levels) level = static_cast<uint8_t>(random() % 128);
    std::sort(levels.begin(), levels.end());
    levels.front() = 0, levels.back() = 127;
    rows.table.levels = levels.data();
    std::vector<uint8_t> query(width);
    for (uint8_t& q : query) q = static_cast<uint8_t>(random() % 128);
    // The largest differences.
    std::fill(query.begin(), query.begin() + width / 2, static_cast<uint8_t>(127));
    std::vector<std::vector<uint8_t>> plain(100, std::vector<uint8_t>(width));
    for (uint32_t r = 0; r < 100; ++r) {
      for (uint32_t i = 0; i < width / 2; ++i)
        rows.array.at(r)[i] = static_cast<char>(r == 0 ? 0 : r == 1 ? 0xFF : random());
      unpack(reinterpret_cast<const uint8_t*>(rows.array.at(r)), width, levels, plain[r].data());
    }
    for (uint32_t n = 0; n < 20; ++n) {
      std::vector<uint32_t> ids(n), squared(n + 1, 7), absolute(n + 1, 7);
      for (uint32_t i = 0; i < n; ++i) ids[i] = i < 2 ? i : static_cast<uint32_t>(random() % 100);
      kernels->squared4(query.data(), &rows.table, ids.data(), n, squared.data());
      kernels->absolute4(query.data(), &rows.table, ids.data(), n, absolute.data());
      for (uint32_t i = 0; i < n; ++i) {
        uint32_t square = 0, sum = 0;
        for (uint32_t d = 0; d < width; ++d) {
          const int apart = int{query[d]} - int{plain[ids[i]][d]};
          square += static_cast<uint32_t>(apart * apart);
          sum += static_cast<uint32_t>(std::abs(apart));
        }
        ASSERT_EQ(squared[i], square) << width << " components, " << n << " rows";
        ASSERT_EQ(absolute[i], sum) << width << " components, " << n << " rows";
      }
      EXPECT_EQ(squared[n], 7u) << "written after the end of the answers";
      EXPECT_EQ(absolute[n], 7u);
    }
  }
}

// A run's distances to its centroids, and rows that select some of them.
TEST_P(KernelForm, distances_of_product_codes_are_those_of_a_plain_loop) {
  for (const auto [width, sub] : {std::pair{64u, 1u},
                                  {64u, 2u},
                                  {192u, 4u},
                                  {384u, 4u},
                                  {384u, 8u},
                                  {320u, 16u},
                                  {64u, 16u}}) {
    const uint32_t bytes = width / sub;
    std::vector<uint8_t> book(kCentroids * width), code(width);
    for (uint8_t& c : book) c = static_cast<uint8_t>(random() % 128);
    for (uint8_t& c : code) c = static_cast<uint8_t>(random() % 128);
    std::fill(code.begin(), code.begin() + sub, static_cast<uint8_t>(127));
    // The largest possible distance.
    for (uint32_t d = 0; d < sub; ++d) book[book_offset(0, d, sub)] = 0;
    std::vector<uint16_t> squares(bytes * kCentroids + kTablePad / 2, 7), sums = squares;
    kernels->squared_to(code.data(), book.data(), width, sub, squares.data());
    kernels->absolute_to(code.data(), book.data(), width, sub, sums.data());
    for (uint32_t run = 0; run < bytes; ++run) {
      for (uint32_t c = 0; c < kCentroids; ++c) {
        uint32_t square = 0, sum = 0;
        for (uint32_t d = 0; d < sub; ++d) {
          const int apart =
              int{code[run * sub + d]} - int{book[run * sub * kCentroids + book_offset(c, d, sub)]};
          square += static_cast<uint32_t>(apart * apart);
          sum += static_cast<uint32_t>(std::abs(apart));
        }
        ASSERT_EQ(squares[run * kCentroids + c], std::min(square, 65535u))
            << "runs of " << sub << ", run " << run << ", centroid " << c;
        ASSERT_EQ(sums[run * kCentroids + c], sum);
      }
    }
    EXPECT_EQ(squares[bytes * kCentroids], 7u) << "written after the end of the table";
    EXPECT_EQ(sums[bytes * kCentroids], 7u);
    // These bytes may be read but must not count.
    for (size_t i = bytes * kCentroids; i < squares.size(); ++i) squares[i] = 0xFFFF;
    Rows rows(50, bytes, bytes);
    for (uint32_t r = 0; r < 50; ++r) {
      for (uint32_t i = 0; i < bytes; ++i)
        rows.array.at(r)[i] = static_cast<char>(r == 0 ? 0 : r == 1 ? 0xFF : random());
    }
    for (uint32_t n = 0; n < 12; ++n) {
      std::vector<uint32_t> ids(n), found(n + 1, 7);
      for (uint32_t i = 0; i < n; ++i) ids[i] = i < 2 ? i : static_cast<uint32_t>(random() % 50);
      kernels->looked_up(squares.data(), &rows.table, ids.data(), n, found.data());
      for (uint32_t i = 0; i < n; ++i) {
        uint32_t sum = 0;
        for (uint32_t run = 0; run < bytes; ++run)
          sum += squares[run * kCentroids + static_cast<uint8_t>(rows.array.at(ids[i])[run])];
        ASSERT_EQ(found[i], sum) << width << " components in runs of " << sub << ", " << n
                                 << " rows";
      }
      EXPECT_EQ(found[n], 7u) << "written after the end of the answers";
    }
  }
}

TEST_P(KernelForm, differing_bits_are_those_of_a_plain_loop) {
  for (const uint32_t bytes : {64u, 128u, 192u, 1024u, 8192u}) {
    Rows rows(50, bytes, bytes);
    std::vector<char> query(bytes, static_cast<char>(0xFF));
    for (uint32_t r = 0; r < 50; ++r) {
      for (uint32_t i = 0; i < bytes; ++i)
        rows.array.at(r)[i] = static_cast<char>(r == 0 ? 0 : r == 1 ? 0xFF : random());
    }
    for (uint32_t n = 0; n < 20; ++n) {
      std::vector<uint32_t> ids(n), found(n + 1, 7);
      for (uint32_t i = 0; i < n; ++i) ids[i] = i < 2 ? i : static_cast<uint32_t>(random() % 50);
      kernels->differing(query.data(), &rows.table, ids.data(), n, found.data());
      for (uint32_t i = 0; i < n; ++i) {
        uint32_t differing = 0;
        for (uint32_t b = 0; b < 8 * bytes; ++b)
          differing += ((query[b / 8] ^ rows.array.at(ids[i])[b / 8]) >> (b % 8) & 1) != 0 ? 1 : 0;
        ASSERT_EQ(found[i], differing) << bytes << " bytes, " << n << " rows";
      }
      EXPECT_EQ(found[n], 7u) << "written after the end of the answers";
      for (char& q : query) q = static_cast<char>(random());
    }
  }
}

TEST_P(KernelForm, unvisited_links_are_those_of_a_plain_loop) {
  for (int round = 0; round < 2000; ++round) {
    alignas(64) uint32_t row[48];
    const uint32_t n = 16u * (1 + static_cast<uint32_t>(random() % 3)),
                   bound = 1 + static_cast<uint32_t>(random() % 400);
    const uint32_t flip = random() % 2 == 0 ? 0 : ~0u,
                   filled = static_cast<uint32_t>(random() % (n + 1));
    // With repeated links.
    for (uint32_t i = 0; i < n; ++i)
      row[i] = (i < filled ? static_cast<uint32_t>(random() % 400) : kNoLink) ^ flip;
    std::vector<uint32_t> visited(400 / 32 + 1), out(n + 17, 9);
    for (uint32_t& word : visited) word = static_cast<uint32_t>(random() & random());
    std::vector<uint32_t> expected, bits = visited;
    for (uint32_t i = 0; i < n; ++i) {
      const uint32_t id = row[i] ^ flip;
      if (id >= bound || (bits[id / 32] >> (id % 32) & 1) != 0) continue;
      bits[id / 32] |= 1u << (id % 32);
      expected.push_back(id);
    }
    const uint32_t kept = kernels->unvisited(row, n, flip, bound, visited.data(), out.data());
    ASSERT_EQ(std::vector<uint32_t>(out.begin(), out.begin() + kept), expected);
    ASSERT_EQ(visited, bits);
    ASSERT_EQ(out[n + 16], 9u) << "written after the end of the room";
  }
}

TEST_P(KernelForm, estimates_by_one_bit_are_close) {
  for (const uint32_t dim : {512u, 768u, 1536u}) {
    index_test::Column column(RHUMB_EUCLID, RHUMB_F32, dim);
    index_test::Generator generator(dim, 72);
    column.fill(generator, 300);
    std::vector<uint32_t> slots(300);
    for (uint32_t i = 0; i < 300; ++i) slots[i] = i;
    const Codec codec =
        Codec::train(column.raw(), {RHUMB_EUCLID, RHUMB_F32, dim, 1, 1, 0, 0}, slots, *kernels);
    Rows rows(300, codec.bit_bytes(), codec.bit_stride());
    std::vector<float> prepared(codec.width()), query(codec.width());
    std::vector<std::vector<float>> all;
    for (uint32_t i = 0; i < 300; ++i) {
      codec.prepare_row(column.row(i), prepared.data());
      codec.encode_bits(prepared.data(), rows.array.at(i));
      all.push_back(prepared);
    }
    const std::string asked = column.query(generator.next());
    codec.prepare_query(asked.data(), query.data());
    std::vector<char> planes(kQueryPlanes * codec.bit_bytes());
    const BitQuery bit_query = codec.encode_bit_query(query.data(), planes.data());
    std::vector<uint32_t> keys(300), plain(300);
    kernels->bits(&bit_query, &rows.table, slots.data(), 300, keys.data());
    kPortableKernels.bits(&bit_query, &rows.table, slots.data(), 300, plain.data());
    double error = 0, scale = 0;
    for (uint32_t i = 0; i < 300; ++i) {
      double distance = 0;
      for (uint32_t d = 0; d < codec.width(); ++d)
        distance += (query[d] - all[i][d]) * (query[d] - all[i][d]);
      error += std::abs(distance - std::bit_cast<float>(keys[i]));
      scale += distance;
      EXPECT_NEAR(std::bit_cast<float>(keys[i]), std::bit_cast<float>(plain[i]), 1e-3 * distance);
    }
    // The bound of RaBitQ is O(1 / sqrt dim).
    EXPECT_LT(error / scale, 4.0 / std::sqrt(dim)) << "dim " << dim;
  }
}

TEST_P(KernelForm, planes_and_signs_stand_for_the_vector) {
  for (const uint32_t n : {512u, 576u, 1536u}) {
    const uint32_t bytes = (n / 8 + 63) / 64 * 64;
    std::vector<float> x(n);
    for (float& v : x) v = std::normal_distribution<float>()(random);
    std::vector<char> planes(kQueryPlanes * bytes), signs(n / 8);
    BitQuery query;
    BitTail tail;
    kernels->planes(x.data(), n, bytes, planes.data(), &query);
    kernels->signs(x.data(), n, signs.data(), &tail);
    double square = 0, absolute = 0, sum = 0;
    uint32_t ones = 0;
    for (uint32_t i = 0; i < n; ++i) {
      uint32_t level = 0;
      for (uint32_t p = 0; p < kQueryPlanes; ++p)
        level |= static_cast<uint32_t>(planes[p * bytes + i / 8] >> (i % 8) & 1) << p;
      ASSERT_NEAR(query.low + query.step * static_cast<float>(level), x[i], query.step * 0.51) << i;
      ASSERT_EQ((signs[i / 8] >> (i % 8) & 1) != 0, x[i] > 0) << i;
      ones += x[i] > 0 ? 1 : 0;
      square += double{x[i]} * x[i];
      absolute += std::abs(x[i]);
      sum += query.low + query.step * static_cast<float>(level);
    }
    EXPECT_NEAR(query.square, square, 1e-3 * square);
    EXPECT_NEAR(query.sum, sum, 1e-2);
    EXPECT_NEAR(tail.square, square, 1e-3 * square);
    EXPECT_NEAR(tail.scale, 2 * square / absolute, 1e-3);
    EXPECT_EQ(tail.ones, static_cast<float>(ones));
  }
}

TEST_P(KernelForm, transforms_keep_lengths) {
  for (const auto [n, block] :
       {std::pair{64u, 64u}, {128u, 128u}, {384u, 128u}, {1536u, 512u}, {320u, 64u}}) {
    std::vector<float> x(n), plain, signs(n);
    for (float& v : x) v = std::normal_distribution<float>()(random);
    for (float& s : signs) s = random() % 2 == 0 ? 1.0f : -1.0f;
    plain = x;
    double before = 0, after = 0;
    for (const float v : x) before += double{v} * v;
    kernels->flip(x.data(), signs.data(), n, 1);
    kernels->hadamard(x.data(), n, block);
    kPortableKernels.flip(plain.data(), signs.data(), n, 1);
    kPortableKernels.hadamard(plain.data(), n, block);
    for (const float v : x) after += double{v} * v / block;
    EXPECT_NEAR(after / before, 1.0, 1e-5);
    for (uint32_t i = 0; i < n; ++i) ASSERT_NEAR(x[i], plain[i], 1e-3) << i;
  }
}

TEST_P(KernelForm, components_are_quantised) {
  std::vector<float> x{0,
                       1,
                       -1,
                       0.4f,
                       0.6f,
                       63,
                       -64,
                       64,
                       1e30f,
                       -1e30f,
                       std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity(),
                       std::numeric_limits<float>::quiet_NaN()};
  x.resize(64);
  std::vector<uint8_t> codes(64);
  kernels->quantise(x.data(), 64, 1.0f, codes.data());
  const uint8_t expected[] = {64, 65, 63, 64, 65, 127, 0, 127, 127, 0, 127, 0, 0};
  for (size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(codes[i], expected[i]) << x[i];
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelForm, ::testing::ValuesIn(forms()), [](const auto& info) {
  std::string name = info.param->name;
  std::replace(name.begin(), name.end(), '+', '_');
  return name;
});

// The form in use goes with the SDK's form, and is the best of those that do.
TEST(Forms, the_form_in_use_is_that_of_the_sdks_kernels) {
  for (uint32_t i = 0; const char* name = rhumb_kernels_available(i); ++i) {
    ASSERT_EQ(rhumb_kernels_select(name), RHUMB_OK);
    const std::string used = kernels_in_use().name;
    EXPECT_EQ(used.substr(0, used.find('+')), name);
  }
  ASSERT_EQ(rhumb_kernels_select(nullptr), RHUMB_OK);
  EXPECT_EQ(&kernels_in_use(), kernels_available(0));
}

TEST(ChunkedArray, a_chunked_array_grows_without_moving_and_starts_at_zero) {
  ChunkedArray array(64);
  array.reserve(10);
  char* const first = array.at(5);
  first[0] = 1;
  array.reserve((uint64_t{2} << kChunkShift) + 5);  // three chunks
  EXPECT_GE(array.capacity(), (uint64_t{2} << kChunkShift) + 5);
  EXPECT_EQ(array.at(5), first);
  EXPECT_EQ(first[0], 1);
  const uint32_t far = (2u << kChunkShift) + 4;
  EXPECT_EQ(array.at(far)[63], 0);
  array.at(far)[63] = 2;
  EXPECT_EQ(reinterpret_cast<uint64_t>(array.at(1)) % 64, 0u);
  EXPECT_THROW(array.reserve(kSlotsMax + 1), Error);
  array.clear();
  EXPECT_EQ(array.at(far)[63], 0);
}

}  // namespace
}  // namespace rhumb::coded
