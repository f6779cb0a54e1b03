#include "host/http/gzip.h"

#include <gtest/gtest.h>

#include "tests/http/client.h"
#include "tests/http/test_handler.h"

namespace rhumb::http {
namespace {

TEST(Gzip, round_trips) {
  for (const size_t n : {0u, 1u, 100u, 70'000u, 3'000'000u}) {
    const std::string text = pattern(n);
    const std::string packed = gzip_body(text);
    EXPECT_EQ(gunzip(packed), text);
    if (n > 1000) EXPECT_LT(packed.size(), n / 2);
  }
}

TEST(Gzip, each_flushed_piece_can_be_read_at_once) {
  Gzip packer;
  Gunzip unpacker;
  std::string all;
  for (int i = 0; i < 20; ++i) {
    std::string packed = packer.pack(pattern(1000 + static_cast<size_t>(i)), false);
    std::string out;
    const auto taken = unpacker.step(packed, out, 1 << 20);
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(*taken, packed.size());
    EXPECT_EQ(out.size(), 1000u + static_cast<size_t>(i));
  }
  std::string out;
  ASSERT_TRUE(unpacker.step(packer.pack({}, true), out, 1 << 20).ok());
  EXPECT_TRUE(unpacker.finished());
}

TEST(Gunzip, unpacking_gives_at_most_the_bytes_asked_for) {
  const std::string packed = gzip_body(std::string(10'000'000, 'a'));
  EXPECT_LT(packed.size(), 100'000u);
  Gunzip unpacker;
  std::string out;
  std::string_view rest = packed;
  size_t total = 0;
  while (!unpacker.finished()) {
    out.clear();
    const auto taken = unpacker.step(rest, out, 1000);
    ASSERT_TRUE(taken.ok());
    ASSERT_LE(out.size(), 1000u);
    rest.remove_prefix(*taken);
    total += out.size();
  }
  EXPECT_EQ(total, 10'000'000u);
}

TEST(Gunzip, refuses_damage_other_formats_and_trailing_bytes) {
  std::string out;
  const auto ends_well = [&out](std::string packed) {
    Gunzip unpacker;
    out.clear();
    while (true) {
      const auto taken = unpacker.step(packed, out, 1 << 20);
      if (!taken.ok()) return false;
      packed.erase(0, *taken);
      if (packed.empty() && !unpacker.pending()) return unpacker.finished();
    }
  };
  const std::string good = gzip_body(pattern(5000));
  EXPECT_TRUE(ends_well(good));
  EXPECT_FALSE(ends_well(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(ends_well(good + "x"));
  EXPECT_FALSE(ends_well("plain text"));
  for (size_t i = 0; i < good.size(); ++i) {
    // Bytes 3 to 9 are flags, time and system, which do not affect the data.
    if (i >= 3 && i <= 9) continue;
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    // The last bits before the checksum are padding, so flipping them changes nothing.
    EXPECT_TRUE(!ends_well(bad) || out == pattern(5000)) << i;
  }
}

TEST(AcceptEncoding, the_coding_follows_the_weights_of_accept_encoding) {
  for (const char* yes : {"gzip", "deflate, gzip", "br;q=1.0, gzip;q=0.8", "*", "GZIP", "x-gzip",
                          "gzip ; q=0.001", "identity, *;q=0.5"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no :
       {"", "identity", "br", "gzip;q=0", "gzip; q=0.000, br", "*;q=0", "gzip;q=0, *", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

}  // namespace
}  // namespace rhumb::http
